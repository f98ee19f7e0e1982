"""The chores of a served app go on, whatever one of them meets, and the end loses nothing."""

from __future__ import annotations

import time
from pathlib import Path

from engine.api.lifespan import open_observation, read_gates
from engine.operations.metric_history import load_history
from engine.operations.metrics import close_recorder, get_recorder
from engine.operations.observing import Chore, Observation
from engine.store import open_store
from engine.store.leases import LeaseStore
from engine.store.requests import RequestStore
from tests.engine.operations.records import make_request


def test_a_chore_that_fails_says_why_and_the_others_go_on(home: Path) -> None:
    done: list[str] = []
    with open_store(home) as store:
        observation = Observation(store, get_recorder(home))
        observation.chores = [Chore("bad", 10.0, lambda: 1 / 0), Chore("good", 10.0, lambda: done.append("good"))]
        for now in (0.0, 5.0, 10.0):
            observation.run_due(now)
    assert done == ["good", "good"]
    assert "ZeroDivisionError" in observation.chores[0].problem
    close_recorder(home)


def test_a_restart_finds_windows_and_history_as_they_were(home: Path) -> None:
    with open_store(home) as store:
        first = open_observation(store)
        recorder = get_recorder(home)
        first.start()
        for number in range(30):
            recorder.record_request(make_request(number, outcome="error" if number % 3 == 0 else "answered"))
        first.stop()
        close_recorder(home)
        before = load_history(store, 1)["points"]
        assert sum(point["requests"] for point in before) == 30
        assert before[-1]["gauges"]["memory_mb"]["last"] > 10
        assert LeaseStore(store).take("alert evaluator", "another", 60.0), "the lease was given back"

        second = Observation(store, get_recorder(home))
        second.start()
        deadline = time.monotonic() + 20
        while not second._recorder.windows._values["success_rate"] and time.monotonic() < deadline:
            time.sleep(0.01)
        second.stop()
        text = get_recorder(home).render_prometheus().decode()
        assert "phasegate_window_success_ratio 0.666" in text
        assert "phasegate_runs{" not in text
        assert "phasegate_store_up 1.0" in text
        assert len(RequestStore(store).load_latest()) == 30
    close_recorder(home)


def test_every_phase_of_every_roadmap_has_a_verdict(home: Path) -> None:
    with open_store(home) as store:
        verdicts = read_gates(store)
    assert ("narrative-agent", "1") in verdicts
    assert set(verdicts.values()) == {-1.0}
