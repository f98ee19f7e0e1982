"""How many cases, in sentences."""

from __future__ import annotations

from engine.views.sample_size import answer_difference, answer_goal, answer_rate, describe_reach


def test_a_rate_is_answered_with_what_the_suite_has() -> None:
    found = answer_rate(0.9, 0.03, 127)
    assert (found.cases, found.enough) == (388, False)
    assert "To show 90 % ± 3 takes 388 cases" in found.sentence
    assert "127 cases" in found.sentence
    assert answer_rate(0.9, 0.03, 388).enough


def test_a_difference_beyond_the_discordance_is_explained() -> None:
    assert answer_difference(0.05, 0.2, 700).enough
    found = answer_difference(0.3, 0.2, 127)
    assert found.enough is None
    assert "at most the share of cases on which the runs disagree" in found.sentence


def test_a_goal_is_met_missed_or_never_decided() -> None:
    assert "met beyond chance from" in answer_goal(0.9, 0.85, 127).sentence
    assert "missed beyond chance from" in answer_goal(0.8, 0.85, 127).sentence
    assert answer_goal(0.85, 0.85, 127).enough is None


def test_the_reach_of_a_suite_is_said_in_points() -> None:
    assert "90 % to ± 5.3 points" in describe_reach(127)
    assert "difference" not in describe_reach(2)
