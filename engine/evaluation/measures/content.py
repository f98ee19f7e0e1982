"""Content type: dialogue, narrative, mixed, technical."""

from __future__ import annotations

from engine.evaluation.measures.measure import Measure, Sample, Score


def _applies(sample: Sample) -> str:
    return "" if sample.content_type else "the case names no content type"


def _score(sample: Sample) -> Score:
    right = sample.detected_type == sample.content_type
    return Score.of(right, "" if right else f"detected {sample.detected_type}, expected {sample.content_type}")


MEASURES = (
    Measure(
        name="content_type_correct",
        description="1 when the detected content type is the expected one.",
        applies=_applies,
        score=_score,
    ),
)
