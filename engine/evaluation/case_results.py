"""One case, from question to scores: asks the target, checks the answer, keeps what explains the verdict."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from engine.evaluation.deadlines import DeadlineTarget
from engine.evaluation.measures.correctness import is_correct
from engine.evaluation.measures.measure import Measure, Sample, Score, combine_scores
from engine.evaluation.suites import RUN_KINDS, Case, Turn
from engine.evaluation.targets import Target
from engine.types import Answer

_KEPT = (
    "retrieved", "contexts", "sentences", "citations", "timings_ms", "tokens", "cost_usd", "provider", "degraded", "notices", "gaps",
    "validation", "prompt",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case ended. ``case_row`` and ``score_rows`` have the columns of the store's tables."""

    case_id: str
    position: int
    kind: str
    status: str
    question: str
    tags: tuple[str, ...]
    answer: str | None = None
    abstained: bool | None = None
    context_quality: float | None = None
    latency_ms: float | None = None
    checks: Mapping[str, bool] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    @property
    def cost_usd(self) -> float:
        """What the target's models cost for this case, over all of its turns."""
        turns = self.detail.get("turns") or [self.detail]
        return sum(turn.get("cost_usd") or 0.0 for turn in turns)

    @property
    def steps(self) -> int:
        """Stages that were executed: those with a time of their own in each answer, one where only the whole was timed."""
        timings = [turn.get("timings_ms") or {} for turn in self.detail.get("turns") or [self.detail]]
        return sum(max(1, len(t) - ("total" in t)) for t in timings if t)

    @property
    def model_calls(self) -> int:
        """Answers that a model wrote: those for which it counted tokens."""
        tokens = [turn.get("tokens") or {} for turn in self.detail.get("turns") or [self.detail]]
        return sum(bool(t.get("prompt") or t.get("completion")) for t in tokens)

    @property
    def degraded(self) -> str:
        """Why its answers are less than they could be, the first reason; empty when nothing was lost."""
        turns = self.detail.get("turns") or [self.detail]
        return next((reason for turn in turns for reason in turn.get("degraded") or ()), "")

    def case_row(self, run_id: str) -> dict[str, Any]:
        """A row of ``cases``; JSON columns as Python objects, time as naive UTC."""
        return {
            "run_id": run_id,
            "case_id": self.case_id,
            "position": self.position,
            "kind": self.kind,
            "status": self.status,
            "question": self.question,
            "answer": self.answer,
            "abstained": self.abstained,
            "context_quality": self.context_quality,
            "latency_ms": self.latency_ms,
            "tags": list(self.tags),
            "checks": dict(self.checks),
            "detail": dict(self.detail),
            "ended_at": self.ended_at,
            "steps": self.steps,
            "model_calls": self.model_calls,
            "degraded": self.degraded,
        }

    def score_rows(self, run_id: str) -> list[dict[str, Any]]:
        """Rows of ``scores``."""
        return build_score_rows(run_id, self.case_id, self.scores)


def build_score_rows(run_id: str, case_id: str, scores: Mapping[str, Score]) -> list[dict[str, Any]]:
    """Rows of ``scores`` for one case."""
    return [
        {
            "run_id": run_id,
            "case_id": case_id,
            "measure": n,
            "status": s.status,
            "value": s.value,
            "reason": s.reason or None,
            "judge": s.judge or None,
            "prompt_hash": s.prompt_hash or None,
            "repeats": list(s.repeats) or None,
            "cost_usd": s.cost_usd,
        }
        for n, s in scores.items()
    ]


def run_case(
    case: Case,
    position: int,
    target: Target,
    measures: Sequence[Measure],
    documents: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> CaseResult:
    """Puts one case to the target and scores it. An exception of the target or of a measure is the case's error.

    ``timeout_s`` is the time that all turns of the case have together.
    """
    shared: dict[str, Any] = {
        "case_id": case.id,
        "position": position,
        "kind": case.kind,
        "question": case.question,
        "tags": case.tags,
    }
    if case.kind not in RUN_KINDS:
        reason = f"a run does not score {case.kind} cases; `drill` and `validate` do"
        return CaseResult(status="unscored", detail={"reason": reason}, **shared)
    answers: list[Answer] = []
    try:
        if case.kind == "content":
            return _finish_content(case, measures, shared)
        _ask_turns(case, target if timeout_s is None else DeadlineTarget(target, timeout_s), answers)
        return _finish_questions(case, answers, measures, documents, shared)
    except Exception as error:  # one case must not end the run
        return _finish_error(case, answers, error, measures, documents, shared)


def _ask_turns(case: Case, target: Target, answers: list[Answer]) -> None:
    history: list[tuple[str, str]] = []
    for turn in case.turns:
        answer = target.ask(turn.question, tuple(history))
        answers.append(answer)
        history.append((turn.question, answer.text))


def _finish_questions(
    case: Case,
    answers: Sequence[Answer],
    measures: Sequence[Measure],
    documents: Mapping[str, str] | None,
    shared: Mapping[str, Any],
) -> CaseResult:
    right = [_check_turn(t, a) for t, a in zip(case.turns, answers, strict=True)]
    checks = _name_checks(case, answers, right)
    return CaseResult(
        status=("passed" if all(checks.values()) else "failed") if checks else "unscored",
        checks=checks,
        detail=_build_detail(case, answers, right),
        scores=score_answers(case, answers, measures, documents),
        **_summarise_answers(answers),
        **shared,
    )


def score_answers(
    case: Case,
    answers: Sequence[Answer],
    measures: Sequence[Measure],
    documents: Mapping[str, str] | None,
    error: str = "",
) -> dict[str, Score]:
    """Scores of a case by measure; with ``error`` every measure that applies has failed."""
    given: Sequence[Answer | None] = [None] * len(case.turns) if error else answers
    samples = [build_sample(t, a, documents) for t, a in zip(case.turns, given, strict=True)]
    samples = samples or [Sample(content_type=case.content_type)]
    return {m.name: combine_scores(m.judge(sample, error) for sample in samples) for m in measures}


def score_content(case: Case, detected: str, measures: Sequence[Measure]) -> dict[str, Score]:
    """Scores of a content case, whose passage was taken for ``detected``."""
    sample = Sample(content_type=case.content_type, detected_type=detected)
    return {m.name: m.judge(sample) for m in measures}


def _check_turn(turn: Turn, answer: Answer) -> bool | None:
    if not turn.scorable:
        return None
    return is_correct(answer.text, answer.abstained, turn.answers, turn.facts, turn.unanswerable)


def _name_checks(case: Case, answers: Sequence[Answer], right: Sequence[bool | None]) -> dict[str, bool]:
    if case.kind == "conversation":
        return {f"turn {i} correct": ok for i, ok in enumerate(right, 1) if ok is not None}
    if right[0] is None:
        return {}
    return {"correct": right[0], "abstained_correctly": answers[0].abstained == case.turns[0].unanswerable}


def _finish_content(case: Case, measures: Sequence[Measure], shared: Mapping[str, Any]) -> CaseResult:
    from engine.ingestion.content_types import detect_content_type

    start = time.perf_counter()
    detected = detect_content_type(case.text)
    right = detected.name == case.content_type
    return CaseResult(
        status="passed" if right else "failed",
        answer=detected.name,
        checks={"content_type_correct": right},
        detail={
            "expected": {"content_type": case.content_type},
            "confidence": detected.confidence,
            "timings_ms": {"total": (time.perf_counter() - start) * 1000},
        },
        scores=score_content(case, detected.name, measures),
        **shared,
    )


def _finish_error(
    case: Case,
    answers: Sequence[Answer],
    error: Exception,
    measures: Sequence[Measure],
    documents: Mapping[str, str] | None,
    shared: Mapping[str, Any],
) -> CaseResult:
    message = f"{type(error).__name__}: {error}"
    return CaseResult(
        status="error",
        detail={**_build_detail(case, answers, [None] * len(answers)), "error": message},
        scores=score_answers(case, (), measures, documents, message),
        **_summarise_answers(answers),
        **shared,
    )


def build_sample(turn: Turn, answer: Answer | None, documents: Mapping[str, str] | None) -> Sample:
    """What the measures of a case see of one turn."""
    return Sample(
        question=turn.question,
        answers=turn.answers,
        facts=turn.facts,
        relevant=turn.relevant,
        unanswerable=turn.unanswerable,
        answer=answer,
        documents=documents,
    )


def _summarise_answers(answers: Sequence[Answer]) -> dict[str, Any]:
    """The row's own columns: the last answer, and means over the turns."""
    if not answers:
        return {}
    qualities = [a.context.quality for a in answers if a.context.quality is not None]
    return {
        "answer": "\n".join(a.text for a in answers),
        "abstained": answers[-1].abstained,
        "context_quality": fmean(qualities) if qualities else None,
        "latency_ms": fmean(a.timings_ms["total"] for a in answers),
    }


def _build_detail(case: Case, answers: Sequence[Answer], right: Sequence[bool | None]) -> dict[str, Any]:
    expected = [turn.as_json() for turn in case.turns]
    detail: dict[str, Any] = {"expected": expected if case.kind == "conversation" else (expected or [{}])[0]}
    turns = [a.as_json() for a in answers]
    if turns:
        detail.update({name: turns[-1][name] for name in _KEPT})
    if case.kind == "conversation":
        timings = [a.timings_ms for a in answers]
        detail["timings_ms"] = {k: fmean(t.get(k, 0.0) for t in timings) for k in (timings[-1] if timings else ())}
        detail["turns"] = [
            {
                **{k: t[k] for k in ("question", "answer", "abstained", "context_quality", *_KEPT)},
                "expected": e,
                "correct": ok,
            }
            for t, e, ok in zip(turns, expected, right, strict=False)
        ]
    return detail
