"""What people write where a name or a path is expected finds something, or is an unknown name; never a fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.corpora import find_corpus, ingest_corpus
from engine.errors import PhasegateError
from engine.evaluation.suites import load_suite
from engine.evaluation.target_specs import resolve_target
from engine.roadmap.roadmaps import load_roadmap
from engine.settings import PipelineSettings, load_settings
from engine.suite_building.listing import find_suite
from engine.written_paths import find_written_path
from tests.engine.guard.naughty import OWN

NO_PATHS = ("~nobody-is-called-so/x", "ด" * 400, "x" * 5000, "a\x00b", "/" * 3000 + "x", "~" * 300, "", " ")
FINDERS: dict[str, Callable[[str], Any]] = {
    "suite": load_suite,
    "edited suite": find_suite,
    "roadmap": load_roadmap,
    "corpus": find_corpus,
    "preset": load_settings,
    "target": lambda text: resolve_target(text, {}),
    "documents": lambda text: ingest_corpus("odd", [Path(text)], PipelineSettings()),
}


@pytest.mark.parametrize("finder", FINDERS)
def test_what_is_no_path_is_refused(finder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for text in (*NO_PATHS, *OWN):
        if not text and finder in ("preset", "documents"):
            continue  # the defaults; the folder that one is in
        with pytest.raises(PhasegateError):
            FINDERS[finder](text)


def test_path_is_found_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_written_path("~") == tmp_path
    assert [find_written_path(text) for text in NO_PATHS] == [None] * len(NO_PATHS)
