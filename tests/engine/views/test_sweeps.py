from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.store import Store, SweepStore, open_store
from engine.views.frame import load_frame
from engine.views.sweep_list import load_sweeps
from engine.views.sweep_progress import load_sweep_progress
from engine.views.sweep_setup import list_swept_suites, load_sweep_setup, preview_sweep
from engine.views.sweeps import load_sweep_detail, render_json

SWEEP: dict[str, Any] = {
    "suite": "depot", "suite_path": "/my suites/depot", "suite_hash": "h", "search": "grid", "goal": "recall",
    "space": [{"name": "top_k", "values": [5, 10, 20, 40]}], "planned": 6, "provenance": {"commit": None},
    "base": {"top_k": 20, "weight": 0.5}, "options": {"seed": 1, "limit": None, "trials": None, "overrides": {"weight": 0.5}},
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    with open_store() as opened:
        yield opened


def record(store: Store, scores: dict[int, float | None]) -> SweepStore:
    """A sweep over top_k whose trials have these means on 80 questions, half of which choose."""
    sweeps = SweepStore(store)
    sweeps.create_sweep(sweep_id="s", **SWEEP)
    halves = {"choosing": list(range(40)), "held_out": list(range(40, 80))}
    sweeps.update_sweep("s", cases=80, halves=halves, embedded=3, reused=9)
    for number, (top_k, score) in enumerate(scores.items()):
        if score is None:
            sweeps.record_trial("s", number=number, status="skipped", settings={"top_k": top_k}, reason="impossible")
            continue
        figures = {"recall": score, "tokens": 10.0 * top_k}
        measures = {n: {"mean": m, "low": m, "high": m, "scored": 40, "total": 40} for n, m in figures.items()}
        per_case = {n: [m + (i % 2) / 100 for i in range(80)] for n, m in figures.items()}
        sweeps.record_trial(
            "s", number=number, status="finished", settings={"top_k": top_k}, measures=measures, per_case=per_case,
            chunks=9, latency_ms=5.0 + top_k, cost_usd=0.0, exact=True, seconds=0.1,
        )  # fmt: skip
    return sweeps


def test_a_sweep_that_was_killed_is_read_from_its_journal(store: Store) -> None:
    record(store, {20: 0.5, 5: 0.4, 10: 0.8, 40: None}).finish_sweep("s", "interrupted", seconds=3.0)
    sweep = load_sweep_detail(store, "s")
    assert sweep.headline.startswith("Best recall of 3 settings: top_k 10. On the held-out half: recall 0.805")
    assert "0.300 more than where it started" in sweep.explanation
    assert sweep.changes == {"top_k": ("20", "10")}
    assert [row["mark"] for row in sweep.trials] == ["★ best", "● start", "◆ front", "✘ skipped"]
    assert [row["reason"] for row in sweep.trials] == ["", "", "", "impossible"]
    assert sweep.reasons == ("impossible (1 setting)",)
    assert {tile.label: tile.value for tile in sweep.tiles}["Best recall"] == "0.805"
    tokens, latency = sweep.fronts
    assert [tokens.points[place].cost for place in tokens.line] == [50.0, 100.0]
    assert [latency.points[place].cost for place in latency.line] == [10.0, 15.0]
    assert [(p.number, p.kind) for p in tokens.points] == [(0, "start"), (1, "front"), (2, "best")]
    assert sweep.resume_command == "python -m engine sweep '/my suites/depot' --resume s"
    assert "--grid top_k=5,10,20,40 --set weight=0.5 --measure recall --seed 1" in sweep.command
    assert sweep.tuning["top_k"] == "10"
    assert sweep.comparison[0]["difference"] == "+0.300"
    assert json.loads(render_json(sweep))["best"]["number"] == 2


def test_a_sweep_without_a_trial_has_nothing_to_show_and_says_so(store: Store) -> None:
    sweeps = SweepStore(store)
    sweeps.create_sweep(sweep_id="s", **SWEEP)
    sweeps.finish_sweep("s", "failed", seconds=1.0, error="no recall")
    sweep = load_sweep_detail(store, "s")
    assert (sweep.scored, sweep.error, sweep.trials, sweep.axes) == (False, "no recall", (), ())
    assert load_sweeps(store)[0].cells["held_out"] is None


def test_progress_counts_trials_and_names_the_best_so_far(store: Store) -> None:
    sweeps = SweepStore(store)
    sweeps.create_sweep(sweep_id="s", message="embedding: 3 of 9", **SWEEP)
    early = load_sweep_progress(store, "s")
    assert (early.status, early.words, early.best) == ("running", "Embedding: 3 of 9 …", "")
    sweeps.delete_sweep("s")
    record(store, {20: 0.5, 5: 0.4, 10: 0.8, 40: None})
    progress = load_sweep_progress(store, "s")
    assert (progress.done, progress.total, progress.active) == (4, 6, True)
    assert progress.best == "Best so far: recall 0.800 on the choosing half with top_k 10."
    assert "4 of 6 settings after" in progress.words and "left" in progress.words
    work = load_frame(store).running
    assert [(w.kind, w.identifier, w.done, w.total) for w in work] == [("sweep", "s", 4, 6)]
    assert load_sweep_progress(store, "nosuch").status == "failed"


def test_the_form_offers_what_can_be_swept_and_gives_the_command(store: Store) -> None:
    setup = load_sweep_setup("stories")
    assert (setup.reference, setup.goal) == ("stories", "recall")
    assert {"chunk_size", "chunker", "weight"} <= set(setup.settings)
    assert not {"embedder", "provider", "pooling", "precision"} & set(setup.settings)
    values = {"chunk_size": "256, 512", "top_k": "5,10"}
    preview = preview_sweep(setup, values, search="grid", trials=9, goal="iou", seed=2, limit=4)
    expected = "--grid chunk_size=256,512 --grid top_k=5,10 --measure iou --seed 2 --limit 4"
    assert preview.command == f"python -m engine sweep stories {expected}"
    assert preview.words.startswith("5 settings")
    drawn = preview_sweep(setup, {"top_k": "3:40"}, search="random", trials=9, goal="iou", seed=0, limit=None)
    assert "--search random --trials 9" in drawn.command and drawn.words.startswith("10 settings")
    with pytest.raises(InputError, match="one value, 5"):
        preview_sweep(setup, {"top_k": "5"}, search="grid", trials=9, goal="iou", seed=0, limit=None)


def test_every_offer_of_the_form_can_be_started(store: Store) -> None:
    setup = load_sweep_setup("stories")
    for name, setting in setup.settings.items():
        listed = setting.listed or ",".join(setting.choices)
        for search, written in (("grid", listed), ("bayesian", setting.range or listed)):
            preview_sweep(setup, {name: written}, search=search, trials=5, goal="recall", seed=0, limit=None)


def test_suites_that_were_swept_elsewhere_are_offered_again(store: Store) -> None:
    SweepStore(store).create_sweep(sweep_id="s", **SWEEP)
    offered = list_swept_suites(store)
    assert offered["stories"] == "stories"
    assert offered["/my suites/depot"] == "depot (/my suites/depot)"
