"""Groundedness: direction, edges, and the figures stored with its coefficients."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scripted import make_answer

from engine.evaluation.logistic import fit_logistic, measure_auroc, measure_calibration_error
from engine.evaluation.measures import MEASURES, Sample
from engine.evaluation.measures.groundedness import FEATURES, load_calibration, score_groundedness

CONTEXT = ["A customer may return unopened boxes within 42 days of delivery. Mr Hale runs the depot in Larkham."]


def test_a_copied_sentence_is_grounded_and_a_foreign_one_is_not() -> None:
    assert score_groundedness("A customer may return unopened boxes within 42 days of delivery.", CONTEXT) > 0.95
    assert score_groundedness("Penguins of Antarctica eat fish from the cold ocean.", CONTEXT) < 0.2


def test_a_changed_number_and_a_changed_name_lower_it() -> None:
    right = score_groundedness("Mr Hale allows 42 days.", CONTEXT)
    assert score_groundedness("Mr Hale allows 60 days.", CONTEXT) < right - 0.05
    assert score_groundedness("Mr Brown allows 42 days.", CONTEXT) < right - 0.02


def test_edges_are_defined() -> None:
    assert score_groundedness("Anything.", []) == 0.0
    assert score_groundedness("Anything.", [" "]) == 0.0
    assert score_groundedness("...", CONTEXT) == 1.0
    assert 0 < score_groundedness("42", CONTEXT) <= 1


def test_an_abstention_claims_nothing() -> None:
    answer = make_answer("I do not know", abstained=True)
    assert MEASURES["groundedness"].judge(Sample(question="?", answer=answer)).status == "not_applicable"


def test_the_stored_calibration_names_its_data_and_beats_word_overlap() -> None:
    model = load_calibration()
    assert len(model["coefficients"]) == len(FEATURES) and "RAGTruth" in model["data"] and model["date"]
    assert all(c < 0 for c in model["coefficients"]), "more unsupported must never mean more grounded"
    held_out = model["held_out"]
    assert held_out["auroc_response_lowest_sentence"] > model["published_auroc_response"]["unigram overlap"]
    assert held_out["auroc_sentence"] > 0.8 and held_out["ece_sentence"] < 0.05


def test_the_fit_recovers_known_weights_and_the_figures_known_values() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 2))
    p = 1 / (1 + np.exp(-(0.5 + x @ [2.0, -1.0])))
    assert fit_logistic(x, (rng.random(20_000) < p).astype(float), 1e-6) == pytest.approx([0.5, 2.0, -1.0], abs=0.1)
    assert measure_auroc(np.array([1, 2, 2, 3.0]), np.array([False, False, True, True])) == 0.875
    assert measure_calibration_error(np.array([0.25, 0.25]), np.array([1.0, 0.0])) == pytest.approx(0.25)


def test_a_sentence_takes_under_two_milliseconds_over_900_tokens() -> None:
    contexts = [" ".join(CONTEXT) + f" It stores {i} crates of apples." * 40 for i in range(4)]
    start = time.perf_counter()
    for i in range(50):
        score_groundedness("Mr Hale allows 42 days.", [*contexts, str(i)])
    assert (time.perf_counter() - start) / 50 < 0.002
