"""One case whole: what was asked, what was expected, what came, and why it passed or failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from engine.errors import UnknownNameError
from engine.evaluation.measures import describe_measure, known_measures
from engine.store import Store
from engine.views.answers import AnswerView, build_answer
from engine.views.run import STATUS_ORDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a good answer holds: any of ``answers``, all of ``facts``; or that there is none."""

    answers: tuple[str, ...]
    facts: tuple[str, ...]
    unanswerable: bool
    content_type: str
    relevant: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A run of words: in ``both``, only in the ``answer``, or only in the ``reference``."""

    text: str
    side: str


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
    """A measure of the case."""

    measure: str
    value: float | None
    status: str
    reason: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """Everything that the screen of one case shows; ``previous`` and ``next`` are ids in the list's order."""

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
    position: int
    count: int
    previous: str | None
    next: str | None


def load_case(store: Store, run_id: str, case_id: str) -> CaseView:
    """One case of a run.

    Raises:
        UnknownNameError: no such run or case.
    """
    ids = [
        (r["case_id"], r["status"])
        for r in store.query("SELECT case_id, status, position FROM cases WHERE run_id = ? ORDER BY position", [run_id])
    ]
    ids = sorted(ids, key=lambda pair: STATUS_ORDER.get(pair[1], 9))
    order = [name for name, _ in ids]
    if case_id not in order:
        raise UnknownNameError("case", case_id, order[:8], f"It is not among the {len(order)} ended cases of {run_id}.")
    row = store.query(
        "SELECT c.*, r.suite, r.settings FROM cases c JOIN runs r USING (run_id) WHERE c.run_id = ? AND c.case_id = ?",
        [run_id, case_id],
    )[0]
    scores = store.query(
        "SELECT measure, status, value, reason FROM scores WHERE run_id = ? AND case_id = ? ORDER BY measure",
        [run_id, case_id],
    )
    detail: Mapping[str, Any] = row["detail"]
    turns = _turns(row, detail)
    at = order.index(case_id)
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
        position=at + 1,
        count=len(order),
        previous=order[at - 1] if at else None,
        next=order[at + 1] if at + 1 < len(order) else None,
    )


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
            description=describe_measure(r["measure"]) if r["measure"] in known else "",
        )
        for r in ordered
    )


def _differences(row: Mapping[str, Any], turns: tuple[TurnView, ...]) -> tuple[Difference, ...]:
    """Answer against the reference that is most like it, word by word; none without one that is alike."""
    if row["kind"] != "qa" or not turns or not row["answer"]:
        return ()
    references = turns[0].expected.answers or ((" ".join(turns[0].expected.facts),) if turns[0].expected.facts else ())
    if not references:
        return ()
    answer = row["answer"].split()
    lowered = [word.lower().strip(".,;:!?") for word in answer]
    matchers = [
        (r.split(), SequenceMatcher(None, [w.lower().strip(".,;:!?") for w in r.split()], lowered, autojunk=False))
        for r in references
    ]
    reference, matcher = max(
        matchers, key=lambda pair: sum(b.size for b in pair[1].get_matching_blocks()) / max(1, len(pair[0]))
    )
    if sum(block.size for block in matcher.get_matching_blocks()) * 2 < len(reference):
        return ()  # too unlike: chance matches would be marked
    found: list[Difference] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal" and a < b:
            found.append(Difference(text=" ".join(reference[a:b]), side="reference"))
        if c < d:
            found.append(Difference(text=" ".join(answer[c:d]), side="both" if tag == "equal" else "answer"))
    return tuple(found)
