"""The fitted numbers of evidence and quality, with where they come from. Written by ``calibrate``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.settings import home

# Share of the trees beside the line: they see more, it goes on beyond what was seen.
TREE_SHARE = 0.7
PATH = Path(__file__).with_name("coefficients.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Linear models over named features.

    Attributes:
        sentence: weight by feature of ``evidence.FEATURES``.
        quality: weights of ``quality.FEATURES`` in its order, the intercept last.
        trees: boosted trees over the same features, whose log odds are mixed with those of the weights.
        provenance: data, counts, split, AUC, expected calibration error, date.
        scale, shift: what a person's own runs corrected: log odds are multiplied and moved by them.
    """

    sentence: Mapping[str, float]
    quality: np.ndarray
    trees: BoostedTrees
    provenance: Mapping[str, Any]
    scale: float = 1.0
    shift: float = 0.0

    def rate_quality(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (q,) of contexts with the features (q, ``len(quality.FEATURES)``)."""
        line = features @ self.quality[:-1] + self.quality[-1]
        log_odds = TREE_SHARE * self.trees.predict(features) + (1 - TREE_SHARE) * line
        return sigmoid(self.scale * log_odds + self.shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostedTrees:
    """Symmetric trees: all nodes of a level ask whether one feature is above one threshold.

    Attributes:
        feature, threshold: (trees, depth); ``value`` (trees, 2**depth), what each leaf adds to the log odds.
    """

    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray
    baseline: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Log odds (n,) of rows (n, features)."""
        above = x[:, self.feature] > self.threshold
        leaf = above @ (1 << np.arange(self.feature.shape[1])[::-1])
        return self.baseline + np.take_along_axis(self.value[None], leaf[:, :, None], axis=2)[:, :, 0].sum(axis=1)

    def as_json(self) -> dict[str, Any]:
        """Plain lists."""
        return {
            "feature": self.feature.tolist(),
            "threshold": np.round(self.threshold, 5).tolist(),
            "value": np.round(self.value, 5).tolist(),
            "baseline": round(self.baseline, 5),
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> BoostedTrees:
        """Of ``as_json``."""
        return BoostedTrees(
            feature=np.array(content["feature"], np.int64),
            threshold=np.array(content["threshold"]),
            value=np.array(content["value"]),
            baseline=float(content["baseline"]),
        )


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, safe at both ends."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def load_coefficients() -> Coefficients:
    """The coefficients that come with this version, corrected by ``calibrate --run`` where that was done."""
    shipped = load_shipped()
    corrected = load_correction()
    if corrected is None:
        return shipped
    return replace(shipped, scale=corrected["scale"], shift=corrected["shift"])


def correction_path() -> Path:
    """The file that holds what a person's own runs corrected."""
    return home() / "calibration.json"


def load_correction() -> dict[str, Any] | None:
    """``scale``, ``shift`` and their provenance, or None when the shipped calibration stands.

    Raises:
        InputError: the file is damaged.
    """
    try:
        content = json.loads(correction_path().read_text())
        return {**content, "scale": float(content["scale"]), "shift": float(content["shift"])}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{correction_path()} is damaged: {error}.", "Remove it, or run: python -m engine calibrate --reset"
        ) from error


@lru_cache(maxsize=1)
def load_shipped() -> Coefficients:
    """The coefficients that come with this version, as they are."""
    content = json.loads(PATH.read_text())
    return Coefficients(
        sentence=content["sentence"],
        quality=np.array(list(content["quality"].values())),
        trees=BoostedTrees.from_json(content["trees"]),
        provenance=content["provenance"],
    )
