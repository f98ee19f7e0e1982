"""Scores made in bulk when the cases have ended: ragas' measures, also over cases of an earlier, stopped run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluation.case_results import build_score_rows
from engine.evaluation.measures.measure import Score, combine_scores
from engine.evaluation.measures.ragas import Embed, TextSample, score_texts
from engine.evaluation.stored_answers import merge_detail, read_gaps
from engine.evaluation.suites import Case, Turn

BATCH = 256  # cases scored and recorded at a time


def score_in_bulk(
    rows: Sequence[Mapping[str, Any]],
    cases: Mapping[str, Case],
    names: Sequence[str],
    embed: Embed | None,
    documents: Mapping[str, str] | None,
    run_id: str,
) -> list[dict[str, Any]]:
    """Rows of ``scores`` for ended cases.

    Args:
        rows: table rows of ``cases`` (with ``detail``) or objects of the JSON of ``cases``.
        cases: the suite's cases by id.
    """
    samples: list[TextSample] = []
    owners: list[tuple[str, int, int]] = []
    made: dict[str, dict[str, Score]] = {}
    for row in rows:
        case_id = row.get("case_id") or row["id"]
        case = cases[case_id]
        if row["status"] == "error":
            made[case_id] = fail_all(case, names, row)
            continue
        mine = read_text_samples(row, case, documents)
        if not mine:
            made[case_id] = dict.fromkeys(names, Score.not_applicable("the case asks no question"))
        owners.append((case_id, len(samples), len(samples) + len(mine)))
        samples.extend(mine)
    scored = score_texts(samples, names, embed) if samples else []
    for case_id, first, last in owners:
        if last > first:
            made[case_id] = {n: combine_scores(s[n] for s in scored[first:last]) for n in names}
    return [row for case_id, scores in made.items() for row in build_score_rows(run_id, case_id, scores)]


def fail_all(case: Case, names: Sequence[str], row: Mapping[str, Any]) -> dict[str, Score]:
    if not any(turn.answers or turn.facts or turn.relevant for turn in case.turns):
        return dict.fromkeys(names, Score.not_applicable("the case has neither reference nor gold spans"))
    error = row.get("error") or row.get("detail", {}).get("error", "")
    return dict.fromkeys(names, Score.failed(f"the target failed: {error}"))


def read_text_samples(
    row: Mapping[str, Any], case: Case, documents: Mapping[str, str] | None
) -> tuple[TextSample, ...]:
    """A stored case's answered questions as texts, one a turn."""
    detail = merge_detail(row)
    answered: Sequence[Mapping[str, Any]] = detail.get("turns") or [detail]
    return tuple(_build_sample(turn, got, documents) for turn, got in zip(case.turns, answered, strict=False))


def _build_sample(turn: Turn, got: Mapping[str, Any], documents: Mapping[str, str] | None) -> TextSample:
    gold = [(documents or {}).get(s.document, "")[s.start : s.end] for s in turn.relevant]
    return TextSample(
        user_input=turn.question,
        response=got.get("answer") or "",
        references=turn.answers or ((" ".join(turn.facts),) if turn.facts else ()),
        retrieved_contexts=tuple(c["text"] for c in got.get("contexts") or ()),
        reference_contexts=tuple(text for text in dict.fromkeys(gold) if text.strip()),
        abstained=bool(got.get("abstained")),
        gap=read_gaps(got).get("contexts"),
    )
