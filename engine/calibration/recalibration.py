"""Correct context quality by a person's own labelled runs: two numbers on its log odds (Platt 1999).

A case of a run is a label: its context covers a gold span or it does not; for an unanswerable question it never does.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from engine.calibration.fitting import measure_predictions
from engine.context.coefficients import correction_path, load_correction, sigmoid
from engine.errors import InputError
from engine.evaluation.measures.spans import merge_intervals, span_recall
from engine.store import RunStore, Store

FEWEST_CASES = 40
FOLDS = 5
RIDGE = 1e-2  # keeps the correction near none where the cases are few
NEARLY_CERTAIN = 1e-4


def recalibrate(store: Store, run_ids: Sequence[str]) -> dict[str, Any]:
    """Fit the correction on the cases of finished runs and keep it in ``PHASEGATE_HOME``.

    Returns:
        ``scale`` and ``shift``, and under ``before`` and ``after`` how the probabilities do on the cases; ``after`` is
        measured by cross-validation over the questions.

    Raises:
        UnknownNameError: no such run.
        InputError: too few labelled cases, or all of one class.
    """
    with RunStore(store) as runs:
        cases = [case for run_id in run_ids for case in _load_labelled(runs, run_id)]
    p = np.array([quality for _, quality, _ in cases])
    y = np.array([label for _, _, label in cases], bool)
    groups = {question: i % FOLDS for i, question in enumerate(dict.fromkeys(q for q, _, _ in cases))}
    if len(y) < FEWEST_CASES or y.all() or not y.any() or len(groups) < FOLDS:
        raise InputError(
            f"{len(y)} labelled cases of {len(groups)} questions, {int(y.sum())} of them supported: too few to calibrate on, "
            "or of one kind only.",
            f"Give runs with at least {FEWEST_CASES} cases that have gold spans, among them unanswerable questions.",
        )
    z = _log_odds(p)
    earlier = load_correction()
    if earlier:  # runs were made under an earlier correction: take it off again
        z = (z - earlier["shift"]) / earlier["scale"]
    after = np.empty(len(y))
    fold = np.array([groups[question] for question, _, _ in cases])
    for k in range(FOLDS):
        scale, shift = _fit(z[fold != k], y[fold != k])
        after[fold == k] = sigmoid(scale * z[fold == k] + shift)
    scale, shift = _fit(z, y)
    content = {
        "scale": round(scale, 5),
        "shift": round(shift, 5),
        "runs": list(run_ids),
        "date": datetime.date.today().isoformat(),
        "before": measure_predictions(p, y),
        "after": measure_predictions(after, y),
    }
    path = correction_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(draft, path)
    return content


def reset_calibration() -> bool:
    """Go back to the shipped calibration; whether there was anything to take back."""
    existed = correction_path().exists()
    correction_path().unlink(missing_ok=True)
    return existed


def covers_gold_span(expected: Mapping[str, Any], contexts: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether the contexts hold the whole of one of the gold spans; None for a case that names none."""
    if expected.get("unanswerable"):
        return False
    relevant = expected.get("relevant") or ()
    if not relevant:
        return None
    found = merge_intervals((c["document"], c["start"], c["end"]) for c in contexts)
    for span in relevant:
        if span.get("end") is None:
            if span["document"] in found:
                return True
        elif span_recall(merge_intervals([(span["document"], span.get("start") or 0, span["end"])]), found) == 1:
            return True
    return False


def _load_labelled(runs: RunStore, run_id: str) -> list[tuple[str, float, bool]]:
    runs.load_run(run_id)
    labelled = []
    for case in runs.load_cases(run_id):
        quality, expected = case["context_quality"], case.get("expected")
        if case["kind"] != "qa" or quality is None or not expected:
            continue  # a conversation's quality is that of several contexts
        label = covers_gold_span(expected, case["contexts"] or ())
        if label is not None:
            labelled.append((case["question"], float(quality), label))
    return labelled


def _log_odds(p: np.ndarray) -> np.ndarray:
    inside = np.clip(p, NEARLY_CERTAIN, 1 - NEARLY_CERTAIN)
    return np.log(inside / (1 - inside))


def _fit(z: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Scale and shift by penalised maximum likelihood, the scale no less than 0.05 so that the order stays."""

    def loss(w: np.ndarray) -> float:
        p = np.clip(sigmoid(w[0] * z + w[1]), 1e-9, 1 - 1e-9)
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean() + RIDGE * ((w[0] - 1) ** 2 + w[1] ** 2))

    fitted = minimize(loss, np.array([1.0, 0.0]), bounds=[(0.05, 10.0), (-10.0, 10.0)]).x
    return float(fitted[0]), float(fitted[1])
