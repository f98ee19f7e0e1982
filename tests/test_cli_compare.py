"""``compare`` in a shell: exit codes, one JSON object, files, and messages for what cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from engine.store import open_store
from tests.engine.evaluation.comparing.seeded import add_run

RunCli = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store:
        add_run(store, "base", [True] * 50 + [False] * 10, {"recall": [0.5] * 60})
        add_run(store, "lost", [False] * 25 + [True] * 35, {"recall": [0.5] * 60}, settings={"top_k": 3})
        add_run(store, "again", [True] * 50 + [False] * 10, {"recall": [0.5] * 60})
        add_run(store, "bare", [None] * 60)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["base", "lost"], 1),
        (["lost", "base"], 0),
        (["base", "again"], 0),
        (["base", "again", "lost"], 1),
        (["base", "lost", "--tolerance", "0.3"], 0),
        (["base", "lost", "--measure", "recall"], 0),
        (["base", "bare"], 3),
        (["base", "nope"], 2),
        (["base"], 2),
        (["base", "lost", "--tolerance", "2"], 2),
        (["base", "lost", "--out", "OUT", "--format", "docx"], 2),
    ],
)
def test_the_exit_code_says_how_it_went(filled: Path, run_cli: RunCli, arguments: list[str], code: int) -> None:
    done = run_cli("compare", *(a.replace("OUT", str(filled / "out")) for a in arguments), home=filled)
    assert done.returncode == code, done.stderr
    assert bool(done.stderr) == (code == 2)
    assert "Traceback" not in done.stderr


def test_json_is_one_object_and_files_are_named(filled: Path, run_cli: RunCli) -> None:
    out = filled / "out"
    done = run_cli("compare", "base", "lost", "--json", "--out", str(out), "--format", "md,csv", home=filled)
    shown = json.loads(done.stdout)
    assert (shown["verdict"], shown["regressions"]) == ("worse", ["success_rate"])
    assert [Path(name).name for name in shown["files"]] == ["comparison-base.md", "comparison-base.csv"]
    assert all(Path(name).is_file() for name in shown["files"])


def test_text_names_the_finding_and_the_flips(filled: Path, run_cli: RunCli) -> None:
    text = " ".join(run_cli("compare", "base", "lost", home=filled).stdout.split())
    assert "points fewer right than A" in text
    assert "25 cases went from pass to fail, 10 from fail to pass." in text
