"""Fits the two groundedness models and writes ``groundedness.json``, with vectors and from words alone.

What answers add is learned from sentences of answers (spans labelled by people), from graded answers and from claims;
what summaries change from edited summaries. Half of the documents (questions, conversations) are fitted on, by a hash
of their ids; all figures in the file are of the other half. The file keeps the hashes of the groups that were fitted
on, so that ``bench groundedness`` can say which part of its data they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.logistic import build_bins, fit_logistic, measure_auroc, measure_calibration_error
from engine.evaluation.measures.groundedness_data import LabelledResponse, find_response_sets, is_fitted_half
from engine.evaluation.measures.groundedness_figures import choose_threshold, measure_responses
from engine.grounding.scoring import (
    COEFFICIENTS,
    VECTORS,
    WORDS,
    apply_head,
    describe_sentences,
    judge_signs,
    list_signs,
    load_calibration,
    score_at_once,
)
from engine.grounding.signs import WORD_SIGNS

RIDGE, CHANGE_RIDGE = 1e-3, 2e-2
TIMES = {"answers": 1, "graded": 2, "claims": 2}  # small sets count more than their size
CHANGE_WEIGHT = 0.3
# Left to the other model: too few answers have them, and what is learned from those runs the wrong way.
_NOT_LEARNED = ("negation_added", "negation_dropped")
_ADDED = tuple(sign for sign in WORD_SIGNS if sign not in _NOT_LEARNED)
ADDED = {WORDS: _ADDED, VECTORS: (*_ADDED, "claims", "far")}
CHANGED = {
    WORDS: ("numbers_missing", "numbers_kept", "negation_added", "names_missing", "antonym", "slot_filled"),
    VECTORS: (
        "numbers_missing",
        "numbers_kept",
        "negation_added",
        "names_missing",
        "aligned_antonym",
    ),
}
Progress = Callable[[int, int, str], None]
Signs = Sequence[np.ndarray]


def fit_groundedness(
    data: Path, out: Path = COEFFICIENTS, progress: Progress | None = None, code: str | None = None
) -> dict[str, Any]:
    """Fit on labelled responses, write the coefficients with their provenance, return the provenance.

    Args:
        data: a folder of sets (see ``groundedness_data``); answers and summaries have to be among them.
        code: the version of the code, for the provenance.

    Raises:
        InputError: answers or summaries are missing, or hold one class only.
        ModelFileError: the bundled model is missing.
    """
    sets = find_response_sets(data)
    items = [item for found in sets.values() for item in found]
    fitted = np.array([is_fitted_half(item.group) for item in items])
    for kind in ("answers", "summaries"):
        _check_classes(data, kind, [item for item, f in zip(items, fitted, strict=True) if f and item.kind == kind])
    content: dict[str, Any] = {"version": 2, "modes": {}}
    signs: dict[str, list[np.ndarray]] = {}
    for mode in (VECTORS, WORDS):
        signs[mode] = _describe(items, mode, progress)
        content["modes"][mode] = _fit_mode(items, signs[mode], fitted, mode)
    content |= _fit_responses(items, _judge(items, signs[VECTORS], content["modes"][VECTORS], VECTORS), fitted)
    content["provenance"] = {"code": code, **_report(sets, items, signs, fitted, content)}
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    load_calibration.cache_clear()
    return content["provenance"]


def _check_classes(data: Path, kind: str, items: Sequence[LabelledResponse]) -> None:
    labels = {item.unsupported for item in items}
    if len(labels) < 2:
        found = f"{len(items)} of one kind" if items else "none"
        raise InputError(
            f"{data}: the half that is fitted on needs supported and unsupported {kind}; found {found}.",
            "Give a folder of sets with items.jsonl: answers with labelled spans, and edited summaries.",
        )


def _describe(items: Sequence[LabelledResponse], mode: str, progress: Progress | None) -> list[np.ndarray]:
    rows = []
    for i, item in enumerate(items):
        rows.append(describe_sentences(item.sentences, item.contexts, item.question, mode))
        if progress and i % 50 == 0:
            progress(i, len(items), f"reading responses, {mode}")
    return rows


def _fit_mode(items: Sequence[LabelledResponse], signs: Signs, fitted: np.ndarray, mode: str) -> dict[str, Any]:
    """Coefficients of one mode: two heads, and the two lines that calibrate them."""
    names = list_signs(mode)
    open_ = [i for i in np.flatnonzero(fitted) if items[i].contexts]  # without a context nothing is left to learn
    answers = [i for i in open_ if items[i].kind in TIMES for _ in range(TIMES[items[i].kind])]
    summaries = [i for i in open_ if items[i].kind == "summaries"]
    added = _fit_head(items, signs, answers, names, ADDED[mode], RIDGE)
    changed = _fit_head(items, signs, summaries, names, CHANGED[mode], CHANGE_RIDGE)
    model = {"added": added, "changed": changed, "change_weight": CHANGE_WEIGHT}
    labelled = [i for i in open_ if items[i].kind == "answers"]
    x, y = _stack(items, signs, labelled)
    odds = apply_head(x, names, added) + CHANGE_WEIGHT * apply_head(x, names, changed)
    model["answer"] = _line(odds, y)
    x, y = _stack(items, signs, summaries)
    model["summary"] = _line(apply_head(x, names, changed), y)
    return model


def _fit_head(
    items: Sequence[LabelledResponse],
    signs: Signs,
    chosen: Sequence[int],
    names: Sequence[str],
    used: Sequence[str],
    ridge: float,
) -> dict[str, Any]:
    x, y = _stack(items, signs, chosen)
    w = fit_logistic(x[:, [names.index(name) for name in used]], y, ridge)
    return {
        "signs": list(used),
        "intercept": round(float(w[0]), 5),
        "coefficients": [round(float(v), 5) for v in w[1:]],
    }


def _stack(items: Sequence[LabelledResponse], signs: Signs, chosen: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([signs[i] for i in chosen]), np.concatenate([items[i].sentence_labels for i in chosen])


def _line(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Intercept and weight of the logistic of one variable (Platt 1999)."""
    return [round(float(v), 5) for v in fit_logistic(x[:, None], y, 1e-6)]


def _judge(items: Sequence[LabelledResponse], signs: Signs, model: Mapping[str, Any], mode: str) -> list[list[float]]:
    """Scores of all sentences as ``score_sentences`` gives them, from signs that are there already."""
    names = list_signs(mode)
    scores = []
    for item, rows in zip(items, signs, strict=True):
        judged = judge_signs(rows, names, model, summary=item.kind == "summaries")
        at_once = [score_at_once(sentence, item.contexts) for sentence in item.sentences]
        scores.append([float(p if s is None else s) for s, p in zip(at_once, judged, strict=True)])
    return scores


def _fit_responses(
    items: Sequence[LabelledResponse], scores: Sequence[Sequence[float]], fitted: np.ndarray
) -> dict[str, Any]:
    """What turns sentence scores into a verdict on the response: a line, and a threshold for each kind."""
    weakest = np.array([np.sort(s)[:2].mean() for s in scores])
    bad = np.array([item.unsupported > 0.5 for item in items])
    of = {kind: fitted & np.array([item.kind == kind for item in items]) for kind in ("answers", "claims", "summaries")}
    line = _line(weakest[of["answers"]], 1.0 - bad[of["answers"]])
    faultless = 1 / (1 + np.exp(-(line[0] + line[1] * weakest)))
    thresholds = {
        kind: round(choose_threshold(faultless[rows], bad[rows]), 5)
        for kind, rows in of.items()
        if bad[rows].any() and not bad[rows].all()
    }
    return {"faultless": line, "thresholds": thresholds}


def _report(
    sets: Mapping[str, Sequence[LabelledResponse]],
    items: Sequence[LabelledResponse],
    signs: Mapping[str, Signs],
    fitted: np.ndarray,
    content: Mapping[str, Any],
) -> dict[str, Any]:
    from engine.grounding.vectors import load_model

    scores = {mode: _judge(items, signs[mode], content["modes"][mode], mode) for mode in signs}
    held: dict[str, Any] = {}
    first = 0
    for name, found in sets.items():
        rows = [i for i in range(first, first + len(found)) if not fitted[i]]
        first += len(found)
        if rows:
            threshold = content["thresholds"].get(found[0].kind, 0.5)
            for mode in scores:
                label = name if mode == VECTORS else f"{name}, words alone"
                held[label] = measure_responses(
                    [items[i] for i in rows], [scores[mode][i] for i in rows], threshold, content["faultless"]
                )
    answers = [i for i in range(len(items)) if not fitted[i] and items[i].kind == "answers"]
    p = np.concatenate([scores[VECTORS][i] for i in answers])
    y = 1 - np.concatenate([items[i].sentence_labels for i in answers])
    return {
        "data": [f"{name} ({found[0].kind})" for name, found in sets.items()],
        "split": "half of the questions, conversations, documents by sha256 of the id: even to fit, odd to report",
        "labels": "implicit_true spans are unsupported; only items of quality good; a claim needs Complete support",
        "fitted": int(fitted.sum()),
        "responses": len(items),
        "date": datetime.now(UTC).date().isoformat(),
        "version": content["version"],
        "embedder": load_model().name,
        "fitted_groups": " ".join(sorted({item.group for item, f in zip(items, fitted, strict=True) if f})),
        "held_out": {
            "n": len(p),
            "responses": len(answers),
            "supported": round(float(y.mean()), 4),
            "auc": round(measure_auroc(p, y == 1), 4),
            "ece": round(measure_calibration_error(p, y), 4),
            "bins": build_bins(p, y),
            "sets": held,
        },
    }
