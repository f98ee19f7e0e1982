"""Figures of labelled responses against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.logistic import build_bins
from engine.evaluation.measures.groundedness_data import LabelledResponse
from engine.evaluation.measures.groundedness_figures import (
    balance_accuracy,
    choose_threshold,
    measure_responses,
    measure_spearman,
)


def item(unsupported: float, group: int, kind: str = "answers", model: str = "") -> LabelledResponse:
    return LabelledResponse(
        kind=kind,
        group=f"{group:x}",
        question="",
        contexts=("x",),
        unsupported=unsupported,
        grade=4 - 3 * unsupported if kind == "graded" else None,
        sentences=("a",),
        sentence_labels=np.array([unsupported]),
        model=model,
    )


def test_ranking_accuracy_and_intervals_of_binary_labels() -> None:
    items = [item(float(i % 2), i // 2) for i in range(40)]
    perfect = measure_responses(items, [[0.1 if x.unsupported else 0.9] for x in items], 0.5)
    assert perfect["auroc_response"] == perfect["auroc_response_low"] == perfect["auroc_sentence"] == 1.0
    assert perfect["groups"] == 20 and perfect["hallucinated"] == 20 and perfect["balanced_accuracy_across"] == 1.0
    blind = measure_responses(items, [[0.5] for _ in items], 0.5)
    assert blind["auroc_response"] == 0.5 and blind["balanced_accuracy"] == 0.5
    rng = np.random.default_rng(1)
    noisy = measure_responses(items, [[0.9 - 0.3 * x.unsupported + rng.normal(0, 0.3)] for x in items], 0.5)
    assert noisy["auroc_response_low"] < noisy["auroc_response"] < noisy["auroc_response_high"]


def test_one_class_has_no_ranking_but_still_its_counts() -> None:
    figures = measure_responses([item(0.0, i) for i in range(4)], [[0.9]] * 4, 0.5)
    assert figures["auroc_response"] is None and figures["balanced_accuracy"] is None and figures["responses"] == 4


def test_grades_are_ranked_over_all_and_over_models() -> None:
    items = [item(k / 10, k, "graded", "reference" if k < 3 else "model") for k in range(10)]
    figures = measure_responses(items, [[1 - i.unsupported] for i in items], 0.5)
    assert figures["spearman"] == figures["spearman_models_only"] == 1.0
    assert figures["responses"] == 10 and figures["responses_models_only"] == 7


def test_spearman_shares_ranks_among_ties() -> None:
    a, b = np.array([1, 2, 2, 3.0]), np.array([1, 2, 3, 4.0])
    assert measure_spearman(a, b) == pytest.approx(0.9487, abs=1e-4)
    assert np.isnan(measure_spearman(a, np.ones(4)))


def test_threshold_accuracy_and_bins() -> None:
    scores, bad = np.array([0.1, 0.2, 0.8, 0.9]), np.array([True, True, False, False])
    assert balance_accuracy(scores < choose_threshold(scores, bad), bad) == 1.0
    assert balance_accuracy(np.array([True, False, False, False]), bad) == 0.75
    assert build_bins(np.array([0.05, 0.95, 1.0]), np.array([0.0, 1.0, 0.0])) == [
        {"from": 0.0, "to": 0.1, "n": 1, "predicted": 0.05, "observed": 0.0},
        {"from": 0.9, "to": 1.0, "n": 2, "predicted": 0.975, "observed": 0.5},
    ]
