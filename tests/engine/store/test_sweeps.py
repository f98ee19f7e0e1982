from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.errors import UnknownNameError
from engine.store import Store, SweepStore
from engine.store.liveness import utc_now

SWEEP: dict[str, Any] = {
    "suite": "depot", "suite_path": "/suites/depot", "suite_hash": "h", "search": "grid", "goal": "recall",
    "space": [{"name": "top_k", "values": [5, 10]}], "base": {"top_k": 20}, "options": {"seed": 0},
    "provenance": {"commit": None}, "planned": 3,
}  # fmt: skip
MEASURES = {"recall": {"mean": 0.5, "low": None, "high": None, "scored": 1, "total": 2}}


def test_a_sweep_and_its_trials_come_back_as_they_were_kept(either: Store) -> None:
    sweeps = SweepStore(either)
    sweeps.create_sweep(sweep_id="s", **SWEEP)
    sweeps.update_sweep(
        "s", message="embedding: 3 of 9", cases=2, halves={"choosing": [0], "held_out": [1]}, embedded=4
    )
    sweeps.record_trial(
        "s", number=0, status="finished", settings={"top_k": 20}, measures=MEASURES, per_case={"recall": [0.5, None]},
        chunks=7, latency_ms=1.5, cost_usd=0.0, exact=False, seconds=0.1,
    )  # fmt: skip
    sweeps.record_trial("s", number=1, status="skipped", settings={"top_k": 5}, reason="impossible")
    row = sweeps.load_sweep("s")
    assert {name: row[name] for name in SWEEP} == SWEEP
    assert (row["done"], row["halves"], row["embedded"], row["cases"]) == (2, {"choosing": [0], "held_out": [1]}, 4, 2)
    first, second = sweeps.load_trials("s")
    assert (first["measures"], first["exact"], first["settings"]) == (MEASURES, False, {"top_k": 20})
    assert (second["status"], second["reason"], second["latency_ms"]) == ("skipped", "impossible", None)
    assert sweeps.load_case_values("s", [0, 1, 7]) == {0: {"recall": [0.5, None]}, 1: {}}
    assert list(sweeps.load_case_values("s", [1])) == [1]


def test_a_trial_that_is_recorded_again_replaces_the_first(store: Store) -> None:
    sweeps = SweepStore(store)
    sweeps.create_sweep(sweep_id="s", **SWEEP)
    for seconds in (1.0, 2.0):
        sweeps.record_trial("s", number=0, status="finished", settings={}, seconds=seconds)
    assert [t["seconds"] for t in sweeps.load_trials("s")] == [2.0]


def test_a_sweep_ends_is_resumed_and_is_found_dead(store: Store) -> None:
    sweeps = SweepStore(store)
    sweeps.create_sweep(sweep_id="s", **SWEEP)
    sweeps.finish_sweep("s", "interrupted", seconds=2.0, result={"best": 1}, error=None)
    row = sweeps.load_sweep("s")
    assert (row["status"], row["result"], row["seconds"]) == ("interrupted", {"best": 1}, 2.0)
    assert row["ended_at"] is not None
    sweeps.resume_sweep("s")
    assert (sweeps.load_sweep("s")["status"], sweeps.load_sweep("s")["ended_at"]) == ("running", None)
    store.execute("UPDATE sweeps SET heartbeat_at = ?", (utc_now() - timedelta(seconds=31),))
    assert sweeps.load_sweep("s")["status"] == "interrupted"


def test_sweeps_are_listed_newest_first_and_removed_whole(store: Store) -> None:
    sweeps = SweepStore(store)
    for name in ("a", "b"):
        sweeps.create_sweep(sweep_id=name, **(SWEEP | {"suite": name}))
        sweeps.record_trial(name, number=0, status="finished", settings={})
    assert [row["sweep_id"] for row in sweeps.list_sweeps()] == ["b", "a"]
    assert [row["sweep_id"] for row in sweeps.list_sweeps(suite="a")] == ["a"]
    sweeps.delete_sweep("a")
    assert sweeps.load_trials("a") == []
    with pytest.raises(UnknownNameError, match="no sweep called 'a'. Known: b"):
        sweeps.load_sweep("a")
