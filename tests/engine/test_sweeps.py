"""Sweeps over a real lab: forty questions about forty small documents."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.evaluation.sweep_plan import SweepRequest, plan_sweep
from engine.settings import ROOT, PipelineSettings
from engine.store import PreferenceStore, Store, SweepStore, open_store
from engine.sweep_results import load_summary, save_best
from engine.sweeps import run_sweep
from engine.views.sweep_list import load_evidence

TOWNS = [f"{first}{second}" for first in ("Lin", "Bre", "Wal", "Kem", "Ober") for second in
         ("dau", "genz", "dorf", "pten", "stein", "hausen", "bach", "feld")]  # fmt: skip


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite whose answers stand between sentences about something else."""
    folder = tmp_path_factory.mktemp("depots")
    (folder / "docs").mkdir()
    cases = []
    for number, town in enumerate(TOWNS):
        fact = f"The depot in {town} opens at {number % 12 + 1} in the morning."
        before = f"{town} lies by the water and is known for its market. " * 4
        text = f"# {town}\n\n{before}\n\n{fact}\n\nThe bridge was painted in the year {1900 + number}.\n"
        (folder / "docs" / f"{town}.md").write_text(text, encoding="utf-8")
        start = text.index(fact)
        span = {"document": f"{town}.md", "start": start, "end": start + len(fact)}
        question = f"When does the depot in {town} open?"
        cases.append({"id": town, "kind": "qa", "question": question, "answers": ["morning"], "relevant": [span]})
    header = "name: depots\ntitle: Depots\ndescription: Forty.\nlicence: CC0-1.0\ncorpus: docs\n"
    (folder / "suite.yaml").write_text(header + "settings:\n  chunk_size: 300\n  chunk_overlap: 0\n  top_k: 4\n")
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def swept_home(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Path]:
    """One home for all: the token index is built once."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "models").symlink_to(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(folder))
        yield folder


@pytest.fixture
def store(swept_home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def settings_of(summary: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(trial["settings"].values()) for trial in summary["trials"]]


def test_a_grid_tries_all_skips_the_impossible_and_reports_on_unseen_questions(store: Store, suite: Path) -> None:
    lines: list[tuple[int, int, str]] = []
    request = SweepRequest(suite=str(suite), grid=["chunk_size=100,300", "chunk_overlap=0,150", "top_k=1,4"])
    summary = run_sweep(store, request, lambda *line: lines.append(line))
    assert summary["status"] == "finished"
    assert (summary["cases"], summary["choosing"], summary["held_out"]) == (40, 20, 20)
    assert summary["embedded"] + summary["reused"] == 40
    skipped = [t for t in summary["trials"] if t["status"] == "skipped"]
    assert [t["settings"] for t in skipped] == [{"chunk_size": 100, "chunk_overlap": 150, "top_k": k} for k in (1, 4)]
    assert all("must be smaller than chunk_size 100" in t["reason"] for t in skipped)
    assert len(summary["trials"]) == 8  # the start is a point of the grid
    assert lines[-1][:2] == (8, 8)
    best, goal = summary["best"], summary["goal"]
    assert goal == "recall"
    scores = [t["measures"][goal]["mean"] for t in summary["trials"] if t["status"] == "finished"]
    assert best["choosing"][goal]["mean"] == max(scores)
    assert (best["held_out"][goal]["total"], summary["comparison"][goal]["n"]) == (20, 20)
    assert summary["comparison"][goal]["verdict"] in ("too_few", "same")
    assert best["number"] in [point["number"] for point in summary["pareto"]]
    tokens = [point["choosing"]["tokens"]["mean"] for point in summary["pareto"]]
    assert tokens == sorted(tokens)
    assert any("fewer than 30" in note for note in summary["notes"])


def test_the_figures_are_the_labs_own_over_the_questions_of_each_half(store: Store, suite: Path) -> None:
    from engine.tuning import open_lab

    summary = run_sweep(store, SweepRequest(suite=str(suite), grid=["top_k=1,2"], seed=3))
    base = PipelineSettings().with_values(summary["base"])
    lab = open_lab(suite, base)
    halves = SweepStore(store).load_sweep(summary["sweep_id"])["halves"]
    best = summary["best"]
    for half in ("choosing", "held_out"):
        figures = lab.evaluate(base.with_values(best["settings"]), halves[half]).figures["recall"]
        assert best[half]["recall"]["mean"] == pytest.approx(figures.mean, abs=1e-5)
        assert best[half]["recall"]["scored"] == figures.scored


def test_a_killed_sweep_loses_one_trial_at_most_and_goes_on_where_it_was(
    store: Store, suite: Path, swept_home: Path
) -> None:
    options = ["--grid", "chunk_size=100:400", "--grid", "top_k=1:9", "--search", "bayesian", "--trials", "24"]
    command = [sys.executable, "-m", "engine", "sweep", str(suite), *options, "--set", "chunk_overlap=0"]
    environment = {**os.environ, "PHASEGATE_HOME": str(swept_home)}
    process = subprocess.Popen(
        [*command, "--sweep-id", "killed", "--json"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while store.query("SELECT count(*) AS n FROM trials WHERE sweep_id = 'killed'")[0]["n"] < 12:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    journaled = load_summary(store, "killed")
    assert journaled["status"] == "interrupted"
    assert [t["number"] for t in journaled["trials"]] == list(range(len(journaled["trials"])))
    assert journaled["best"] is not None
    resumed = run_sweep(store, SweepRequest(suite=str(suite), resume="killed"))
    whole = run_sweep(store, SweepRequest(
        suite=str(suite), grid=options[1:4:2], overrides={"chunk_overlap": "0"}, search="bayesian", trials=24,
    ))  # fmt: skip
    assert resumed["status"] == "finished"
    assert settings_of(resumed)[: len(journaled["trials"])] == settings_of(journaled)
    assert settings_of(resumed) == settings_of(whole)
    assert len(resumed["trials"]) == 25
    again = run_sweep(store, SweepRequest(suite=str(suite), resume="killed"))
    assert again["ended_at"] == resumed["ended_at"]


def test_an_interrupted_sweep_keeps_what_it_tried(store: Store, suite: Path) -> None:
    def interrupt(done: int, total: int, message: str) -> None:
        if message.startswith("recall") and done == 3:
            raise KeyboardInterrupt

    summary = run_sweep(store, SweepRequest(suite=str(suite), grid=["top_k=1,2,3,5,6"]), interrupt)
    assert summary["status"] == "interrupted"
    assert len(summary["trials"]) == 3
    assert summary["best"] is not None
    finished = run_sweep(store, SweepRequest(suite=str(suite), resume=summary["sweep_id"]))
    assert (finished["status"], len(finished["trials"])) == ("finished", 6)


def test_the_best_is_saved_with_its_evidence_until_the_defaults_change(store: Store, suite: Path) -> None:
    summary = run_sweep(store, SweepRequest(suite=str(suite), grid=["top_k=1,2"], overrides={"weight": "0.3"}))
    evidence = save_best(store, summary["sweep_id"])
    saved = PreferenceStore(store).load_preference("pipeline")
    expected = {"chunk_size": 300, "chunk_overlap": 0, "weight": 0.3, **summary["best"]["settings"]}
    assert saved == expected == evidence["settings"]
    words, sweep_id = load_evidence(store)
    assert sweep_id == summary["sweep_id"]
    assert "on the held-out half" in words
    PreferenceStore(store).save_preference("pipeline", {"top_k": 9})
    assert load_evidence(store) == ("", "")


def test_limit_takes_the_first_cases(store: Store, suite: Path) -> None:
    summary = run_sweep(store, SweepRequest(suite=str(suite), grid=["top_k=1,2"], limit=7))
    assert (summary["cases"], summary["choosing"], summary["held_out"]) == (7, 4, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": ["chunk_size=100,200", "chunk_overlap=900,950"]}, "No combination of this grid can be run"),
        ({"grid": ["top_k=1,2"], "trials": 5}, "belongs to the random"),
        ({"grid": ["top_k=1,2"], "limit": 0}, "--limit 0"),
        ({"grid": ["top_k=1:2"], "search": "random", "trials": 1}, "--trials 1"),
        ({"grid": ["top_k=1,2"], "measure": "bleu"}, "no measure of a sweep called 'bleu'"),
        ({"grid": ["top_k=1,2"], "overrides": {"provider": "litellm"}}, "needs a remote model"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_run_is_refused_before_anything_is_kept(
    suite: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plan_sweep(SweepRequest(**({"suite": str(suite)} | change)))


def test_what_cannot_be_resumed_says_why(store: Store, suite: Path, tmp_path: Path) -> None:
    summary = run_sweep(store, SweepRequest(suite=str(suite), grid=["top_k=1,2"], limit=4))
    sweep_id = summary["sweep_id"]
    with pytest.raises(InputError, match="exclude each other"):
        run_sweep(store, SweepRequest(suite=str(suite), resume=sweep_id, grid=["top_k=1,2"]))
    with pytest.raises(InputError, match="one of the suite 'depots', not of 'stories'"):
        run_sweep(store, SweepRequest(suite="stories", resume=sweep_id))
    store.execute("UPDATE sweeps SET status = 'interrupted', suite_hash = 'other' WHERE sweep_id = ?", (sweep_id,))
    with pytest.raises(InputError, match="its cases have changed"):
        run_sweep(store, SweepRequest(suite=str(suite), resume=sweep_id))


def test_a_suite_without_gold_is_refused_for_recall(store: Store, suite: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    text = (suite / "suite.yaml").read_text().replace("corpus: docs", f"corpus: {suite / 'docs'}")
    (bare / "suite.yaml").write_text(text)
    (bare / "cases.jsonl").write_text('{"id": "a", "kind": "qa", "question": "When?", "answers": ["noon"]}\n' * 1)
    assert plan_sweep(SweepRequest(suite=str(bare), grid=["top_k=1,2"])).goal == "quality"
    with pytest.raises(InputError, match="none of its 1 questions has a recall"):
        run_sweep(store, SweepRequest(suite=str(bare), grid=["top_k=1,2"], measure="recall"))
    assert SweepStore(store).list_sweeps(1)[0]["status"] == "failed"
