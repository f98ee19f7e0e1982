"""A judge tried on one question: what it says of it under each measure, why, how long it took, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.evaluation.bulk_scoring import read_text_samples
from engine.evaluation.judging import JudgeReport, JudgeSpec, JudgeTask, MemoryCache, score_by_judge
from engine.evaluation.measures.judged import JUDGED_DESCRIPTIONS, RUBRIC, is_judged
from engine.evaluation.measures.measure import Score
from engine.evaluation.measures.ragas import TextSample
from engine.evaluation.stored_answers import read_case
from engine.settings import PipelineSettings
from engine.store import RunStore, Store

EXAMPLE = TextSample(
    user_input="How long does a refund take?",
    response="A refund takes 42 days and is paid to the card that was used.",
    references=("A refund takes 42 days.",),
    retrieved_contexts=("Refunds are paid within 42 days of the return, to the card that was used for the order.",),
    reference_contexts=(),
)
TRIED = ("ragas.faithfulness",)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTrial:
    """Scores by measure for one question, and what asking came to."""

    judge: JudgeSpec
    scores: Mapping[str, Score]
    report: JudgeReport

    @property
    def failed(self) -> bool:
        """Whether a score failed."""
        return any(score.status == "failed" for score in self.scores.values())

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``judges --try``."""
        scores = {
            name: {"status": s.status, "value": s.value, "reason": s.reason, "repeats": list(s.repeats)}
            | {"prompt_hash": s.prompt_hash, "cost_usd": s.cost_usd}
            for name, s in self.scores.items()
        }
        return {"judge": self.judge.as_json(), "scores": scores, **self.report.as_json()}


def try_judge(spec: JudgeSpec, samples: Sequence[TextSample], measures: Sequence[str]) -> JudgeTrial:
    """Ask a judge about one question, or one conversation; nothing is stored, nothing comes from the cache.

    Raises:
        UnknownNameError: a measure that no judge scores.
        SettingError: the key's variable is not set.
        ProviderError: litellm knows no such provider.
    """
    rubrics = [f"{RUBRIC}{name}" for name in spec.rubrics]
    names = tuple(dict.fromkeys(measures)) or (*TRIED, *rubrics)
    for name in names:
        if not is_judged(name):
            raise UnknownNameError("judged measure", name, (*JUDGED_DESCRIPTIONS, *rubrics))
    scores: dict[str, Score] = {}
    tasks = [JudgeTask(case_id="tried", measure=name, samples=tuple(samples)) for name in names]
    embed = None
    if "ragas.answer_relevancy" in names:
        from engine.embedding import load_embedder

        embed = load_embedder(PipelineSettings()).embed
    report = score_by_judge(tasks, spec, MemoryCache(), lambda _, name, s: scores.update({name: s}), embed=embed)
    return JudgeTrial(judge=spec, scores={name: scores[name] for name in names}, report=report)


def load_samples(store: Store, run_id: str, case_id: str) -> tuple[TextSample, ...]:
    """The answered questions of one case of a run.

    Raises:
        UnknownNameError: no such run or case.
        InputError: the case has no answer to judge.
    """
    runs = RunStore(store)
    runs.load_run(run_id)
    rows = runs.load_cases(run_id, case_id=case_id)
    if not rows:
        known = [row["id"] for row in runs.load_cases(run_id, limit=8)]
        raise UnknownNameError("case", case_id, known, f"python -m engine cases {run_id} lists them.")
    samples = read_text_samples(rows[0], read_case(rows[0]), None)
    if not samples or rows[0]["status"] == "error":
        raise InputError(f"The case {case_id} has no answer that could be judged.", "Choose another case.")
    return samples
