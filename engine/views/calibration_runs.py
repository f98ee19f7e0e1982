"""Calibration on a team's own runs: context quality against the gold spans of their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.calibration.fitting import measure_predictions
from engine.calibration.recalibration import covers_gold_span
from engine.context.coefficients import load_correction
from engine.store import RunStore, Store
from engine.views.calibration import MEANINGS, QUALITY, Reliability, build_reliability, build_tiles
from engine.views.run_figures import Tile
from engine.views.words import ago, decimal, percent, plural

FEW = 100
GOOD_ERROR = 0.05
NOTHING = "No case of these runs has gold spans or is marked unanswerable, so nothing says which contexts were right."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReliability:
    """Context quality of a run's own cases against their gold spans. ``advice`` says what the figures allow."""

    n: int
    positives: int
    tiles: tuple[Tile, ...]
    reliability: Reliability | None
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCorrection:
    """A correction by own runs, in words."""

    words: str


def list_labelled_runs(store: Store, limit: int = 40) -> dict[str, str]:
    """Finished runs, newest first: id to what is shown."""
    with RunStore(store) as runs:
        rows = runs.list_runs(limit, status="finished")
    return {r["run_id"]: f"{r['suite']}, {plural(r['cases'], 'case')}, {ago(r['started_at'])}" for r in rows}


def load_run_reliability(store: Store, run_ids: Sequence[str]) -> RunReliability:
    """Context quality against gold spans, over the question cases of some runs.

    A case counts as supported when the context holds the whole of a gold span; an unanswerable one never does. Cases
    without gold spans that can be answered say nothing and are left out.
    """
    pairs: list[tuple[float, bool]] = []
    with RunStore(store) as runs:
        for run_id in run_ids:
            labelled = (_label_case(case) for case in runs.load_cases(run_id, kind="qa"))
            pairs += [pair for pair in labelled if pair is not None]
    if not pairs:
        return RunReliability(n=0, positives=0, tiles=(), reliability=None, advice=NOTHING)
    positives = sum(y for _, y in pairs)
    labels = np.array([y for _, y in pairs], bool)
    figures = measure_predictions(np.array([p for p, _ in pairs], float), labels)
    return RunReliability(
        n=figures["n"],
        positives=positives,
        tiles=build_tiles(figures["auc"], figures["ece"], f"{positives} of {figures['n']}", "Contexts that hold gold"),
        reliability=build_reliability(figures, MEANINGS[QUALITY]),
        advice=_advise(figures, positives),
    )


def _advise(figures: Mapping[str, Any], positives: int) -> str:
    n = figures["n"]
    if positives in (0, n):
        which = "supported" if positives else "unsupported"
        return f"All {plural(n, 'case')} are {which}: with one class only, neither AUC nor a fit is possible."
    if n < FEW:
        return f"{plural(n, 'case')} are few: the bins' intervals are wide. From {FEW} cases on they say more."
    if figures["ece"] <= GOOD_ERROR:
        return f"Predicted and observed differ by {percent(figures['ece'])} on average: the shipped fit holds on your data."
    return f"Predicted and observed differ by {percent(figures['ece'])} on average: a fit on your own runs may serve you better."


def _label_case(case: Mapping[str, Any]) -> tuple[float, bool] | None:
    quality, expected = case["context_quality"], case.get("expected") or {}
    label = covers_gold_span(expected, case["contexts"] or ()) if expected else None
    return None if quality is None or label is None else (float(quality), label)


def load_applied() -> AppliedCorrection | None:
    """The correction that is in use on this machine; None while the shipped calibration stands."""
    content = load_correction()
    if content is None:
        return None
    before, after = content.get("before") or {}, content.get("after") or {}
    return AppliedCorrection(
        words=f"Context quality is corrected by {plural(len(content.get('runs') or ()), 'run')} since {content.get('date')}: "
        f"calibration error {decimal(before.get('ece'))} before, {decimal(after.get('ece'))} after (cross-validated)."
    )
