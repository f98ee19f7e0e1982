"""The measure groundedness: how much of an answer its context supports, by ``engine.grounding``."""

from __future__ import annotations

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_question, score_gap
from engine.grounding.scoring import score_response, score_sentences


def _score(sample: Sample) -> Score:
    assert sample.answer is not None
    if sample.answer.abstained:
        return Score.not_applicable("the engine abstained: nothing was claimed")
    if gap := score_gap(sample, "contexts"):
        return gap
    sentences = [s.text for s in sample.answer.sentences if s.text.strip()] or [sample.answer.text]
    contexts = [part.text for part in sample.answer.context.parts]
    scores = score_sentences(sentences, contexts, sample.question)
    return Score.of(score_response(scores))


MEASURES = (
    Measure(
        name="groundedness",
        description="Mean over the answer's sentences of the calibrated probability that the context supports the "
        "sentence: 1 for a copy; else from its words, numbers, names, negations and opposites, without a model.",
        applies=needs_question,
        score=_score,
    ),
)
