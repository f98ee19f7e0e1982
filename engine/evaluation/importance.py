"""How much each setting of a sweep moved the goal: a decomposition of the variance over its trials.

An additive model is fitted to the trials by least squares: one level for each value of a listed setting, a parabola over
a range. A setting's share is the part of the variance that the model loses without that setting. On a complete grid this
is exactly the variance of the means by value (the first-order Sobol index). What no setting explains by itself is the
share of their interplay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

METHOD = "main effects: share of the goal's variance over the trials that an additive least-squares fit loses without the setting"
SPARE = 2  # trials that must be left over when the model has taken one for each of its numbers
MOST_LEVELS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Share of the variance by setting, largest first, and what is left. ``reason`` says why there are no shares."""

    shares: Mapping[str, float]
    interplay: float | None
    trials: int
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """As printed and stored."""
        shown = {"method": METHOD, "shares": dict(self.shares), "interplay": self.interplay, "trials": self.trials}
        return shown | ({"reason": self.reason} if self.reason else {})


def measure_importance(
    settings: Sequence[Mapping[str, Any]], scores: Sequence[float], *, complete: bool = False
) -> Importance:
    """Shares of the settings in the variance of the scores.

    Args:
        settings: per trial the values of the settings that were varied.
        scores: per trial the goal's value.
        complete: the trials are a whole grid; on any others a share is lowered by what chance would give it.
    """
    y = np.asarray(scores, dtype=np.float64)
    names = list(settings[0]) if settings else []
    columns = {name: encode_setting([trial[name] for trial in settings]) for name in names}
    columns = {name: matrix for name, matrix in columns.items() if matrix.shape[1]}
    numbers = 1 + sum(matrix.shape[1] for matrix in columns.values())
    if not columns or len(y) < numbers + SPARE:
        return Importance(shares={}, interplay=None, trials=len(y), reason=f"{len(y)} trials are too few to tell")
    total = float(((y - y.mean()) ** 2).sum())
    if total <= 1e-12:
        return Importance(shares={}, interplay=None, trials=len(y), reason="every trial scored the same")
    left = _residual(columns, y)
    by_chance = 0.0 if complete else left / (len(y) - numbers)
    shares = {}
    for name, matrix in columns.items():
        others = {other: m for other, m in columns.items() if other != name}
        share = (_residual(others, y) - left - by_chance * matrix.shape[1]) / total
        shares[name] = min(1.0, max(0.0, share))
    return Importance(
        shares=dict(sorted(shares.items(), key=lambda item: -item[1])),
        interplay=min(1.0, max(0.0, 1.0 - sum(shares.values()))),
        trials=len(y),
    )


def encode_setting(values: Sequence[Any]) -> np.ndarray:
    """Columns of one setting: its levels but the first; a parabola for numbers with many values."""
    levels = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if len(levels) > MOST_LEVELS and not isinstance(levels[0], str):
        ranks = np.searchsorted(np.asarray(levels, dtype=float), np.asarray(values, dtype=float)) / (len(levels) - 1)
        return np.stack([ranks, ranks**2], axis=1)
    return np.asarray([[value == level for level in levels[1:]] for value in values], dtype=float).reshape(
        len(values), -1
    )


def _residual(columns: Mapping[str, np.ndarray], y: np.ndarray) -> float:
    matrix = np.concatenate([np.ones((len(y), 1)), *columns.values()], axis=1)
    fitted, *_ = np.linalg.lstsq(matrix, y, rcond=None)
    return float(((y - matrix @ fitted) ** 2).sum())
