"""Whether a suite still is what a run asked: a run goes on with what it loaded, whoever edits the files meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import PhasegateError
from engine.evaluation.suites import hash_suite_files
from engine.suite_building.files import Difference, compare_texts, copies_folder
from engine.suite_building.texts import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteChange:
    """A suite that is no longer what a run asked.

    Attributes:
        words: what a screen says, in a sentence or two.
        difference: by case, where the text that the run asked was kept as a version; else None.
        gone: the suite's files are not there any more.
    """

    words: str
    difference: Difference | None
    gone: bool = False


def find_suite_change(run: Mapping[str, Any]) -> SuiteChange | None:
    """What became of a run's suite since; None when it is the same, or when the run kept no hash of its cases.

    Args:
        run: ``suite_path`` and ``provenance`` of a row of the table ``runs``.
    """
    asked = (run.get("provenance") or {}).get("cases_hash")
    folder = Path(run["suite_path"])
    if not asked:
        return None
    if not (folder / "suite.yaml").is_file() or not (folder / "cases.jsonl").is_file():
        words = f"The suite's files are no longer in {folder}. The run keeps what it asked and what was expected."
        return SuiteChange(words=words, difference=None, gone=True)
    if hash_suite_files(folder) == asked:
        return None
    difference = _find_difference(folder, asked)
    told = f": {difference.words}" if difference else ""
    words = (
        f"The suite has changed since this run began{told}. The run shows what it asked then; a gate counts it no longer. "
        "To resume or re-score it, take back the version that it asked, or start a new run."
    )
    return SuiteChange(words=words, difference=difference)


def _find_difference(folder: Path, asked: str) -> Difference | None:
    kept = copies_folder(asked)
    try:
        return compare_texts(read_text(kept), read_text(folder)) if (kept / "suite.yaml").is_file() else None
    except PhasegateError:
        return None
