"""Measures that a model judges: what they are and what a case must have for them. Nothing here imports ragas."""

from __future__ import annotations

from engine.evaluation.measures.measure import Score
from engine.evaluation.measures.ragas import TextSample

JUDGED_DESCRIPTIONS: dict[str, str] = {
    "ragas.faithfulness": "By a judge model through ragas: share of the answer's statements that the contexts support.",
    "ragas.answer_relevancy": "By a judge model through ragas: it writes three questions that the answer would fit; "
    "their mean cosine with the real question, 0 when the answer avoids it.",
    "ragas.context_precision": "By a judge model through ragas: average precision of the contexts in order; the judge "
    "says of each whether it helps to reach the reference answer.",
    "ragas.context_recall": "By a judge model through ragas: share of the reference answer's statements that the "
    "contexts hold.",
    "ragas.factual_correctness": "By a judge model through ragas: F1 of the claims that answer and reference share.",
    "ragas.noise_sensitivity": "By a judge model through ragas: share of the answer's statements that are wrong and "
    "come from a relevant context. Lower is better.",
}
LOWER_IS_BETTER = frozenset({"ragas.noise_sensitivity"})
RUBRIC = "rubric."
RUBRIC_DESCRIPTION = "By a judge model, from 0 to 1: how well the answer meets a rule that is written in plain words."

_CONTEXTS, _REFERENCE, _ANSWER, _CLAIMS = "contexts", "reference", "answer", "claims"
_NEEDS: dict[str, tuple[str, ...]] = {
    "ragas.faithfulness": (_ANSWER, _CLAIMS, _CONTEXTS),
    "ragas.answer_relevancy": (_ANSWER,),
    "ragas.context_precision": (_REFERENCE, _CONTEXTS),
    "ragas.context_recall": (_REFERENCE, _CONTEXTS),
    "ragas.factual_correctness": (_ANSWER, _REFERENCE),
    "ragas.noise_sensitivity": (_ANSWER, _CLAIMS, _REFERENCE, _CONTEXTS),
}


def is_judged(name: str) -> bool:
    """Whether a measure needs a judge model; ``name[judge]`` is the same measure by a second judge of a run."""
    plain = name.split("[", 1)[0]
    return plain in JUDGED_DESCRIPTIONS or (plain.startswith(RUBRIC) and len(plain) > len(RUBRIC))


def score_without_judge(name: str, sample: TextSample) -> Score | None:
    """The score of a sample that leaves a judge nothing to decide; None when it must be asked."""
    needs = _NEEDS.get(name, (_ANSWER,))
    if not sample.user_input.strip():
        return Score.not_applicable("the case asks no question")
    if _REFERENCE in needs and not any(text.strip() for text in sample.references):
        return Score.not_applicable("the case has no reference answer")
    if _CLAIMS in needs and sample.abstained:
        return Score.not_applicable("the target said that it does not know, so nothing is claimed")
    if _ANSWER in needs and not sample.response.strip():
        return Score.not_applicable("there is no answer to judge")
    if _CONTEXTS in needs and sample.gap:
        return Score.failed(sample.gap.reason) if sample.gap.fails else Score.not_applicable(sample.gap.reason)
    if _CONTEXTS in needs and not sample.retrieved_contexts:
        if _ANSWER in needs:
            return Score.not_applicable("the answer came without contexts")
        return Score.of(0.0, "no context was chosen")
    return None


def choose_reference(sample: TextSample) -> str:
    """The reference that a judge compares with: of several alternatives the longest, which says the most."""
    return max(sample.references, key=len, default="")
