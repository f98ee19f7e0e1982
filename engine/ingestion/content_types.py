"""What kind of prose a text is: dialogue, narrative, a mixture of both, or technical.

Three small logistic models over the features of ``content_features``: is it technical; if not, does anybody speak in it;
if so, is speech most of it. The confidence is the probability that they give. ``engine.evaluation.content_type_fit``
fits them; ``content_types.json`` keeps the weights with where they come from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.ingestion.content_features import FEATURES, measure_features

PATH = Path(__file__).with_name("content_types.json")
CONTENT_TYPES = ("dialogue", "narrative", "mixed", "technical")
Weights = Mapping[str, Mapping[str, float]]
_COLUMN = {name: i for i, name in enumerate(FEATURES)}
# Which features each question is answered by.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "technical": (
        "technical_tokens", "marked_lines", "instructions", "jargon", "past", "persons", "self", "rules", "transcript",
    ),
    "speech": ("speech", "talk", "talk_low", "opens_with_speech", "speech_verbs"),
    "dialogue": ("speech", "transcript"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContentType:
    """``name`` is dialogue, narrative, mixed or technical; ``confidence`` is the calibrated probability of that name."""

    name: str
    confidence: float


def detect_content_type(text: str) -> ContentType:
    """The most probable type of a text. A text without a single letter is narrative with a confidence of 0."""
    if not any(char.isalpha() for char in text):
        return ContentType("narrative", 0.0)
    shares = weigh_types(measure_features(text))
    name = max(shares, key=lambda kind: shares[kind])
    return ContentType(name, shares[name])


def weigh_types(features: Sequence[float], weights: Weights | None = None) -> dict[str, float]:
    """The probability of each type; they sum to 1.

    Args:
        weights: those of each question by feature, with its ``intercept``; the shipped ones when left out.
    """
    known = load_weights() if weights is None else weights
    technical, speech, dialogue = (_answer(known[question], names, features) for question, names in QUESTIONS.items())
    return {
        "dialogue": (1 - technical) * speech * dialogue,
        "narrative": (1 - technical) * (1 - speech),
        "mixed": (1 - technical) * speech * (1 - dialogue),
        "technical": technical,
    }


@cache
def load_weights() -> Weights:
    """The shipped weights; ``load_weights.cache_clear()`` after they have been fitted anew."""
    weights: Weights = json.loads(PATH.read_text())["weights"]
    return weights


def _answer(weights: Mapping[str, float], names: Sequence[str], features: Sequence[float]) -> float:
    score = weights["intercept"] + sum(weights[name] * features[_COLUMN[name]] for name in names)
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))
