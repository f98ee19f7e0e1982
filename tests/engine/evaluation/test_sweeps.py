from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.evaluation.sweep_space import parse_space
from engine.evaluation.sweep_words import describe_best, describe_difference, describe_importance
from engine.evaluation.sweeps import LoadValues, conclude_sweep

SPACE = parse_space(["top_k=5,10,20"], "grid")
HALVES = {"choosing": list(range(60)), "held_out": list(range(60, 120))}


def trial(number: int, top_k: int, recall: float | None, tokens: float = 100.0, latency: float = 5.0) -> dict[str, Any]:
    return {
        "number": number,
        "status": "finished" if recall is not None else "skipped",
        "settings": {"top_k": top_k},
        "reason": None,
        "measures": {} if recall is None else {"recall": {"mean": recall}, "tokens": {"mean": tokens}},
        "latency_ms": latency,
        "exact": True,
    }


def values(**means: float) -> dict[str, list[float]]:
    """Cases around a mean on the held-out half, with noise of their own."""
    noise = np.random.default_rng(0).normal(0, 0.05, 120)
    return {name: (mean + noise).round(5).tolist() for name, mean in means.items()}


def cases_of(cases: dict[int, dict[str, list[float]]]) -> LoadValues:
    return lambda numbers: {n: cases[n] for n in numbers if n in cases}


def conclude(trials: list[dict[str, Any]], cases: dict[int, dict[str, list[float]]]) -> dict[str, Any]:
    result = conclude_sweep(trials, cases_of(cases), HALVES, SPACE, goal="recall", search="grid")
    assert result is not None
    return result


def test_the_best_of_the_choosing_half_is_reported_on_the_other() -> None:
    trials = [trial(0, 5, 0.6, 50), trial(1, 10, 0.8, 100), trial(2, 20, 0.7, 200)]
    cases = {0: values(recall=0.5, tokens=50), 1: values(recall=0.65, tokens=100), 2: values(recall=0.9, tokens=200)}
    result = conclude(trials, cases)
    assert result["best"] == 1  # though trial 2 is better on the cases that may not choose
    assert result["estimates"]["1"]["recall"]["mean"] == pytest.approx(0.65, abs=0.02)
    assert result["estimates"]["1"]["recall"]["total"] == 60
    assert result["optimism"] == pytest.approx(0.15, abs=0.02)
    assert result["comparison"]["recall"]["difference"] == pytest.approx(0.15)
    assert result["comparison"]["recall"]["verdict"] == "better"
    assert result["comparison"]["tokens"]["verdict"] == "worse"
    assert result["front"] == [0, 1]


def test_of_equal_settings_the_one_with_fewer_tokens_then_the_quicker_is_best() -> None:
    trials = [trial(0, 5, 0.8, 200), trial(1, 10, 0.8, 100, 9.0), trial(2, 20, 0.8, 100, 3.0)]
    cases = {n: values(recall=0.8, tokens=100) for n in range(3)}
    result = conclude(trials, cases)
    assert (result["best"], result["front"]) == (2, [2])


def test_skipped_trials_few_cases_and_a_start_that_stays_best_are_said() -> None:
    halves = {"choosing": [0, 1], "held_out": [2, 3]}
    trials = [trial(0, 5, 0.8), trial(1, 10, 0.7), trial(2, 20, None)]
    cases = {0: values(recall=0.8), 1: values(recall=0.7)}
    result = conclude_sweep(trials, cases_of(cases), halves, SPACE, goal="recall", search="grid")
    assert result is not None and result["best"] == 0
    notes = " ".join(result["notes"])
    assert "1 of 3 combinations cannot be run" in notes
    assert "2 held-out questions have a recall" in notes
    assert "No setting scored higher" in notes


def test_without_a_scored_trial_there_is_no_result() -> None:
    assert conclude_sweep([], cases_of({}), HALVES, SPACE, goal="recall", search="grid") is None
    skipped = [trial(0, 5, None)]
    assert conclude_sweep(skipped, cases_of({}), HALVES, SPACE, goal="recall", search="grid") is None


def test_importance_of_a_grid_leaves_a_start_beside_it_out() -> None:
    space = parse_space(["top_k=10,20,40"], "grid")
    trials = [trial(0, 5, 0.1), *(trial(n, k, r) for n, k, r in ((1, 10, 0.5), (2, 20, 0.6), (3, 40, 0.7)))]
    cases = {n: values(recall=0.5) for n in range(4)}
    result = conclude_sweep(trials, cases_of(cases), HALVES, space, goal="recall", search="grid")
    assert result is not None and result["importance"]["trials"] == 3


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("better", "0.100 more than where it started [+0.050, +0.150], p = 0.0010: better, beyond chance"),
        ("unclear", "not told apart from chance. 60 questions show differences from about 0.080 on"),
        ("too_few", "60 held-out questions are too few to tell"),
        ("same", "Every one of the 60 held-out questions scores as with"),
    ],
)  # fmt: skip
def test_the_difference_in_words_says_no_more_than_was_found(verdict: str, expected: str) -> None:
    found = {"difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.001, "n": 60, "detectable": 0.08, "verdict": verdict}
    best = {"number": 3, "settings": {"top_k": 10}, "held_out": {"recall": {"mean": 0.9, "low": 0.8, "high": 0.95}}}
    summary = {"goal": "recall", "best": best, "baseline": {"number": 0}, "comparison": {"recall": found}, "trials": []}
    assert expected in describe_difference(summary)
    assert "top_k 10. On the held-out half: recall 0.900 [0.800, 0.950]" in describe_best(summary)


def test_importance_in_words() -> None:
    words = describe_importance({"shares": {"top_k": 0.7}, "interplay": 0.3})
    assert words == "Share of the variance by setting: top_k 70 %; interplay and the rest 30 %."
    assert "too few" in describe_importance({"shares": {}, "reason": "3 trials are too few to tell"})
