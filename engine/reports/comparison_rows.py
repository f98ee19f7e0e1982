"""The tables of a comparison report, in words. HTML, PDF and Markdown print these strings, so they cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluation.comparing.types import Comparison, MeasureDifference, PairComparison, RunSide
from engine.evaluation.comparing.wording import (
    VERDICT_MARKS,
    VERDICT_WORDS,
    write_bare,
    write_interval,
    write_p,
    write_size,
    write_value,
)

FLIPS_SHOWN = 12
TEXT_SHOWN = 200
MEASURE_HEAD = (
    "Measure",
    "A",
    "B",
    "Difference",
    "95 % interval",
    "p (Holm)",
    "+ / = / −",
    "Pairs",
    "Noise ±",
    "Finding",
)
"""Heads of :func:`measure_row`; the letters are those of the pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonReport:
    """A comparison with the flipped cases that are shown, by the pair's number and ``worse`` or ``better``."""

    comparison: Comparison
    flips: Mapping[tuple[int, str], Sequence[Mapping[str, Any]]]


def measure_row(m: MeasureDifference) -> tuple[str, ...]:
    """One measure, in the columns of ``MEASURE_HEAD``."""
    return (
        m.measure,
        write_value(m.a, m.unit),
        write_value(m.b, m.unit),
        write_size(m.difference, m.unit, "+"),
        write_interval(m.low, m.high, m.unit),
        write_p(m.p_adjusted),
        f"{m.wins:,} / {m.ties:,} / {m.losses:,}",
        f"{m.n:,}",
        write_bare(m.noise.band, m.unit) if m.noise else "–",
        finding_words(m),
    )


def finding_words(m: MeasureDifference) -> str:
    """``▼ worse``, with the reason where it adds something."""
    words = f"{VERDICT_MARKS[m.verdict]} {VERDICT_WORDS[m.verdict]}"
    plain = m.reason in ("", "beyond chance", "not beyond chance")
    return words if plain else f"{words}: {m.reason}"


def measure_head(pair: PairComparison) -> tuple[str, ...]:
    """``MEASURE_HEAD`` with the letters of the pair."""
    return (MEASURE_HEAD[0], pair.a.label, pair.b.label, *MEASURE_HEAD[3:])


def run_words(run: RunSide) -> str:
    """``90 of 90 cases ended: 75 passed, 14 failed, 1 error, 0 unscored``."""
    errors = f"{run.errors:,} {'error' if run.errors == 1 else 'errors'}"
    counts = f"{run.passed:,} passed, {run.failed:,} failed, {errors}, {run.unscored:,} unscored"
    return f"{run.ended:,} of {run.cases:,} cases ended: {counts}"


def setup_rows(pair: PairComparison) -> list[tuple[str, str, str]]:
    """What differs in what made the two runs: name, A, B."""
    names = dict.fromkeys((*pair.a.setup, *pair.b.setup))
    sides = pair.a.setup, pair.b.setup
    return [(n, *(_plain(side.get(n)) for side in sides)) for n in names if sides[0].get(n) != sides[1].get(n)]


def power_rows(pair: PairComparison) -> list[tuple[str, str, str]]:
    """Measure, the smallest difference that these cases would show, cases that would be needed more for what was seen."""
    return [
        (m.measure, write_size(m.detectable, m.unit), "–" if m.more_cases is None else f"{m.more_cases:,}")
        for m in pair.measures
        if m.is_tested
    ]


def flip_rows(report: ComparisonReport, number: int, kind: str) -> list[tuple[str, ...]]:
    """Case, question, A's answer, B's answer."""
    return [
        (row["case_id"], *(shorten(row[name] or "–") for name in ("question", "answer_a", "answer_b")))
        for row in report.flips.get((number, kind), ())
    ]


def one_sided_words(pair: PairComparison) -> list[str]:
    """Cases that one run alone has."""
    sides = ((pair.a.label, pair.only_a), (pair.b.label, pair.only_b))
    return [
        f"Only in {label}: {len(ids):,} {'case' if len(ids) == 1 else 'cases'} ({', '.join(ids[:20])}{', …' if len(ids) > 20 else ''})."
        for label, ids in sides
        if ids
    ]


def method_words(pair: PairComparison) -> str:
    """How the figures were made, in one paragraph."""
    noise = next((m.noise for m in pair.measures if m.noise), None)
    floor = (
        f"The noise floor is what {len(noise.runs)} repeated runs differ by (95 %)."
        if noise
        else "No run was repeated, so there is no noise floor, and latency stays undecided."
    )
    return (
        f"Paired by case id over {pair.paired:,} cases. Rates: exact McNemar, Newcombe interval. Means: paired permutation, "
        f"BCa or t interval. Latency: quantiles over the pairs. p after Holm over the {pair.family} measures that were tested; a finding needs p < .025. "
        f"Tolerance {pair.tolerance:g}. {floor}"
    )


def shorten(text: str) -> str:
    """One line of at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_SHOWN else line[: TEXT_SHOWN - 1].rstrip() + "…"


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return "–" if value in (None, "") else str(value)
