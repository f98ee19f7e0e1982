"""What a run may cost: USD and minutes, over all of its attempts."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.evaluation.budget import Budget


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_limits_nothing_ends() -> None:
    budget = Budget()
    assert budget.spend(1e9) and budget.explain_end() == ""


def test_what_earlier_attempts_spent_counts() -> None:
    budget = Budget(1.0, spent_usd=0.75)
    assert budget.spend(0.2) and not budget.spend(0.1)
    assert "1 USD" in budget.explain_end() and "1.05 USD" in budget.explain_end()


def test_minutes_are_those_of_all_attempts() -> None:
    clock = Clock()
    budget = Budget(None, 2, spent_seconds=90, clock=clock)
    assert not budget.explain_end()
    clock.now = 31
    assert "2 minutes" in budget.explain_end()


def test_a_call_of_unknown_price_costs_nothing() -> None:
    budget = Budget(1.0)
    assert budget.spend(None) and budget.spent_usd == 0


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_a_limit_must_be_a_positive_number(limit: float) -> None:
    with pytest.raises(InputError, match="--budget-usd"):
        Budget(limit)
