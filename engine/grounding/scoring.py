"""Groundedness: the calibrated probability that the context supports a sentence, from words or MiniLM's vectors too.

Two logistic models look at the signs of ``signs.py`` and ``vectors.py``. One knows what
answers **add**: words, numbers and names that the context lacks. The other knows what is **changed** in a sentence
that otherwise follows its source: a number, a name, a negation, an opposite. An answer is judged by both, the first in
the lead; a summary (``summary=True``), which rewords everything on purpose, by the second, and by the first where that
is worse.

A sentence that stands in the context word for word is grounded by construction and costs a substring search.
``groundedness.json`` holds the coefficients with the data they were fitted on and what they achieve elsewhere;
``evaluation/measures/fit_groundedness.py`` makes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from engine.errors import ModelFileError
from engine.grounding.signs import WORD_SIGNS, describe_words, is_refusal
from engine.grounding.words import WORD

COEFFICIENTS = Path(__file__).with_name("groundedness.json")
VECTORS, WORDS = "vectors", "words"
SHORTEST_COPY = 5
# A refusal where there is no context: people call 94 % of refusals supported (RAGTruth) and grade these 3.2 of 4.
REFUSED = 0.85
_CITATION = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")


@lru_cache(maxsize=1)
def load_calibration() -> dict[str, Any]:
    """Coefficients of both modes, and their provenance: data, n, split, AUROC, expected calibration error, date."""
    return json.loads(COEFFICIENTS.read_text(encoding="utf-8"))


def choose_mode(vectors: bool) -> str:
    """``vectors`` when they are asked for and the bundled model is installed, else ``words``."""
    if not vectors:
        return WORDS
    from engine.grounding.vectors import load_model

    try:
        load_model()
    except ModelFileError:
        return WORDS
    return VECTORS


def score_sentences(
    sentences: Sequence[str],
    contexts: Sequence[str],
    question: str = "",
    *,
    summary: bool = False,
    vectors: bool = False,
) -> list[float]:
    """Probability in [0, 1] for each sentence of one response that ``contexts`` support it.

    Args:
        sentences: the response's sentences in order; what stands beside a sentence tells about it too.
        question: its words count less when the context lacks them.
        summary: the response restates the context instead of answering a question.
        vectors: look at MiniLM's vectors too. They tell more about summaries and claims, nothing about answers (see the
            stored figures), and cost a hundred times the time; without the model the words decide (``choose_mode``).
    """
    scores = [score_at_once(sentence, contexts) for sentence in sentences]
    if all(score is not None for score in scores):
        return [float(score or 0.0) for score in scores]
    mode = choose_mode(vectors)
    signs = describe_sentences(sentences, contexts, question, mode)
    judged = judge_signs(signs, list_signs(mode), load_calibration()["modes"][mode], summary=summary)
    return [float(p if s is None else s) for s, p in zip(scores, judged, strict=True)]


def score_each(sentences: Sequence[str], contexts: Sequence[Sequence[str]], question: str = "") -> list[float]:
    """Each sentence as a response of its own over contexts of its own, by words: one score a sentence."""
    scores = [score_at_once(sentence, own) for sentence, own in zip(sentences, contexts, strict=True)]
    open_ones = [i for i, score in enumerate(scores) if score is None]
    if open_ones:
        signs = np.vstack([describe_words([sentences[i]], contexts[i], question) for i in open_ones])
        judged = judge_signs(signs, WORD_SIGNS, load_calibration()["modes"][WORDS], summary=False)
        for i, probability in zip(open_ones, judged, strict=True):
            scores[i] = float(probability)
    return [float(score or 0.0) for score in scores]


def score_groundedness(sentence: str, contexts: Sequence[str], question: str = "") -> float:
    """Probability in [0, 1] that ``contexts`` support ``sentence``; 0 without context (a refusal 0.85)."""
    return score_sentences([sentence], contexts, question)[0]


def score_response(scores: Sequence[float]) -> float:
    """How much of a response is supported: the mean over its sentences; 1 without any."""
    return fmean(scores) if scores else 1.0


def score_faultless(scores: Sequence[float], line: Sequence[float] | None = None) -> float:
    """Calibrated probability that no sentence of an answer is unsupported, from its two weakest sentences.

    Args:
        line: intercept and weight to use instead of the stored ones.
    """
    intercept, weight = line or load_calibration()["faultless"]
    weakest = sorted(scores)[:2] or [1.0]
    return float(sigmoid(np.array(intercept + weight * fmean(weakest))))


def describe_sentences(sentences: Sequence[str], contexts: Sequence[str], question: str, mode: str) -> np.ndarray:
    """All signs of a response's sentences, shape (sentences, signs of the mode)."""
    words = describe_words(sentences, contexts, question)
    if mode == WORDS:
        return words
    from engine.grounding.vectors import describe_vectors

    return np.hstack([words, describe_vectors(sentences, contexts, words)])


def list_signs(mode: str) -> tuple[str, ...]:
    """Names of the columns of ``describe_sentences``."""
    if mode == WORDS:
        return WORD_SIGNS
    from engine.grounding.vectors import VECTOR_SIGNS

    return (*WORD_SIGNS, *VECTOR_SIGNS)


def judge_signs(signs: np.ndarray, names: Sequence[str], model: Mapping[str, Any], *, summary: bool) -> np.ndarray:
    """Probability of support for each row of signs, by one mode's coefficients; ``names`` are the columns."""
    added, changed = (apply_head(signs, names, model[head]) for head in ("added", "changed"))
    intercept, weight = model["answer"]
    supported = 1 - sigmoid(intercept + weight * (added + model["change_weight"] * changed))
    if not summary:
        return supported
    intercept, weight = model["summary"]
    return np.minimum(supported, 1 - sigmoid(intercept + weight * changed))


def apply_head(signs: np.ndarray, names: Sequence[str], head: Mapping[str, Any]) -> np.ndarray:
    """The log odds that one of the two logistic models gives against support."""
    columns = [names.index(name) for name in head["signs"]]
    return head["intercept"] + signs[:, columns] @ np.array(head["coefficients"])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Log odds to probability."""
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def score_at_once(sentence: str, contexts: Sequence[str]) -> float | None:
    """The score of a sentence that needs no model: without words, without context, or a copy; else None."""
    if not WORD.search(sentence):
        return 1.0
    plain = _plain_texts(tuple(contexts))
    if not any(plain):
        return REFUSED if is_refusal(sentence) else 0.0
    copy = " ".join(_CITATION.sub("", sentence).split())
    long = copy.count(" ") + 1 >= SHORTEST_COPY
    return 1.0 if any(copy == text or (long and _holds(text, copy)) for text in plain) else None


def _holds(text: str, copy: str) -> bool:
    """Whether a text holds a copy that cuts no word or number at its ends."""
    start = text.find(copy)
    if start < 0:
        return False
    outside = text[max(0, start - 1) : start], text[start + len(copy) : start + len(copy) + 1]
    ends = copy[0], copy[-1]
    return not any(a.isalnum() and b.isalnum() for a, b in zip(outside, ends, strict=True))


@lru_cache(maxsize=32)
def _plain_texts(contexts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in contexts)
