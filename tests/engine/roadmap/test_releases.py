"""KPIs against the release before: measured values are paired, the document's figures stay claims."""

from __future__ import annotations

import datetime

import pytest

from engine.errors import UnknownNameError
from engine.roadmap.releases import KpiChange, compare_releases
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.sign_offs import sign_phase
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.store.run_marks import RunMarkStore
from tests.engine.roadmap.seeded import START, AddRun, case
from tests.engine.roadmap.test_gates import MEMORY

ROADMAP = load_roadmap("narrative-agent")


def stories(passed: range | list[int], latency: float = 8.0) -> list[dict[str, object]]:
    """A hundred questions, of which those numbered pass, and forty content cases."""
    asked = [case("passed" if i in passed else "failed", latency=latency + i % 7, quality=0.95) for i in range(100)]
    return asked + [case(kind="content", content_type_correct=1.0) for _ in range(40)]


def row(store: Store, kpi: str = "success_rate", against: str = "", roadmap: Roadmap = ROADMAP) -> KpiChange:
    return next(r for r in compare_releases(roadmap, store, against).rows if r.kpi == kpi)


def test_without_runs_the_document_s_figures_stand_beside_no_data(store: Store) -> None:
    found = row(store)
    assert (found.now.value, found.before.value, found.difference, found.change) == (None, None, None, "unknown")
    assert (found.stated_value, found.stated_source[:15]) == (0.33, "Current metrics")


def test_a_baseline_of_the_document_gives_no_difference_to_a_measured_value(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(range(90)), memory=MEMORY)
    found = row(store)
    assert found.now.value and found.stated_value == 0.33
    assert (found.before.value, found.difference, found.change) == (None, None, "unknown")


def test_two_runs_are_paired_by_case_and_told_in_the_direction_that_is_better(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(range(60), latency=8), memory=MEMORY)
    add_run("new", "stories", stories(range(80), latency=18), memory=MEMORY)
    rate = row(store, against="old")
    assert rate.difference == pytest.approx(20 / 140) and rate.paired == 140
    assert rate.low is not None and 0 < rate.low < rate.difference < (rate.high or 0)
    assert (rate.change, rate.now.runs, rate.before.runs) == ("better", ("new",), ("old",))
    latency = row(store, "response_time_ms", "old")
    assert latency.difference == pytest.approx(10) and latency.change == "worse" and "busier machine" in latency.note
    assert latency.relative == pytest.approx(10 / latency.before.value)  # type: ignore[operator]


def test_cases_that_swap_are_no_difference_although_each_run_has_its_own(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(range(60)), memory=MEMORY)
    add_run("new", "stories", stories(range(1, 61)), memory=MEMORY)
    found = row(store, against="old")
    assert (found.difference, found.change) == (0, "unclear") and found.low is not None and found.low < 0


def test_a_figure_of_a_whole_run_has_a_difference_and_no_interval(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(range(60)), memory=MEMORY | {"accuracy": 0.96})
    add_run("new", "stories", stories(range(60)), memory=MEMORY)
    found = row(store, "memory_accuracy", "old")
    assert found.difference == pytest.approx(0.035) and (found.low, found.change) == (None, "unclear")


def test_a_signature_over_older_runs_is_the_release_before(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(range(95)), memory=MEMORY)
    signed = sign_phase(store, ROADMAP, 2, who="Ann")
    assert compare_releases(ROADMAP, store).side.kind == "document"  # it rests on the run of now
    add_run("new", "stories", stories(range(80)), memory=MEMORY)
    table = compare_releases(ROADMAP, store)
    assert (table.side.kind, table.side.name) == ("sign_off", signed.sign_off_id)
    found = row(store)
    assert found.before.value == pytest.approx(135 / 140) and found.difference == pytest.approx(-15 / 140)
    assert found.change == "worse" and found.paired == 140


def test_a_day_a_tag_a_commit_and_document_name_a_side(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(range(60)), memory=MEMORY)
    add_run("new", "stories", stories(range(80)), memory=MEMORY)
    RunMarkStore(store).save_mark("old", "Ann", tags=["v1.2"])
    store.execute(
        "UPDATE runs SET provenance = json_merge_patch(provenance, '{\"commit\": \"abc1234def56\"}') WHERE run_id = 'old'"
    )
    store.execute("UPDATE runs SET started_at = ? WHERE run_id = 'old'", (START - datetime.timedelta(days=3),))
    day = (START - datetime.timedelta(days=2)).date().isoformat()
    for against, kind in ((day, "day"), ("v1.2", "tag"), ("abc1234def56aa", "commit"), ("old", "run")):
        side = compare_releases(ROADMAP, store, against).side
        assert (side.kind, [run.run_id for run in side.runs.values()]) == (kind, ["old"])
    assert compare_releases(ROADMAP, store, "document").side.kind == "document"


@pytest.mark.parametrize("against", ["v9", "2001-01-01", "abc1234"])
def test_an_unknown_release_is_refused_with_what_is_known(store: Store, add_run: AddRun, against: str) -> None:
    add_run("old", "stories", stories(range(60)), memory=MEMORY)
    with pytest.raises(UnknownNameError, match="Known: old"):
        compare_releases(ROADMAP, store, against)


def test_multi_agent_has_the_table_of_its_document(store: Store) -> None:
    rows = {r.kpi: r for r in compare_releases(load_roadmap("multi-agent"), store).rows}
    table = {
        "p95_improvement": (0.25, "down ~40%"),
        "api_success_rate": (0.98, "99.5%+"),
        "cache_hit_rate": (0.40, "~60%"),
        "validation_speedup": (2, "~5x"),
        "availability": (None, "99.9%+"),
    }
    for kpi, (before, claimed) in table.items():
        assert (rows[kpi].stated_value, rows[kpi].claimed_now) == (before, claimed)
        assert "column P1 Target" in rows[kpi].stated_source and rows[kpi].difference is None
