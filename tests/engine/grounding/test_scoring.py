"""Groundedness: direction, edges, copies, both modes, and the figures stored with its coefficients."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.logistic import fit_logistic, measure_auroc, measure_calibration_error
from engine.evaluation.measures import MEASURES, Sample
from engine.grounding.scoring import (
    VECTORS,
    WORDS,
    choose_mode,
    list_signs,
    load_calibration,
    score_each,
    score_faultless,
    score_groundedness,
    score_response,
    score_sentences,
)
from tests.engine.evaluation.scripted import make_answer

CONTEXT = ["A customer may return unopened boxes within 42 days of delivery. Mr Hale runs the depot in Larkham."]
MODES = pytest.mark.parametrize("vectors", [False, True])
pytestmark = pytest.mark.usefixtures("home")


def score(sentence: str, vectors: bool, question: str = "", summary: bool = False) -> float:
    return score_sentences([sentence], CONTEXT, question, vectors=vectors, summary=summary)[0]


@MODES
def test_a_copy_and_a_rewording_are_grounded_and_a_foreign_sentence_is_not(vectors: bool) -> None:
    assert score("A customer may return unopened boxes within 42 days of delivery.", vectors) == 1.0
    reworded = score("Unopened boxes may be returned within 42 days.", vectors)
    foreign = score("Penguins of Antarctica eat fish from the cold ocean.", vectors)
    assert reworded > 0.7 and foreign < 0.3


@MODES
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Mr Hale allows 42 days.", "Mr Hale allows 60 days."),
        ("Customers return boxes within forty-two days.", "Customers return boxes within forty-five days."),
        ("The depot in Larkham is run by Mr Hale.", "The depot in Larkham is run by Mr Brown."),
        ("Customers may return unopened boxes in 42 days.", "Customers may not return unopened boxes in 42 days."),
    ],
    ids=["number", "written number", "name", "negation"],
)
@pytest.mark.parametrize("summary", [False, True])
def test_a_change_lowers_it(right: str, wrong: str, vectors: bool, summary: bool) -> None:
    odds = [p / (1 - p) for p in (score(text, vectors, summary=summary) for text in (wrong, right))]
    assert odds[0] < 0.8 * odds[1]


def test_an_opposite_lowers_it_more_than_a_synonym() -> None:
    context = ["Revenue in the third quarter increased because the company opened new stores in Norway."]
    synonym = score_sentences(["Revenue in the third quarter grew."], context, summary=True, vectors=True)[0]
    opposite = score_sentences(["Revenue in the third quarter decreased."], context, summary=True, vectors=True)[0]
    assert opposite < synonym - 0.05


def test_sentences_scored_together_score_as_each_would_by_itself() -> None:
    sentences = [
        "Mr Hale allows 60 days.",
        CONTEXT[0].split(". ")[0] + ".",
        "!",
        "The depot is in Larkham.",
        "Nobody asked.",
    ]
    other = ["Larkham has a harbour and a depot.", "Boxes are returned within 60 days."]
    contexts = [CONTEXT, CONTEXT, other, [*other, *CONTEXT], []]
    alone = [score_sentences([s], c, "Who runs it?")[0] for s, c in zip(sentences, contexts, strict=True)]
    assert score_each(sentences, contexts, "Who runs it?") == pytest.approx(alone, abs=1e-12)
    assert score_each([], []) == [] and len({round(score, 3) for score in alone}) > 3


def test_edges_are_defined() -> None:
    assert score_groundedness("Anything.", []) == 0.0
    assert score_groundedness("Anything.", [" "]) == 0.0
    assert score_groundedness("The documents do not mention it.", []) > 0.5, "it claims nothing about the world"
    assert score_groundedness("...", CONTEXT) == 1.0
    assert 0 < score_groundedness("42", CONTEXT) <= 1
    assert 0 < score_groundedness("² ½ 1.2.3 9:30 １２", ["½"]) <= 1
    assert score_sentences([], CONTEXT) == []


def test_a_copy_is_told_from_a_fragment_and_found_across_line_breaks() -> None:
    context = ["Nobody believes that the depot\nin Larkham opened in 1951 or later."]
    assert score_groundedness("the depot in Larkham opened in 1951 or later. [2]", context) == 1.0
    assert score_groundedness("opened in 1951", context) < 1.0
    assert score_groundedness("believes that the depot in Larkham opened in 195", context) < 1.0


def test_a_copy_costs_a_small_part_of_a_judged_sentence() -> None:
    contexts = [" ".join(CONTEXT) + f" It stores {i} crates of apples." * 40 for i in range(4)]

    def seconds(sentence: str) -> float:
        score_sentences([sentence], contexts)  # passages are taken apart once, which both would pay for
        times = []
        for _ in range(20):
            start = time.perf_counter()
            score_sentences([sentence], contexts)
            times.append(time.perf_counter() - start)
        return float(np.median(times))

    assert seconds("Mr Hale runs the depot in Larkham.") < seconds("Mr Hale leads a depot in Larkham.") / 4


def test_the_answer_takes_the_mean_and_the_verdict_the_weakest() -> None:
    assert score_response([1.0, 0.5]) == 0.75
    assert score_response([]) == 1.0
    assert score_faultless([0.9, 0.9, 0.9]) > score_faultless([1.0, 1.0, 0.3])
    assert score_faultless([]) == score_faultless([1.0, 1.0])


def test_an_abstention_claims_nothing() -> None:
    answer = make_answer("I do not know", abstained=True)
    assert MEASURES["groundedness"].judge(Sample(question="?", answer=answer)).status == "not_applicable"


def test_without_the_model_words_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_mode(True) == VECTORS and choose_mode(False) == WORDS
    monkeypatch.setattr("engine.embedding._loaded", {})
    monkeypatch.setattr("engine.embedding.weights.PACKAGE", "a_model_that_is_not_installed")
    assert choose_mode(True) == WORDS
    sentence = "The depot of Larkham keeps pears."
    assert score(sentence, vectors=True) == score(sentence, vectors=False) < 0.95


def test_the_stored_calibration_names_its_data_and_beats_word_overlap() -> None:
    model = load_calibration()
    for mode in (VECTORS, WORDS):
        heads = model["modes"][mode]
        for head in ("added", "changed"):
            assert set(heads[head]["signs"]) <= set(list_signs(mode))
            assert len(heads[head]["signs"]) == len(heads[head]["coefficients"])
        assert heads["answer"][1] > 0 and heads["summary"][1] > 0
    provenance = model["provenance"]
    held_out = provenance["held_out"]
    assert held_out["auc"] > 0.8 and held_out["ece"] < 0.05 and provenance["date"] and provenance["split"]
    answers = next(f for name, f in held_out["sets"].items() if "ragtruth" in name and "words" not in name)
    assert answers["auroc_response_low"] > 0.647, "unigram overlap"
    assert sum(b["n"] for b in held_out["bins"]) == held_out["n"]


def test_the_module_does_not_load_the_model_before_it_is_needed() -> None:
    source = Path("engine/grounding/scoring.py").read_text(encoding="utf-8")
    top = source.split("\ndef ")[0]
    assert "grounding.vectors import" not in top


def test_the_fit_recovers_known_weights_and_the_figures_known_values() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 2))
    p = 1 / (1 + np.exp(-(0.5 + x @ [2.0, -1.0])))
    assert fit_logistic(x, (rng.random(20_000) < p).astype(float), 1e-6) == pytest.approx([0.5, 2.0, -1.0], abs=0.1)
    assert measure_auroc(np.array([1, 2, 2, 3.0]), np.array([False, False, True, True])) == 0.875
    assert measure_calibration_error(np.array([0.25, 0.25]), np.array([1.0, 0.0])) == pytest.approx(0.25)
