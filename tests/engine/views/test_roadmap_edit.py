"""Goals as a form shows them, and what a draft would do to the gates."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from engine.roadmap.editing import open_draft
from engine.roadmap.edits import edit_phase
from engine.roadmap.gates import check_roadmap
from engine.roadmap.roadmaps import load_roadmap
from engine.store import open_store
from engine.views.roadmap_edit import begin_goal, list_goal_fields, preview_changes, write_goals
from engine.views.timeline import PlanView, build_plan


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))


@pytest.mark.parametrize("name", ["narrative-agent", "operations-agent", "customer-service-agent"])
def test_goals_shown_and_written_back_are_unchanged(name: str) -> None:
    draft = open_draft(name)
    for phase in load_roadmap(name).phases:
        assert write_goals(draft, phase.number, list_goal_fields(draft, phase.number)).changes == ()


def test_a_share_is_edited_in_per_cent() -> None:
    draft = open_draft("narrative-agent")
    fields = list_goal_fields(draft, 2)
    assert (fields[0].sign, fields[0].value, fields[0].unit) == (">", 75.0, "%")
    changed = write_goals(draft, 2, [dataclasses.replace(fields[0], value=82.5, sign=">="), *fields[1:]])
    assert [c.words for c in changed.changes] == ["goal changed: success_rate of phase 2: > 0.75 → >= 0.825"]


def test_a_goal_that_is_added_begins_like_the_one_of_an_earlier_phase() -> None:
    field = begin_goal(open_draft("narrative-agent"), "critical_errors")
    assert (field.sign, field.value) == ("<=", 0.0)


def test_a_change_that_turns_no_gate_says_what_stays() -> None:
    with open_store() as store:
        preview = preview_changes(store, edit_phase(open_draft("narrative-agent"), 2, title="Faster"), 2)
    assert not preview.turned and "stays no data" in preview.effect
    assert preview.changes == ("phase changed: title of phase 2: Performance optimisation → Faster",)


def plan_of(name: str, day: datetime.date) -> PlanView:
    roadmap = load_roadmap(name)
    with open_store() as store:
        gates = {gate.phase: gate for gate in check_roadmap(roadmap, store).gates}
    return build_plan(roadmap, gates, day)


def test_today_is_drawn_in_and_near_the_plan_and_told_in_words_when_it_is_far() -> None:
    within = plan_of("operations-agent", datetime.date(2025, 1, 20))
    assert within.today == "2025-01-20" and "13 days are left until 2025-02-02" in within.title
    late = plan_of("operations-agent", datetime.date(2026, 2, 2))
    assert late.today == "" and "ended 365 days ago" in late.title
    assert "begins in 14 days" in plan_of("operations-agent", datetime.date(2025, 1, 1)).title


def test_a_phase_with_dates_is_a_bar_and_its_parts_stand_under_it() -> None:
    bars = plan_of("operations-agent", datetime.date(2025, 1, 20)).bars
    assert [bar.is_phase for bar in bars[:4]] == [True, False, False, False]
    assert bars[0].words == "no data"


def test_a_plan_without_dates_is_placed_in_days() -> None:
    plan = plan_of("narrative-agent", datetime.date(2025, 1, 20))
    assert (plan.axis, plan.today, plan.undated) == ("days from the plan's start", "", ())
    assert [bar.begins for bar in plan.bars] == [0, 14, 35, 49] and "the plan has no dates" in plan.title
