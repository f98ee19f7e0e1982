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

PATH = Path(__file__).with_name("coefficients.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """Linear models over named features.

    Attributes:
        sentence: weight by feature of ``evidence.FEATURES``.
        quality: weights of ``quality.FEATURES`` in its order, the intercept last.
        provenance: data, counts, split, AUC, expected calibration error, date.
        scale, shift: what a person's own runs corrected: log odds are multiplied and moved by them.
    """

    sentence: Mapping[str, float]
    quality: np.ndarray
    provenance: Mapping[str, Any]
    scale: float = 1.0
    shift: float = 0.0

    def rate_quality(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (q,) of contexts with the features (q, ``len(quality.FEATURES)``)."""
        return sigmoid(self.scale * (features @ self.quality[:-1] + self.quality[-1]) + self.shift)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, safe at both ends."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def load_coefficients() -> Coefficients:
    """The coefficients that come with this version, corrected by ``calibrate --run`` where that was done."""
    shipped = _load_shipped()
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
def _load_shipped() -> Coefficients:
    content = json.loads(PATH.read_text())
    return Coefficients(
        sentence=content["sentence"],
        quality=np.array(list(content["quality"].values())),
        provenance=content["provenance"],
    )
