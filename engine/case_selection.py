"""Cases of a run saved as a suite of their own: what failed today is tomorrow's regression suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.corpora import shipped_corpora
from engine.errors import FileFormatError, InputError, PhasegateError
from engine.evaluation.suites import Suite, hash_suite_files, load_suite
from engine.store import CorpusStore, RunStore, Store
from engine.suite_building.files import create_from_text, render_header
from engine.suite_building.texts import SuiteText, read_text, render_case


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCases:
    """A suite that was made of a run's cases. ``source`` says where its cases are from: suite, or run."""

    name: str
    folder: Path
    cases: int
    source: str


def save_cases(store: Store, run_id: str, case_ids: Sequence[str], name: str, who: str, title: str = "") -> SavedCases:
    """A new suite of the home folder: these cases, with the corpus, settings and pass rules of the run's suite.

    The cases are the lines of the suite while its files are those that the run read; else they are made of what the
    run itself kept as expected, so that they are what was asked then.

    Raises:
        UnknownNameError: no such run.
        InputError: no cases, a name that is taken or cannot be one, or a case that the run does not hold whole;
            nothing was written.
    """
    with RunStore(store) as runs:
        run = runs.load_run(run_id)
    wanted = list(dict.fromkeys(case_ids))
    if not wanted:
        raise InputError(
            f"No case of the run {run_id} was chosen, so there is nothing to save.", "Choose another filter, or rows."
        )
    suite = _unchanged_suite(run)
    if suite is not None:
        lines = _lines_of_suite(suite, set(wanted))
    else:
        lines = {row["case_id"]: render_case(_case_of_row(row)) for row in _load_rows(store, run_id, wanted)}
    missing = [case_id for case_id in wanted if case_id not in lines]
    if missing:
        raise InputError(
            f"The run {run_id} has no ended case {missing[0]!r}.", f"python -m engine cases {run_id} lists its cases."
        )
    header = _build_header(store, run, suite, name.strip(), title.strip(), len(wanted))
    text = SuiteText(header=render_header(header), lines=tuple(lines.values()))
    folder = create_from_text(store, name, text, who, f"{len(wanted)} cases of the run {run_id}")
    return SavedCases(name=folder.name, folder=folder, cases=len(wanted), source="run" if suite is None else "suite")


def _unchanged_suite(run: Mapping[str, Any]) -> Suite | None:
    """The run's suite while its cases are those that the run read."""
    folder, asked = Path(run["suite_path"]), (run["provenance"] or {}).get("cases_hash")
    try:
        return load_suite(folder) if hash_suite_files(folder) == asked else None
    except (PhasegateError, OSError):  # it is gone or broken: the run's own record stands in
        return None


def _lines_of_suite(suite: Suite, wanted: set[str]) -> dict[str, str]:
    lines = (suite.path / "cases.jsonl").read_text(encoding="utf-8-sig").split("\n")
    return {case.id: lines[case.line - 1].strip() for case in suite.cases if case.id in wanted}


def _load_rows(store: Store, run_id: str, case_ids: Sequence[str]) -> list[dict[str, Any]]:
    return store.query(
        "SELECT case_id, kind, question, tags, detail FROM cases WHERE run_id = ? AND case_id IN (SELECT unnest(?))"
        " ORDER BY position",
        (run_id, list(case_ids)),
    )


def _case_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The case as it was asked, from what the run kept as expected."""
    expected = row["detail"].get("expected")
    shared = {"id": row["case_id"], "kind": row["kind"], "tags": row["tags"]}
    match row["kind"]:
        case "qa" if isinstance(expected, dict):
            return shared | {"question": row["question"]} | expected
        case "conversation" if isinstance(expected, list):
            return shared | {"turns": [_clean_turn(turn) for turn in expected]}
        case "content" if isinstance(expected, dict):
            return shared | {"text": row["question"], "content_type": expected["content_type"]}
    raise InputError(
        f"The case {row['case_id']!r} cannot be saved: the suite's files have changed since the run, and the run does "
        f"not hold {row['kind']} cases whole.",
        "Leave it out of the selection, or take back the suite's earlier version.",
    )


def _clean_turn(turn: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in turn.items() if value not in ([], False)}
    return {"question": turn["question"]} | kept


def _build_header(
    store: Store, run: Mapping[str, Any], suite: Suite | None, name: str, title: str, cases: int
) -> dict[str, Any]:
    """The fields of ``suite.yaml``: those of the run's suite, as far as they can still be read."""
    try:
        given = yaml.safe_load(read_text(Path(run["suite_path"])).header)
        header: dict[str, Any] = given if isinstance(given, dict) else {}
    except (FileFormatError, OSError, yaml.YAMLError):
        header = {}
    provenance = run["provenance"] or {}
    header.setdefault("licence", "unknown")
    header.setdefault("settings", {} if suite else dict(run["settings"] or {}))
    header.setdefault("pass", dict(provenance.get("pass_rules") or {}))
    return {
        **header,
        "name": name,
        "title": title or f"{name}: cases of {run['suite']}",
        "description": f"{cases} cases of the run {run['run_id']} of the suite {run['suite']}.",
        "corpus": _find_corpus(store, run, header, suite),
    }


def _find_corpus(store: Store, run: Mapping[str, Any], header: Mapping[str, Any], suite: Suite | None) -> str:
    """A shipped corpus by its name, any other by its absolute path."""
    name = str((run["provenance"] or {}).get("corpus") or "")
    if name in shipped_corpora():
        return name
    if suite is not None:
        return str(suite.corpus_path)
    written = str(header.get("corpus") or "")
    beside = (Path(run["suite_path"]) / written).resolve()
    if written and beside.is_dir():
        return str(beside)
    row = CorpusStore(store).find_corpus(name) if name else None
    folder = next((source for source in (row["sources"] if row else []) if Path(source).is_dir()), None)
    if folder is None:
        raise InputError(
            f"The documents of the run {run['run_id']} are gone: its suite in {run['suite_path']} cannot be read.",
            "Bring the suite's folder back, then save the cases again.",
        )
    return str(folder)
