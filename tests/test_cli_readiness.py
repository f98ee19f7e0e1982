"""``readiness`` and ``confidence`` from a shell."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from engine.store import open_store
from tests.conftest import RunCli
from tests.engine.roadmap.seeded import insert_run
from tests.engine.roadmap.test_gates import MEMORY, stories

NARRATIVE = ("readiness", "--roadmap", "narrative-agent")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one complete run."""
    with open_store(tmp_path) as store:
        insert_run(store, itertools.count(), "r1", "stories", stories(passed=60), memory=MEMORY)
    return tmp_path


def test_the_score_informs_and_does_not_gate(home: Path, run_cli: RunCli) -> None:
    done = run_cli(*NARRATIVE, "--json", home=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"roadmap", "title", "score", "maturity", "kpis", "confidence"}
    score = found["score"]
    assert 0 < score["low"] <= score["score"] <= score["high"] < 100
    assert sum(item["earned"] for item in score["items"]) == pytest.approx(score["score"], abs=0.01)
    assert found["maturity"] is None and found["kpis"]["against"]["kind"] == "document"
    words = run_cli(*NARRATIVE, home=home)
    assert words.returncode == 0 and "of 100 points proven" in words.stdout


def test_an_unknown_release_is_named(home: Path, run_cli: RunCli) -> None:
    done = run_cli(*NARRATIVE, "--against", "v9", home=home)
    assert done.returncode == 2 and "no earlier release called 'v9'" in done.stderr


def test_confidence_is_stated_and_listed(home: Path, run_cli: RunCli) -> None:
    command = ("confidence", "--roadmap", "operations-agent")
    done = run_cli(*command, "--value", "0.9", "--note", "load test passed", "--as", "Ann", "--json", home=home)
    assert done.returncode == 0, done.stderr
    week = next(week for week in json.loads(done.stdout)["weeks"] if week["stated"])
    assert (week["stated"], week["who"], week["planned"], week["label"]) == (0.9, "Ann", 0.92, "Week 1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--value", "92"), "share from 0 to 1"),
        (("--value", "0.9", "--week", "2099-01-01"), "has not begun"),
        (("--value", "0.9", "--week", "soon"), "is no day"),
        (("--week", "2026-01-05"), "needs its value"),
        (("--value", "0.9", "--as", " "), "Nobody is named"),
    ],
)
def test_bad_confidence_is_refused(home: Path, run_cli: RunCli, options: tuple[str, ...], words: str) -> None:
    done = run_cli("confidence", "--roadmap", "operations-agent", *options, home=home)
    assert done.returncode == 2 and words in done.stderr
