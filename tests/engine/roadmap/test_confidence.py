"""Confidence by week: what people say, what the plan asks for, what the goals say."""

from __future__ import annotations

import datetime

import pytest

from engine.errors import InputError
from engine.roadmap.confidence import WeekOfConfidence, find_monday, load_confidence, state_confidence
from engine.roadmap.roadmaps import load_roadmap
from engine.store import AuditTrail, Store
from tests.engine.roadmap.seeded import START, AddRun
from tests.engine.roadmap.test_gates import MEMORY, stories

ROADMAP = load_roadmap("operations-agent")
TODAY = datetime.datetime.now(datetime.UTC).date()
WEEK = datetime.timedelta(days=7)


def weeks(
    store: Store, today: datetime.date = TODAY, name: str = "operations-agent"
) -> dict[datetime.date, WeekOfConfidence]:
    return {week.monday: week for week in load_confidence(load_roadmap(name), store, today=today).weeks}


def test_the_plan_is_that_of_the_document() -> None:
    assert [(w.week, w.planned) for w in ROADMAP.confidence] == [(1, 0.92), (2, 0.95), (3, 0.97), (4, 0.98)]
    assert [w.start for w in ROADMAP.confidence][1:] == [datetime.date(2025, 1, day) for day in (15, 22, 29)]
    availability = next(g for phase in ROADMAP.phases for g in phase.goals if g.kpi == "availability")
    assert availability.label == ">= 0.999"


def test_a_week_has_one_value_and_every_statement_stands_in_the_trail(store: Store) -> None:
    monday = find_monday(TODAY)
    state_confidence(store, ROADMAP, week=TODAY, value=0.9, note="load test passed", who="Ann")
    state_confidence(store, ROADMAP, week=monday, value=0.8, who="Bob")
    found = weeks(store)[monday]
    assert (found.stated, found.who, found.planned) == (0.8, "Bob", 0.92)
    entries = AuditTrail(store).list_entries("operations-agent")
    assert [entry["who"] for entry in entries] == ["Bob", "Ann"] and entries[0]["before"]["value"] == 0.9


@pytest.mark.parametrize("value", [-0.01, 1.01, 92, float("nan"), float("inf")])
def test_confidence_that_is_no_share_is_refused(store: Store, value: float) -> None:
    with pytest.raises(InputError, match="share from 0 to 1"):
        state_confidence(store, ROADMAP, week=TODAY, value=value, who="Ann")
    assert all(week.stated is None for week in weeks(store).values())


def test_a_week_to_come_and_nobody_are_refused(store: Store) -> None:
    with pytest.raises(InputError, match="has not begun"):
        state_confidence(store, ROADMAP, week=TODAY + WEEK, value=0.9, who="Ann")
    with pytest.raises(InputError, match="Nobody is named"):
        state_confidence(store, ROADMAP, week=TODAY, value=0.9, who=" ")


def test_the_plan_stands_at_its_dates_while_they_are_near_and_at_the_first_entry_later(store: Store) -> None:
    near = load_confidence(ROADMAP, store, today=datetime.date(2025, 1, 20))
    assert near.dated
    assert [w.monday.isoformat() for w in near.weeks if w.planned] == [
        "2025-01-06",
        "2025-01-13",
        "2025-01-20",
        "2025-01-27",
    ]
    state_confidence(store, ROADMAP, week=TODAY - WEEK, value=0.9, who="Ann")
    late = load_confidence(ROADMAP, store, today=TODAY)
    assert not late.dated and "first week with an entry" in late.basis
    assert next(w.monday for w in late.weeks if w.planned) == find_monday(TODAY - WEEK)


def test_the_computed_line_is_the_share_of_goals_met_in_each_week(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", stories(passed=30), memory=MEMORY)
    add_run("new", "stories", stories(passed=95), memory=MEMORY)
    store.execute("UPDATE runs SET started_at = ? WHERE run_id = 'old'", (START - WEEK,))
    found = weeks(store, START.date() + WEEK, "narrative-agent")
    first, second, now = (found[find_monday(START.date()) + WEEK * i] for i in (-1, 0, 1))
    assert first.met is not None and second.met is not None and first.met < second.met
    assert now.met == second.met and now.goals == sum(len(p.goals) for p in load_roadmap("narrative-agent").phases)


def test_a_roadmap_without_planned_confidence_says_so(store: Store) -> None:
    found = load_confidence(load_roadmap("local-chat"), store, today=TODAY)
    assert "plans no confidence" in found.basis and [w.planned for w in found.weeks] == [None]
