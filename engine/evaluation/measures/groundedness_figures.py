"""How well groundedness agrees with people: figures of a set of labelled responses, with bootstrap intervals.

Binary labels (answers, claims, summaries) are ranked by the probability that nothing is unsupported, graded ones by the
mean over sentences: a single slip makes a response hallucinated, but hardly lowers a grade.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.evaluation.logistic import measure_auroc, measure_calibration_error
from engine.evaluation.measures.groundedness_data import LabelledResponse
from engine.grounding.scoring import score_faultless, score_response

RESAMPLES = 300
Figure = Callable[[np.ndarray], float]


def measure_responses(
    items: Sequence[LabelledResponse],
    scores: Sequence[Sequence[float]],
    threshold: float,
    line: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Figures of one set.

    Args:
        scores: groundedness of each item's sentences.
        threshold: a response whose ``score_faultless`` is below it is called hallucinated; chosen on other items.
        line: the line of ``score_faultless``, when not the stored one.
    """
    groups = np.unique([item.group for item in items], return_inverse=True)[1]
    figures: dict[str, Any] = {"responses": len(items), "groups": int(groups.max()) + 1}
    if items[0].kind == "graded":
        return figures | _measure_grades(items, scores, groups)
    bad = np.array([item.unsupported > 0.5 for item in items])
    faultless = np.array([score_faultless(s, line) for s in scores])
    mean = np.array([score_response(s) for s in scores])
    figures |= {"hallucinated": int(bad.sum())}
    figures |= _with_interval("auroc_response", lambda k: _rank(-faultless[k], bad[k]), groups)
    figures |= {"auroc_response_mean": _round(_rank(-mean, bad)), "auroc_response_lowest": _lowest(scores, bad)}
    figures |= _with_interval("balanced_accuracy", lambda k: balance_accuracy(faultless[k] < threshold, bad[k]), groups)
    figures |= _with_interval(
        "balanced_accuracy_across",
        lambda k: _cross_accuracy(faultless[k], bad[k], groups[k]),
        groups,
    )
    figures |= {"f1": _round(_f1(faultless < threshold, bad)), "ece_response": _error(faultless, ~bad)}
    return figures | _measure_sentences(items, scores, groups)


def balance_accuracy(called: np.ndarray, bad: np.ndarray) -> float:
    """Mean of the shares of bad and of good ones that are called so; NaN without one of them."""
    if bad.all() or not bad.any():
        return float("nan")
    return float((called[bad].mean() + (~called[~bad]).mean()) / 2)


def choose_threshold(scores: np.ndarray, bad: np.ndarray) -> float:
    """The score below which calling responses bad gives the best balanced accuracy."""
    candidates = np.unique(np.quantile(scores, np.linspace(0.02, 0.98, 97)))
    called = [np.searchsorted(np.sort(scores[rows]), candidates) / rows.sum() for rows in (bad, ~bad)]
    return float(candidates[np.argmax(called[0] - called[1])])


def measure_spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation, ties at their mean rank; NaN when one does not vary."""
    ranks = [_mean_ranks(x) for x in (a, b)]
    if any(r.std() == 0 for r in ranks):
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _measure_grades(
    items: Sequence[LabelledResponse], scores: Sequence[Sequence[float]], groups: np.ndarray
) -> dict[str, Any]:
    grades = np.array([item.grade for item in items], float)
    mean = np.array([score_response(s) for s in scores])
    figures = _with_interval("spearman", lambda k: measure_spearman(mean[k], grades[k]), groups)
    models = np.array([item.model for item in items])
    answers = np.flatnonzero(models != "reference")
    if 0 < len(answers) < len(items):
        of_models = _with_interval(
            "spearman_models_only",
            lambda k: measure_spearman(mean[answers][k], grades[answers][k]),
            groups[answers],
        )
        figures |= {"responses_models_only": len(answers), **of_models}
    return figures


def _measure_sentences(
    items: Sequence[LabelledResponse], scores: Sequence[Sequence[float]], groups: np.ndarray
) -> dict[str, Any]:
    p = np.concatenate([np.asarray(s, float) for s in scores])
    supported = np.concatenate([1 - item.sentence_labels for item in items])
    of = np.repeat(groups, [len(s) for s in scores])
    return {
        "sentences": len(p),
        "share_supported": _round(float(supported.mean())),
        **_with_interval("auroc_sentence", lambda k: _rank(p[k], supported[k] > 0.5), of),
        "ece_sentence": _error(p, supported),
    }


def _with_interval(name: str, figure: Figure, groups: np.ndarray) -> dict[str, Any]:
    """The figure and its 95 % percentile interval over resampled groups (documents, questions), seeded."""
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
    members = [m for m in members if len(m)]
    rng = np.random.default_rng(0)
    drawn = [
        figure(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]))
        for _ in range(RESAMPLES)
    ]
    kept = [value for value in drawn if not np.isnan(value)]
    low, high = np.quantile(kept, [0.025, 0.975]) if kept else (float("nan"), float("nan"))
    return {
        name: _round(figure(np.arange(len(groups)))),
        f"{name}_low": _round(float(low)),
        f"{name}_high": _round(float(high)),
    }


def _cross_accuracy(scores: np.ndarray, bad: np.ndarray, groups: np.ndarray) -> float:
    """Balanced accuracy with the threshold of each half of the groups chosen on the other half."""
    called = np.zeros(len(scores), bool)
    for half in (groups % 2 == 0, groups % 2 == 1):
        if half.all() or not half.any() or bad[~half].all() or not bad[~half].any():
            return float("nan")
        called[half] = scores[half] < choose_threshold(scores[~half], bad[~half])
    return balance_accuracy(called, bad)


def _rank(scores: np.ndarray, positive: np.ndarray) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    return measure_auroc(scores, positive)


def _lowest(scores: Sequence[Sequence[float]], bad: np.ndarray) -> float | None:
    return _round(_rank(-np.array([min(s) for s in scores]), bad))


def _f1(called: np.ndarray, bad: np.ndarray) -> float:
    return 2 * float((called & bad).sum()) / max(1, int(called.sum() + bad.sum()))


def _error(p: np.ndarray, y: np.ndarray) -> float:
    return round(measure_calibration_error(p, y.astype(float)), 4)


def _mean_ranks(x: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _round(value: float) -> float | None:
    """Four decimals; None for what is not defined."""
    return None if np.isnan(value) else round(value, 4)
