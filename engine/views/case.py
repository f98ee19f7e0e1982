"""One case whole: what was asked, what was expected, what came, and why it passed or failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UnknownNameError
from engine.evaluation.measures import describe_measure, known_measures
from engine.store import Store
from engine.views.answers import AnswerView, build_answer
from engine.views.case_company import EarlierCase, LabelLine, Place, find_place, load_earlier, load_labels
from engine.views.case_filter import CaseFilter, build_query
from engine.views.differences import Difference, find_differences
from engine.views.words import decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a good answer holds: any of ``answers``, all of ``facts``; or that there is none."""

    answers: tuple[str, ...]
    facts: tuple[str, ...]
    unanswerable: bool
    content_type: str
    relevant: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    """One question of the case with its answer."""

    number: int
    question: str
    expected: Expected
    answer: AnswerView
    correct: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A measure of the case. ``judge`` says who judged, by which prompt and how often; empty without a model."""

    measure: str
    value: float | None
    status: str
    reason: str
    judge: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """Everything that the screen of one case shows.

    Attributes:
        judged: whether a model scored any of it.
        place: where the case stands in the list that it was opened from.
        earlier: the same case in the run compared with; None without one.
        ask, tuning: query parameters that put the question on Ask and in the Tuning lab; empty where they cannot.
    """

    run_id: str
    suite: str
    case_id: str
    kind: str
    status: str
    tags: tuple[str, ...]
    question: str
    answer_text: str
    abstained: bool
    checks: Mapping[str, bool]
    turns: tuple[TurnView, ...]
    scores: tuple[ScoreRow, ...]
    differences: tuple[Difference, ...]
    error: str
    reason: str
    judged: bool
    place: Place
    labels: tuple[LabelLine, ...]
    earlier: EarlierCase | None
    ask: Mapping[str, str]
    tuning: Mapping[str, str]


def load_case(
    store: Store, run_id: str, case_id: str, chosen: CaseFilter | None = None, zone: str | None = None
) -> CaseView:
    """One case of a run; ``chosen`` is the list that it was opened from.

    Raises:
        UnknownNameError: no such run or case.
    """
    chosen = chosen or CaseFilter()
    query = build_query(store, run_id, chosen)
    place = find_place(store, query, case_id, chosen)
    if place is None:
        raise _unknown_case(store, run_id, case_id)
    row = store.query(
        "SELECT c.*, r.suite, r.settings, r.provenance FROM cases c JOIN runs r USING (run_id)"
        " WHERE c.run_id = ? AND c.case_id = ?",
        [run_id, case_id],
    )[0]
    scores = store.query(
        "SELECT measure, status, value, reason, judge, prompt_hash, repeats FROM scores"
        " WHERE run_id = ? AND case_id = ? ORDER BY measure",
        [run_id, case_id],
    )
    detail: Mapping[str, Any] = row["detail"]
    turns = _turns(row, detail)
    asked = turns[0].question if turns and row["kind"] == "qa" else ""
    corpus = str((row["provenance"] or {}).get("corpus") or "")
    return CaseView(
        run_id=run_id,
        suite=row["suite"],
        case_id=case_id,
        kind=row["kind"],
        status=row["status"],
        tags=tuple(row["tags"]),
        question=row["question"],
        answer_text=row["answer"] or "",
        abstained=bool(row["abstained"]),
        checks={name.replace("_", " "): bool(ok) for name, ok in row["checks"].items()},
        turns=turns,
        scores=_score_rows(scores),
        differences=_differences(row, turns),
        error=str(detail.get("error") or ""),
        reason=str(detail.get("reason") or ""),
        judged=any(row["judge"] for row in scores),
        place=place,
        labels=load_labels(store, run_id, case_id, zone),
        earlier=load_earlier(store, query.against, row),
        ask={"corpus": corpus, "q": asked} if asked and corpus else {},
        tuning={"suite": row["suite"], "case": case_id} if asked else {},
    )


def _unknown_case(store: Store, run_id: str, case_id: str) -> UnknownNameError:
    """Says what is gone: the run, or the case of it."""
    if not store.query("SELECT run_id FROM runs WHERE run_id = ?", [run_id]):
        known = store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 5")
        return UnknownNameError("run", run_id, (row["run_id"] for row in known), "It may have been deleted.")
    known = store.query("SELECT case_id FROM cases WHERE run_id = ? ORDER BY position LIMIT 8", [run_id])
    hint = f"It is not among the ended cases of {run_id}."
    return UnknownNameError("case", case_id, (row["case_id"] for row in known), hint)


def _turns(row: Mapping[str, Any], detail: Mapping[str, Any]) -> tuple[TurnView, ...]:
    minimum = (row["settings"] or {}).get("min_quality")
    if row["kind"] == "conversation":
        return tuple(
            TurnView(
                number=i,
                question=t["question"],
                expected=_expected(t.get("expected")),
                answer=build_answer(t, min_quality=minimum, gold=(t.get("expected") or {}).get("relevant") or ()),
                correct=t.get("correct"),
            )
            for i, t in enumerate(detail.get("turns") or [], 1)
        )
    expected = detail.get("expected") or {}
    answer = {
        **detail,
        "question": row["question"],
        "answer": row["answer"],
        "abstained": row["abstained"],
        "context_quality": row["context_quality"],
    }
    view = build_answer(answer, min_quality=minimum, gold=expected.get("relevant") or ())
    verdict = {"passed": True, "failed": False}.get(row["status"])
    return (TurnView(number=1, question=row["question"], expected=_expected(expected), answer=view, correct=verdict),)


def _expected(expected: Mapping[str, Any] | None) -> Expected:
    expected = expected or {}
    return Expected(
        answers=tuple(expected.get("answers") or ()),
        facts=tuple(expected.get("facts") or ()),
        unanswerable=bool(expected.get("unanswerable")),
        content_type=str(expected.get("content_type") or ""),
        relevant=tuple(expected.get("relevant") or ()),
    )


def _score_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[ScoreRow, ...]:
    known = list(known_measures())
    ordered = sorted(
        rows,
        key=lambda r: (r["status"] == "not_applicable", known.index(r["measure"]) if r["measure"] in known else 99),
    )
    return tuple(
        ScoreRow(
            measure=r["measure"],
            value=r["value"],
            status=r["status"].replace("_", " "),
            reason=r["reason"] or "",
            judge=_judge_words(r),
            description=describe_measure(r["measure"]) if r["measure"] in known else "",
        )
        for r in ordered
    )


def _judge_words(row: Mapping[str, Any]) -> str:
    """``gpt-judge, prompt 3f9a1c02, 3 times: 0.700, 0.800, 0.750``."""
    if not row["judge"]:
        return ""
    prompt = f", prompt {row['prompt_hash'][:8]}" if row["prompt_hash"] else ""
    repeats = row["repeats"] or []
    often = f", {len(repeats)} times: {', '.join(decimal(value) for value in repeats)}" if len(repeats) > 1 else ""
    return f"{row['judge']}{prompt}{often}"


def _differences(row: Mapping[str, Any], turns: tuple[TurnView, ...]) -> tuple[Difference, ...]:
    """Answer against the reference that is most like it; none for a case without a reference."""
    if row["kind"] != "qa" or not turns or not row["answer"]:
        return ()
    expected = turns[0].expected
    return find_differences(row["answer"], expected.answers or ((" ".join(expected.facts),) if expected.facts else ()))
