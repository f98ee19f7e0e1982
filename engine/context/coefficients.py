"""The fitted numbers of evidence and quality, with where they come from. Written by ``calibrate``."""

from __future__ import annotations

import json
import math
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
        sentence: weight by feature of ``evidence.FEATURES``, in its order.
        quality: weights of ``quality.FEATURES`` in its order, the intercept last.
        provenance: data, counts, split, AUC, expected calibration error, date.
    """

    sentence: np.ndarray
    quality: np.ndarray
    provenance: dict[str, Any]

    def score_sentences(self, features: np.ndarray) -> np.ndarray:
        """One score a row, higher is better."""
        return features @ self.sentence


def sigmoid(x: float) -> float:
    """The logistic function, safe for large negative arguments."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


@lru_cache(maxsize=1)
def load_coefficients() -> Coefficients:
    """The coefficients that come with this version."""
    content = json.loads(PATH.read_text())
    return Coefficients(
        sentence=np.array(list(content["sentence"].values()), np.float32),
        quality=np.array(list(content["quality"].values())),
        provenance=content["provenance"],
    )
