"""Context quality, as the pipeline computed it for the answer, without the reference."""

from __future__ import annotations

import math

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_question, score_gap


def _score_quality(sample: Sample) -> Score:
    assert sample.answer is not None
    quality = sample.answer.context.quality
    if quality is None:
        return score_gap(sample, "contexts") or Score.failed("the context's quality was not estimated")
    if not math.isfinite(quality):
        return Score.failed(f"the target reported a context quality of {quality}")
    return Score.of(quality)


MEASURES = (
    Measure(
        name="context_quality",
        description="Calibrated probability that the chosen context supports the answer; needs no reference.",
        applies=needs_question,
        score=_score_quality,
    ),
)
