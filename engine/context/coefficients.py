"""The fitted numbers of evidence and quality, with where they come from. Written by ``calibrate``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).with_name("coefficients.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Linear models over named features.

    Attributes:
        sentence: weight by feature of ``evidence.FEATURES``.
        quality: weights of ``quality.FEATURES`` in its order, the intercept last.
        provenance: data, counts, split, AUC, expected calibration error, date.
    """

    sentence: Mapping[str, float]
    quality: np.ndarray
    provenance: Mapping[str, Any]

    def rate_quality(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (q,) of contexts with the features (q, ``len(quality.FEATURES)``)."""
        return sigmoid(features @ self.quality[:-1] + self.quality[-1])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, safe at both ends."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


@lru_cache(maxsize=1)
def load_coefficients() -> Coefficients:
    """The coefficients that come with this version."""
    content = json.loads(PATH.read_text())
    return Coefficients(
        sentence=content["sentence"],
        quality=np.array(list(content["quality"].values())),
        provenance=content["provenance"],
    )
