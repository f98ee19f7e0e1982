"""A whole suite under the settings at hand, against the pinned baseline: measures, cases that changed, and how exact it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from engine.views.tuning_controls import list_changes
from engine.views.tuning_measures import BY_NAME, EQUAL, Difference, MeasureRow, build_rows, write_value
from engine.views.words import count, milliseconds, plural, sentence_list

if TYPE_CHECKING:
    from engine.settings import PipelineSettings
    from engine.tuning import Lab, SuiteFigures
    from engine.views.labs import OpenLab


EXACT = "Exact vectors: indexes that are built with these two settings hold the same."
QUICK = (
    "Quick view: a chunk's vector is pooled from the token vectors of its document, which were made once. With vectors set "
    "to separate an index embeds each chunk by itself, so figures can differ a little. Both sides are shown alike."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case whose value differs from the baseline's; ``line`` is its question on one line."""

    case: int
    identifier: str
    line: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitePanel:
    """Everything on the suite's side.

    Attributes:
        finding: one sentence that says what the settings change.
        changes: settings that differ from the baseline.
        better, worse: cases by the chosen measure, the largest change first.
        notes: what a reader must know before reading a figure.
        vectors: which vectors are shown, in words; ``exact`` is whether a fresh index would hold the same.
    """

    finding: str
    changes: tuple[str, ...]
    rows: tuple[MeasureRow, ...]
    better: tuple[CaseChange, ...]
    worse: tuple[CaseChange, ...]
    ties: int
    measure: str
    notes: tuple[str, ...]
    vectors: str
    exact: bool
    seconds: str


def build_suite_panel(
    opened: OpenLab, settings: PipelineSettings, against: PipelineSettings, measure: str = "recall"
) -> SuitePanel:
    """Figures, paired differences, and the cases that changed by ``measure``.

    Raises:
        SettingError: settings that the lab cannot show.
    """
    lab = opened.lab
    now, baseline, exact = evaluate_alike(opened, settings, against)
    paired = lab.compare(baseline, now)
    rows = build_rows(now, baseline, paired)
    better, worse, ties = _split_cases(lab, now, baseline, measure)
    changes = list_changes(settings, against)
    return SuitePanel(
        finding=_write_finding(rows, bool(changes)),
        changes=changes,
        rows=rows,
        better=better,
        worse=worse,
        ties=ties,
        measure=measure,
        notes=_write_notes(now, mixed=settings.pooling != against.pooling and not exact),
        vectors=EXACT if exact else QUICK,
        exact=exact,
        seconds=f"{plural(_total(now), 'question')} in {milliseconds(now.seconds * 1000)}",
    )


def _write_finding(rows: Sequence[MeasureRow], changed: bool) -> str:
    """What is better and worse beyond chance, in a sentence."""
    if not changed:
        return "These are the baseline's settings. Move a slider, and every figure is set against them."
    told = [row for row in rows if row.counts != "predicted" and row.difference.state != "none"]
    by_state = {s: [r for r in told if r.difference.state == s] for s in ("better", "worse")}
    sentences = [
        f"{state.capitalize()}: {sentence_list(f'{_lower(r.title)} {_head(r.difference)}' for r in by_state[state])}."
        for state in ("better", "worse")
        if by_state[state]
    ]
    if not sentences:
        return f"No measure differs from the baseline beyond chance ({plural(len(told), 'measure')})."
    rest = len(told) - sum(len(rows) for rows in by_state.values())
    return " ".join(sentences) + (f" No clear difference in the other {rest}." if rest else "")


def _lower(title: str) -> str:
    return title if any(c.isupper() for c in title[1:]) else title[0].lower() + title[1:]


def _head(difference: Difference) -> str:
    return difference.words.partition(" (")[0]


def _write_notes(now: SuiteFigures, *, mixed: bool) -> tuple[str, ...]:
    notes = []
    if mixed:
        notes.append("The quick view pools the vectors of both ways alike. Make it exact to see how they differ.")
    if now.settings.top_k > now.chunks > 0:
        notes.append(
            f"Top-k {now.settings.top_k} is more than the corpus has chunks ({count(now.chunks)}): every chunk is handed "
            "to context selection, and a larger top-k changes nothing."
        )
    recall = now.figures.get("recall")
    if recall is not None and recall.total and not recall.scored:
        notes.append(
            "No case of this suite has a gold span, so recall, precision and IoU cannot be scored. Add `relevant` spans to "
            "cases.jsonl to see them; context quality, tokens and latency need none."
        )
    return tuple(notes)


def evaluate_alike(
    opened: OpenLab, settings: PipelineSettings, against: PipelineSettings
) -> tuple[SuiteFigures, SuiteFigures, bool]:
    """Both sides with the vectors that their indexes hold, or both with pooled ones, and whether they are exact.

    A difference never mixes the two views.
    """
    sides = [opened.evaluate(settings), opened.evaluate(against)]
    exact = all(side.exact for side in sides)
    if not exact:
        sides = [
            opened.evaluate(side.settings.with_values({"pooling": "late"})) if side.exact else side for side in sides
        ]
    return sides[0], sides[1], exact


def _split_cases(
    lab: Lab, now: SuiteFigures, baseline: SuiteFigures, measure: str
) -> tuple[tuple[CaseChange, ...], tuple[CaseChange, ...], int]:
    m = BY_NAME[measure]
    after, before = now.per_case[measure], baseline.per_case[measure]
    gain = (after - before) * (1 if m.higher else -1)
    told = np.nan_to_num(gain, nan=0.0)
    order = np.argsort(-np.abs(told), kind="stable")
    changes = {
        sign: tuple(
            CaseChange(
                case=int(i),
                identifier=lab.cases[i].id,
                line=shorten(lab.cases[i].question, 80, placeholder=" …"),
                words=f"{write_value(float(before[i]), m.digits)} → {write_value(float(after[i]), m.digits)}",
            )
            for i in order
            if told[i] * sign > EQUAL
        )
        for sign in (1, -1)
    }
    scored = int(np.count_nonzero(~np.isnan(gain)))
    return changes[1], changes[-1], scored - len(changes[1]) - len(changes[-1])


def order_cases(opened: OpenLab, settings: PipelineSettings) -> dict[str, str]:
    """Questions by case id, failures first: least recall, then least quality; cases without gold spans last."""
    figures = opened.evaluate(settings)
    recall, quality = figures.per_case["recall"], figures.per_case["quality"]
    order = np.lexsort((np.nan_to_num(quality, nan=1.0), np.where(np.isnan(recall), 2.0, recall)))
    cases = [opened.lab.cases[i] for i in order]
    return {case.id: case.question for case in cases}


def _total(figures: SuiteFigures) -> int:
    return max((estimate.total for estimate in figures.figures.values()), default=0)
