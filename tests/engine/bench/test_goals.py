from __future__ import annotations

import pytest

from engine.bench.cache import GOALS as CACHE_GOALS
from engine.bench.cost import GOALS as COST_GOALS
from engine.bench.goals import BenchGoal, hold_goals
from engine.cli.bench import _figure

FIGURES = {
    "hit": {"p50_ms": {"value": 0.4, "low": 0.3, "high": 0.6, "n": 50}},
    "false": {"value": 0.004, "low": 0.001, "high": 0.009, "n": 500, "hits": 2},
    "model": {"stand_in": True, "speedup": 99.0},
    "later": {"status": "not built yet", "reason": "nobody did"},
}


@pytest.mark.parametrize(
    ("direction", "bound", "met"), [("<", 0.5, True), ("<", 0.4, False), ("<=", 0.4, True), (">=", 0.5, False)]
)
def test_a_goal_is_held_against_the_value(direction: str, bound: float, met: bool) -> None:
    goal = BenchGoal(figure="hit.p50_ms", direction=direction, bound=bound, unit=" ms")
    held = hold_goals(FIGURES, {"speed": goal})["speed"]
    assert held["met"] is met and held["goal"] == f"{direction} {bound:g} ms"
    assert (held["value"], held["low"], held["high"], held["n"]) == (0.4, 0.3, 0.6, 50)


def test_a_figure_that_is_not_there_meets_and_misses_nothing() -> None:
    goals = {name: BenchGoal(figure=f"{name}.rate", direction=">=", bound=0.5) for name in ("later", "nowhere")}
    assert all(held["met"] is None and held["value"] is None for held in hold_goals(FIGURES, goals).values())


def test_a_line_tells_counts_goal_and_stand_in() -> None:
    goals = {
        "false": BenchGoal(figure="false", direction="<", bound=0.01),
        "speedup": BenchGoal(figure="model.speedup", direction=">=", bound=100, unit=" times"),
    }
    held = hold_goals(FIGURES, goals)
    assert _figure(held["false"]) == "0.00400 [0.00100, 0.00900], 2 of 500, goal < 0.01: met"
    assert _figure(held["speedup"]) == "99.000, n = 1, goal >= 100 times: missed (scripted server)"


def test_the_goals_of_the_caches_are_those_that_were_set() -> None:
    assert {name: str(goal) for name, goal in {**CACHE_GOALS, **COST_GOALS}.items()} == {
        "memory_hit_p50_ms": "< 1 ms",
        "store_hit_p50_ms": "< 5 ms",
        "store_of_another_process_hit_p50_ms": "< 5 ms",
        "memory_speedup_over_model": ">= 100 times",
        "store_speedup_over_model": ">= 100 times",
        "false_hit_rate": "< 0.01",
        "hit_rate_on_stream": ">= 0.6",
        "cost_saved_by_caches": ">= 0.5",
    }
