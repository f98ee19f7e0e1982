"""The Tuning lab's measures: each under the settings at hand and under the baseline, and the paired difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.views.words import DASH, count, decimal, milliseconds, plural

if TYPE_CHECKING:
    from engine.tuning import Figure, PairedDifference, SuiteFigures

EQUAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the lab measures of a case: name, title, direction, digits, and what it means."""

    name: str
    title: str
    higher: bool
    digits: int
    help: str


MEASURES = (
    Measured(name="recall", title="Recall", higher=True, digits=3, help="Share of the gold spans' characters that stand in the context."),
    Measured(name="precision", title="Precision", higher=True, digits=3, help="Share of the context's characters that lie in a gold span."),
    Measured(name="iou", title="IoU", higher=True, digits=3, help="Characters in both context and gold spans, over the characters in either."),
    Measured(name="document_recall@5", title="Document recall@5", higher=True, digits=3, help="Share of the gold documents among the first five documents of the ranking."),
    Measured(name="ndcg@10", title="nDCG@10", higher=True, digits=3, help="How high the gold documents stand among the first ten of the ranking; 1 is the best order."),
    Measured(name="quality", title="Context quality", higher=True, digits=3, help="Predicted probability that the context supports the answer, computed without the gold spans."),
    Measured(name="tokens", title="Context tokens", higher=False, digits=0, help="Tokens of context that are read for each question, counted by the embedding model."),
)  # fmt: skip
BY_NAME = {measured.name: measured for measured in MEASURES}
_STATES = {"better": "better", "worse": "worse", "unclear": "unclear", "same": "same", "none": DASH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The settings at hand minus the baseline, over the cases that both scored.

    Attributes:
        state: ``better`` or ``worse`` when the 95 % interval leaves out 0, else ``unclear``; ``same`` when no case
            changed; ``none`` without a case.
        low, high: None where there is no interval.
    """

    name: str
    title: str
    value: float
    low: float | None
    high: float | None
    state: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """One line of the table."""

    name: str
    title: str
    now: str
    baseline: str
    difference: Difference
    counts: str
    help: str


def build_rows(
    now: SuiteFigures, baseline: SuiteFigures, paired: Mapping[str, PairedDifference]
) -> tuple[MeasureRow, ...]:
    """The measures of both, then what is predicted."""
    rows = [_measure_row(m, now, baseline, paired.get(m.name)) for m in MEASURES if m.name in now.figures]
    rows += [
        _predicted_row("latency_ms", "Predicted latency", now.latency_ms, baseline.latency_ms, milliseconds, LATENCY_HELP),
        _predicted_row("cost_usd", "Predicted cost", now.cost_usd, baseline.cost_usd, _dollars, COST_HELP),
    ]  # fmt: skip
    return tuple(rows)


LATENCY_HELP = (
    "Wall time of one answer that these settings lead one to expect on this machine. It is predicted, not measured."
)
COST_HELP = "Cost of one answer at the model's list price. The bundled extractive engine costs nothing."


def measure_title(name: str) -> str:
    """A measure as the screen writes it."""
    return BY_NAME[name].title


def difference_words(value: float, digits: int) -> str:
    """A signed number with a true minus sign."""
    text = f"{value:+,.{digits}f}".replace("-", "−").replace(",", "\u202f")
    return f"±{text[1:]}" if not any(d in "123456789" for d in text) else text


def _measure_row(m: Measured, now: SuiteFigures, baseline: SuiteFigures, paired: PairedDifference | None) -> MeasureRow:
    estimate, before = now.figures[m.name], baseline.figures[m.name]
    return MeasureRow(
        name=m.name,
        title=m.title,
        now=write_value(estimate.mean, m.digits),
        baseline=write_value(before.mean, m.digits),
        difference=_difference(m, paired, _largest_change(now, baseline, m.name)),
        counts=f"scored {estimate.scored} of {estimate.total}",
        help=f"{m.help} {'Higher' if m.higher else 'Lower'} is better. Mean of {estimate.scored} of "
        f"{plural(estimate.total, 'question')}{_interval(estimate, m.digits)}.",
    )


def _difference(m: Measured, paired: PairedDifference | None, largest: float) -> Difference:
    if paired is None or not paired.n:
        return Difference(name=m.name, title=m.title, value=0.0, low=None, high=None, state="none", words=DASH)
    value, low, high = paired.difference, paired.low, paired.high
    state = "unclear"
    if largest <= EQUAL:
        state = "same"
    elif low is not None and low > 0:
        state = "better" if m.higher else "worse"
    elif high is not None and high < 0:
        state = "worse" if m.higher else "better"
    ends = (
        ""
        if low is None or high is None
        else f" ({difference_words(low, m.digits)} to {difference_words(high, m.digits)})"
    )
    words = "0" if state == "same" else difference_words(value, m.digits) + ends
    return Difference(name=m.name, title=m.title, value=value, low=low, high=high, state=state, words=words)


def _predicted_row(
    name: str, title: str, now: float | None, before: float | None, write: Callable[[float | None], str], text: str
) -> MeasureRow:
    state, words, value = "none", DASH, 0.0
    if now is not None and before is not None:
        value = now - before
        state = "same" if write(now) == write(before) else "better" if value < 0 else "worse"
        words = "0" if state == "same" else ("−" if value < 0 else "+") + write(abs(value))
    return MeasureRow(
        name=name,
        title=title,
        now=_unbroken(write(now)),
        baseline=_unbroken(write(before)),
        difference=Difference(name=name, title=title, value=value, low=None, high=None, state=state, words=words),
        counts="predicted",
        help=f"{text} Lower is better.",
    )


def _largest_change(now: SuiteFigures, baseline: SuiteFigures, name: str) -> float:
    gap = np.abs(now.per_case[name] - baseline.per_case[name])
    return float(np.nanmax(gap)) if len(gap) and not np.isnan(gap).all() else 0.0


def _interval(estimate: Figure, digits: int) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f", 95 % interval {write_value(estimate.low, digits)} to {write_value(estimate.high, digits)}"


def write_value(value: float | None, digits: int) -> str:
    """A value with the digits of its measure; whole numbers with thin separators."""
    if value is None or np.isnan(value):
        return DASH
    return decimal(value, digits) if digits else count(round(value))


def _unbroken(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _dollars(value: float | None) -> str:
    return DASH if value is None else "$0" if value == 0 else f"${value:.2g}" if value < 0.01 else f"${value:.3f}"


def state_words(state: str) -> str:
    """A difference's state as the screen says it."""
    return _STATES[state]
