"""The suites that are found by name, each with what of its corpus it touches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import PhasegateError, UnknownNameError
from engine.evaluation.suite_folders import find_named_folder, list_home_folders, list_shipped_suites, list_suites
from engine.suite_building.checking import check_suite
from engine.written_paths import find_written_path


def find_suite(name_or_path: str) -> Path:
    """The folder of a suite by name, or of a suite anywhere; its cases may be broken or missing.

    Raises:
        UnknownNameError: neither.
    """
    named = find_named_folder(name_or_path)
    if named is not None:
        return named
    path = find_written_path(name_or_path)
    if path is not None and (path / "suite.yaml").is_file():
        return path.resolve()
    raise UnknownNameError("suite", name_or_path, list_suites(), "Give one of these names or a suite's folder.")


def list_rows() -> list[dict[str, Any]]:
    """Each suite's name, title, cases, hash, coverage, and the error of a broken one; shipped ones first."""
    shipped = [(find_named_folder(name), "shipped") for name in list_shipped_suites()]
    return [
        _row(folder, origin) for folder, origin in [*shipped, *((f, "home") for f in list_home_folders())] if folder
    ]


def _row(folder: Path, origin: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "suite": folder.name,
        "path": str(folder),
        "origin": origin,
        "title": "",
        "cases": 0,
        "hash": "",
        "coverage": None,
    }
    try:
        checked = check_suite(folder)
    except PhasegateError as error:
        return row | {"error": error.message}
    first = next((p.words for p in checked.problems if not p.warning), "")
    return row | {
        "suite": checked.suite.name,
        "title": checked.suite.title,
        "cases": checked.suite.text.size,
        "hash": checked.suite.text.hash,
        "coverage": checked.coverage.as_json(),
        "error": f"{checked.broken} problems; {first}" if checked.broken > 1 else first,
    }
