"""Groundedness against people's labels: ranking, balanced accuracy, calibration; published rows beside."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.evaluation.measures.groundedness_data import LabelledResponse, find_response_sets
from engine.evaluation.measures.groundedness_figures import measure_responses
from engine.grounding.scoring import choose_mode, load_calibration, score_sentences

PUBLISHED: dict[str, dict[str, float]] = {
    "answers": {
        "auroc_response: unigram overlap": 0.647,
        "auroc_response: answer length": 0.644,
        "f1: ModernBERT-base, fine-tuned": 0.68,
        "f1: ModernBERT-large, fine-tuned": 0.72,
        "f1: everything is hallucinated": 0.41,
    },
    "graded": {
        "spearman: unigram overlap": 0.70,
        "spearman_models_only: BERT-K-Precision": 0.65,
        "spearman_models_only: RAGAS faithfulness with a model": 0.64,
        "spearman_models_only: ROUGE-L": 0.51,
        "spearman_models_only: model judge": 0.29,
    },
    "summaries": {
        "balanced_accuracy: SummaC": 0.571,
        "balanced_accuracy: QAFactEval": 0.655,
        "balanced_accuracy: GPT-4": 0.821,
        "balanced_accuracy: people": 0.909,
    },
    "claims": {"auroc_response: unigram overlap": 0.60},
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by set: over all items, and over those that the stored coefficients were not fitted on.

    Balanced accuracy uses the stored threshold; ``balanced_accuracy_across`` chooses it anew on the other half of the
    given documents. ``words_alone`` is the same without vectors.

    Raises:
        InputError: no data, or none with labelled responses.
    """
    if data is None:
        raise InputError("bench groundedness needs --data.", "Give a folder with items.jsonl, or a folder of them.")
    if overrides:
        raise InputError("bench groundedness takes no settings.", "Leave --set out.")
    known = set(load_calibration()["provenance"]["fitted_groups"].split())
    mode = choose_mode(True)
    figures: dict[str, Any] = {"mode": mode}
    for name, items in find_response_sets(data).items():
        figures[name] = _measure_set(items, known)
    return figures


def _measure_set(items: Sequence[LabelledResponse], known: set[str]) -> dict[str, Any]:
    kind = items[0].kind
    threshold = load_calibration()["thresholds"].get(kind, 0.5)
    start = time.perf_counter()
    scores = _score(items, vectors=True)
    seconds = time.perf_counter() - start
    rows: dict[str, Any] = {
        "kind": kind,
        "all": measure_responses(items, scores, threshold),
        "words_alone": measure_responses(items, _score(items, vectors=False), threshold),
        "published": PUBLISHED[kind],
        "fitted_on": sum(item.group in known for item in items),
        "ms_a_response": round(1e3 * seconds / len(items), 2),
    }
    held = [i for i, item in enumerate(items) if item.group not in known]
    if 0 < len(held) < len(items):
        rows["held_out"] = measure_responses([items[i] for i in held], [scores[i] for i in held], threshold)
    return rows


def _score(items: Sequence[LabelledResponse], *, vectors: bool) -> list[list[float]]:
    return [
        score_sentences(item.sentences, item.contexts, item.question, summary=item.kind == "summaries", vectors=vectors)
        for item in items
    ]
