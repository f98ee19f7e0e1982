from __future__ import annotations

import dataclasses
import datetime

import pytest

from engine.errors import InputError, UnknownNameError
from engine.roadmap.gates import check_gate, check_roadmap
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.waivers import give_waiver, withdraw_waiver
from engine.store import AuditTrail, DecisionStore, Store
from tests.engine.roadmap.seeded import AddRun
from tests.engine.roadmap.test_gates import MEMORY, stories

TODAY = datetime.date(2026, 11, 20)
UNTIL = datetime.date(2026, 12, 20)
ROADMAP = load_roadmap("narrative-agent")
REASON = "The long stories are out of scope until the next release."


def waive(store: Store, kpi: str = "context_quality", **changed: object) -> None:
    given = {"who": "Ann", "reason": REASON, "until": UNTIL, "today": TODAY} | changed
    give_waiver(store, ROADMAP, 2, kpi, **given)  # type: ignore[arg-type]


def test_a_waived_goal_keeps_its_verdict_and_the_gate_passes(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    assert check_gate(ROADMAP, 2, store, today=TODAY).verdict == "fail"
    waive(store)
    gate = check_gate(ROADMAP, 2, store, today=TODAY)
    goal = next(g for g in gate.goals if g.kpi == "context_quality")
    assert (gate.verdict, goal.verdict, goal.counted) == ("pass", "fail", "pass")
    assert goal.waiver is not None
    assert {k: goal.waiver[k] for k in ("who", "reason", "expires_on")} == {
        "who": "Ann",
        "reason": REASON,
        "expires_on": "2026-12-20",
    }
    assert gate.as_json()["counts"] == {"pass": 6, "fail": 1, "no_data": 0, "waived": 1}
    assert gate.as_json()["goals"][1]["waiver"] == goal.waiver
    assert (gate.count_open("fail"), check_roadmap(ROADMAP, store, today=TODAY).waived) == (0, 1)


def test_after_its_last_day_the_gate_is_red_again_by_itself(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    waive(store)
    assert check_gate(ROADMAP, 2, store, today=UNTIL).verdict == "pass"
    late = check_gate(ROADMAP, 2, store, today=UNTIL + datetime.timedelta(days=1))
    assert late.verdict == "fail" and all(goal.waiver is None for goal in late.goals)


def test_a_withdrawn_waiver_counts_no_longer(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    waive(store)
    withdraw_waiver(store, ROADMAP, 2, "context_quality", who="Bob", today=TODAY)
    assert check_gate(ROADMAP, 2, store, today=TODAY).verdict == "fail"
    with pytest.raises(InputError, match="no waiver"):
        withdraw_waiver(store, ROADMAP, 2, "context_quality", who="Bob", today=TODAY)
    assert [e["action"] for e in AuditTrail(store).list_entries("narrative-agent/2")] == ["waiver withdrawn", "waiver given"]  # fmt: skip


def test_a_goal_without_data_can_be_waived(store: Store) -> None:
    for goal in check_gate(ROADMAP, 2, store, today=TODAY).goals:
        waive(store, goal.kpi)
    gate = check_gate(ROADMAP, 2, store, today=TODAY)
    assert gate.verdict == "pass" and {g.verdict for g in gate.goals} == {"no_data"}


def test_a_waiver_is_for_the_goal_as_it_stood(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    waive(store)
    phase = ROADMAP.phases[1]
    harder = tuple(dataclasses.replace(g, value=0.95) if g.kpi == "context_quality" else g for g in phase.goals)
    phases = tuple(dataclasses.replace(p, goals=harder) if p.number == 2 else p for p in ROADMAP.phases)
    assert check_gate(dataclasses.replace(ROADMAP, phases=phases), 2, store, today=TODAY).verdict == "fail"


def test_a_waiver_in_one_phase_is_none_in_another(store: Store) -> None:
    waive(store)
    other = check_gate(ROADMAP, 3, store, today=TODAY)
    assert all(goal.waiver is None for goal in other.goals)


def test_a_met_goal_shows_no_waiver(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(), memory=MEMORY)
    waive(store)
    assert check_gate(ROADMAP, 2, store, today=TODAY).waived == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reason": ""}, "reason of at least 3 words, found 0"),
        ({"reason": "  \n "}, "found 0"),
        ({"reason": "not now"}, "found 2"),
        ({"reason": "word " * 2000}, "10,000 characters"),
        ({"who": " "}, "Nobody is named"),
        ({"until": TODAY}, "from 2026-11-21 to 2027-11-21, found 2026-11-20"),
        ({"until": datetime.date(2027, 11, 22)}, "within a year"),
    ],
)
def test_a_waiver_without_reason_name_or_day_is_refused_and_nothing_is_kept(
    store: Store, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        waive(store, **changed)
    assert DecisionStore(store).list_waivers() == [] and AuditTrail(store).list_entries() == []


def test_a_kpi_that_the_phase_sets_no_goal_for_is_refused(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="context_quality"):
        waive(store, "readiness")
