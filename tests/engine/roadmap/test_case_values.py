"""The values behind a figure: one statement for many runs gives what one for each gives."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.roadmap import case_values
from engine.roadmap.case_values import CaseValues
from engine.roadmap.estimates import RESAMPLES, estimate_figure
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.gates import check_roadmap, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Evidence
from engine.store import Store
from tests.engine.roadmap.seeded import AddRun, case

MEASURES = (
    "success_rate", "error_rate", "answered_rate", "context_quality", "context_quality_spread", "latency_p95",
    "processing_time_improvement", "unsupported_rate", "content_type_correct",
)  # fmt: skip


def add_random_run(add_run: AddRun, run_id: str, rng: random.Random, cases: int = 40) -> None:
    rows = []
    for _ in range(cases):
        status = rng.choice(["passed", "passed", "failed", "error", "unscored"])
        kind = rng.choice(["qa", "qa", "content", "conversation"])
        value: float | str = rng.choice(["not_applicable", "failed", 0.2, 0.9])
        quality = None if status == "error" else round(rng.random(), 3)
        rows.append(
            case(status, kind, quality, round(rng.uniform(5, 50), 1), groundedness=value, content_type_correct=1.0)
        )
    add_run(run_id, "stories", rows)


@pytest.mark.parametrize("measure", MEASURES)
def test_values_read_for_many_runs_equal_those_of_each(
    store: Store, add_run: AddRun, measure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(3)
    for number in range(4):
        add_random_run(add_run, f"r{number}", rng)
    evidence = Evidence(kind="run", suites=("stories",), measure=measure, baseline=25)
    runs = EvidenceReader(store).list_complete_runs(("stories",), 10)
    assert len(runs) == 4
    apart = [CaseValues(store).pool(evidence, [run]) for run in runs]
    together = CaseValues(store)
    together.load(evidence, runs)
    assert [together.pool(evidence, [run]) for run in runs] == apart
    monkeypatch.setattr(case_values, "AT_ONCE", 90)  # two runs a statement
    assert CaseValues(store).pool(evidence, runs).values.tolist() == [v for one in apart for v in one.values]
    assert sum(len(one.values) for one in apart) > 0


def test_history_and_gates_agree_with_and_without_a_common_reader(store: Store, add_run: AddRun) -> None:
    rng = random.Random(5)
    for number in range(3):
        add_random_run(add_run, f"r{number}", rng, 60)
    roadmap = load_roadmap("narrative-agent")
    reader = EvidenceReader(store, target=roadmap.target)
    shared = check_roadmap(roadmap, store, reader=reader)
    assert [gate.goals for gate in shared.gates] == [gate.goals for gate in check_roadmap(roadmap, store).gates]
    points = kpi_history(roadmap, store)
    assert points == kpi_history(roadmap, store, reader=reader)
    newest = {point.kpi: point.value for point in points}
    judged = {goal.kpi: goal.value for gate in shared.gates for goal in gate.goals if goal.kpi in newest}
    assert judged and all(newest[kpi] == value for kpi, value in judged.items())


def test_a_new_run_is_in_the_history_at_once(store: Store, add_run: AddRun) -> None:
    roadmap = load_roadmap("narrative-agent")
    add_run("old", "stories", [case("passed")] * 10)
    add_run("new", "stories", [case("failed")] * 10)
    rates = [point.value for point in kpi_history(roadmap, store) if point.kpi == "success_rate"]
    assert rates == [1.0, 0.0]
    store.execute("UPDATE cases SET status = 'passed' WHERE run_id = 'new'")
    assert [p.value for p in kpi_history(roadmap, store) if p.kpi == "success_rate"] == [1.0, 1.0]


@pytest.mark.parametrize("skew", [0.0, 1.5])
def test_the_spread_of_a_large_sample_has_the_interval_that_resampling_gives(skew: float) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0.7, 0.1, 1500) + skew * 0.1 * rng.exponential(1.0, 1500)
    found = estimate_figure("spread", x)
    resampled = x[rng.integers(0, len(x), size=(RESAMPLES, len(x)))].std(axis=1, ddof=1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert found.low is not None and found.high is not None and found.value == pytest.approx(x.std(ddof=1))
    assert found.high - found.low == pytest.approx(high - low, rel=0.12)
    assert found.low < found.value < found.high
