from __future__ import annotations

import json

import pytest

from engine.errors import InputError
from engine.roadmap.estimates import estimate_figure
from engine.roadmap.evidence import Measured
from engine.roadmap.gates import (
    check_gate,
    check_roadmap,
    combine_verdicts,
    current_phase,
    format_value,
    judge_goal,
    kpi_history,
)
from engine.roadmap.roadmaps import list_roadmaps, load_roadmap
from engine.roadmap.types import Evidence, Goal, Kpi, Verdict
from engine.store import Store
from tests.engine.roadmap.seeded import AddRun, case

KPI = Kpi(
    id="success_rate",
    title="Success",
    unit="share",
    higher_is_better=True,
    description="",
    evidence=Evidence(kind="run", suites=("stories",), measure="success_rate"),
)
GOAL = Goal(kpi="success_rate", direction=">", value=0.75, text=">75%", source="Criteria")


def rate(passed: int, scored: int, total: int | None = None) -> Measured:
    values = (1.0,) * passed + (0.0,) * (scored - passed)
    found = estimate_figure("rate", values)
    total = scored if total is None else total
    return Measured(
        value=found.value,
        low=found.low,
        high=found.high,
        n=scored,
        scored=scored,
        total=total,
        missing=total - scored,
        kind="rate",
        values=values,
    )


def stories(passed: int = 90, latency: float = 8.0, quality: float = 0.95) -> list[dict[str, object]]:
    qa = [case("passed" if i < passed else "failed", quality=quality, latency=latency) for i in range(100)]
    return qa + [case(kind="content", content_type_correct=1.0) for _ in range(40)]


MEMORY = {"accuracy": 0.995, "accuracy_samples": 10, "growth_mb": 2.0, "samples": 40}


def test_any_fail_is_fail_else_any_no_data_is_no_data_else_pass() -> None:
    table: list[tuple[list[Verdict], Verdict]] = [
        (["pass", "no_data", "fail"], "fail"),
        (["pass", "no_data"], "no_data"),
        (["pass", "pass"], "pass"),
        ([], "no_data"),
    ]
    for verdicts, expected in table:
        assert combine_verdicts(verdicts) == expected


def test_high_mean_over_half_of_the_cases_is_no_data() -> None:
    found = judge_goal(GOAL, KPI, rate(50, 50, total=100))
    assert (found.verdict, found.value, found.more_cases) == ("no_data", None, 50)
    assert "only 50 of 100" in found.reason


def test_ninety_five_per_cent_scored_is_enough_and_less_is_not() -> None:
    assert judge_goal(GOAL, KPI, rate(95, 95, total=100)).verdict == "pass"
    assert judge_goal(GOAL, KPI, rate(94, 94, total=100)).verdict == "no_data"


def test_point_passes_what_strict_does_not() -> None:
    measured = rate(80, 100)
    point, strict = judge_goal(GOAL, KPI, measured), judge_goal(GOAL, KPI, measured, "strict")
    assert (point.verdict, strict.verdict) == ("pass", "fail")
    assert point.more_cases == strict.more_cases and point.more_cases is not None and point.more_cases > 0
    assert f"about {point.more_cases} more cases" in point.reason


def test_strict_passes_when_the_near_end_meets_the_goal() -> None:
    assert judge_goal(GOAL, KPI, rate(95, 100), "strict").verdict == "pass"


def test_strict_looks_at_the_upper_end_when_less_is_better() -> None:
    goal = Goal(kpi="success_rate", direction="<", value=0.05, text="<5%", source="Table")
    measured = rate(1, 100)
    assert judge_goal(goal, KPI, measured).verdict == "pass"
    assert judge_goal(goal, KPI, measured, "strict").verdict == "fail"


def test_a_figure_without_an_interval_cannot_pass_strict_but_can_fail_it() -> None:
    good, bad = (Measured(value=value, n=1, scored=1, total=1) for value in (0.9, 0.5))
    assert judge_goal(GOAL, KPI, good).verdict == "pass"
    assert judge_goal(GOAL, KPI, good, "strict").verdict == "no_data"
    assert judge_goal(GOAL, KPI, bad, "strict").verdict == "fail"


@pytest.mark.parametrize(("direction", "met"), [(">", False), (">=", True), ("<", False), ("<=", True)])
def test_a_value_on_the_goal_meets_it_only_where_equality_does(direction: str, met: bool) -> None:
    goal = Goal(kpi="k", direction=direction, value=0.5, text="", source="")  # type: ignore[arg-type]
    assert goal.is_met_by(0.5) is met


def test_an_empty_store_gives_no_data_for_every_goal_of_every_phase(store: Store) -> None:
    for roadmap in list_roadmaps():
        for phase in roadmap.phases:
            gate = check_gate(roadmap, phase.number, store)
            assert gate.verdict == "no_data" and {goal.verdict for goal in gate.goals} == {"no_data"}
            assert all(goal.value is None and goal.reason for goal in gate.goals)


def test_no_data_names_the_command_that_gives_it(store: Store) -> None:
    for goal in check_gate(load_roadmap("narrative-agent"), 2, store).goals:
        assert goal.command == "python -m engine run stories" and goal.suites == ("stories",)


def test_a_complete_good_run_passes_phase_2(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(), memory=MEMORY)
    gate = check_gate(load_roadmap("narrative-agent"), 2, store)
    assert gate.verdict == "pass" and [run.run_id for run in gate.runs] == ["r1"]
    values = {goal.kpi: goal.value for goal in gate.goals}
    assert values["success_rate"] == pytest.approx(130 / 140)
    assert values["processing_time_improvement"] == pytest.approx(1 - 8 / 25)
    assert values["content_type_accuracy"] == 1.0


def test_a_baseline_that_was_not_measured_here_is_said(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(), memory=MEMORY)
    goals = {goal.kpi: goal for goal in check_gate(load_roadmap("narrative-agent"), 2, store).goals}
    assert "the document's baseline of 25 ms" in goals["processing_time_improvement"].reason


def test_one_missed_goal_fails_the_gate(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    gate = check_gate(load_roadmap("narrative-agent"), 2, store)
    assert gate.verdict == "fail"
    assert [goal.kpi for goal in gate.goals if goal.verdict == "fail"] == ["context_quality"]


def test_a_limited_run_leaves_the_gate_without_data(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories()[:30], suite_cases=140)
    gate = check_gate(load_roadmap("narrative-agent"), 2, store)
    assert gate.verdict == "no_data" and all("only 30 of 140" in goal.reason for goal in gate.goals)


def test_a_gate_can_be_held_against_one_run(store: Store, add_run: AddRun) -> None:
    add_run("bad", "stories", stories(passed=10), memory=MEMORY)
    add_run("good", "stories", stories(), memory=MEMORY)
    roadmap = load_roadmap("narrative-agent")
    assert check_gate(roadmap, 2, store).verdict == "pass"
    assert check_gate(roadmap, 2, store, run_id="bad").verdict == "fail"


def test_an_unknown_phase_is_named_with_the_known_ones(store: Store) -> None:
    with pytest.raises(InputError, match=r"no phase 99.*1 \(P1\), 2 \(P2\), 3 \(P3\)"):
        check_gate(load_roadmap("multi-agent"), 99, store)


def test_an_unknown_policy_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="'lenient'.*point, strict"):
        check_gate(load_roadmap("multi-agent"), 1, store, policy="lenient")  # type: ignore[arg-type]


def test_the_json_of_a_gate_has_the_fields_of_the_contract(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(), memory=MEMORY)
    gate = json.loads(json.dumps(check_gate(load_roadmap("narrative-agent"), 2, store).as_json()))
    assert gate["verdict"] == "pass" and gate["counts"] == {"pass": 7, "fail": 0, "no_data": 0, "waived": 0}
    for goal in gate["goals"]:
        assert {"kpi", "goal", "value", "low", "high", "n", "verdict", "reason"} <= set(goal)
    assert gate["goals"][0]["goal"] == "> 0.75" and gate["runs"][0]["run_id"] == "r1"


def test_the_current_phase_is_the_first_that_does_not_pass(store: Store, add_run: AddRun) -> None:
    roadmap = load_roadmap("narrative-agent")
    add_run("r1", "stories", stories(), memory=MEMORY)
    state = check_roadmap(roadmap, store)
    assert state.current is not None and state.current.number == 1
    assert current_phase(roadmap, store) == state.current
    goals = [goal for gate in state.gates for goal in gate.goals]
    assert state.passed + state.failed + state.no_data == len(goals)
    assert state.passed == sum(goal.verdict == "pass" for goal in goals)


def test_history_has_one_point_per_complete_run_oldest_first(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(passed=60), memory=MEMORY)
    add_run("r2", "stories", stories()[:10], suite_cases=140)
    add_run("r3", "stories", stories(passed=90), memory=MEMORY)
    points = [p for p in kpi_history(load_roadmap("narrative-agent"), store) if p.kpi == "success_rate"]
    assert [(p.run_id, p.value) for p in points] == [("r1", pytest.approx(100 / 140)), ("r3", pytest.approx(130 / 140))]
    assert points[0].started_at < points[1].started_at


def test_the_last_point_of_the_history_is_what_the_gate_reads(store: Store, add_run: AddRun) -> None:
    for i in range(3):
        add_run(f"c{i}", "customer-service", [case(latency=10.0 + i)] * 20)
        add_run(f"k{i}", "runbooks", [case(latency=20.0 + i)] * 20)
    roadmap = load_roadmap("multi-agent")
    points = [p for p in kpi_history(roadmap, store) if p.kpi == "response_time_p95_ms"]
    gate = {goal.kpi: goal for goal in check_gate(roadmap, 2, store).goals}["response_time_p95_ms"]
    assert [p.run_id for p in points] == ["k0", "c1", "k1", "c2", "k2"]
    assert (points[-1].value, points[-1].low, points[-1].high) == (gate.value, gate.low, gate.high)


def test_history_looks_back_at_the_newest_runs(store: Store, add_run: AddRun) -> None:
    for i in range(5):
        add_run(f"r{i}", "stories", stories(), memory=MEMORY)
    points = kpi_history(load_roadmap("narrative-agent"), store, limit=2)
    assert {p.run_id for p in points} == {"r3", "r4"}


def test_values_are_put_in_words_with_their_unit() -> None:
    assert format_value(0.8167, "share") == "81.67 %"
    assert format_value(12.3, "ms") == "12.3 ms"
    assert format_value(0.9, "score") == "0.9"


def test_almost_all_is_not_shown_as_all() -> None:
    assert format_value(0.99999, "share") == "99.999 %"
    assert format_value(1.0, "share") == "100 %"
