"""A comparison in sentences, the same in a shell, on the screen and in a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.evaluation.comparing.types import MeasureDifference, Outcome

LEADING = ("success_rate", "correct", "context_quality")
VERDICT_WORDS = {
    "better": "better",
    "worse": "worse",
    "no_difference": "no difference beyond chance",
    "undecided": "undecided",
    "not_comparable": "not comparable",
    "no_data": "no data",
}
VERDICT_MARKS = {
    "better": "▲", "worse": "▼", "no_difference": "=", "undecided": "?", "not_comparable": "≠", "no_data": "○"
}  # fmt: skip
OUTCOME_WORDS = {
    "worse": "worse beyond chance and tolerance",
    "worse_within_tolerance": "worse, within the tolerance",
    "better": "better beyond chance",
    "no_difference": "no difference beyond chance",
    "no_data": "no data",
}


def write_value(value: float | None, unit: str) -> str:
    """``81.2 %``, ``0.613``, ``24.1 ms``."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{_digits(value)} ms" if unit == "ms" else f"{value:.3f}"


def write_size(value: float | None, unit: str, sign: str = "") -> str:
    """A difference: ``+4.1 points``, ``-0.031``, ``+3.2 ms``."""
    number = write_bare(value, unit, sign)
    return number if value is None or unit == "score" else f"{number} {'points' if unit == 'share' else 'ms'}"


def write_bare(value: float | None, unit: str, sign: str = "") -> str:
    """A difference without its unit; per cent points for a share."""
    if value is None:
        return "–"
    if unit == "ms":
        return _digits(value, sign)
    shown = round(100 * value, 1) + 0.0 if unit == "share" else round(value, 3) + 0.0  # + 0.0: no negative zero
    return f"{shown:{sign if shown else ''}.{1 if unit == 'share' else 3}f}".replace("-", "−")


def write_interval(low: float | None, high: float | None, unit: str) -> str:
    """``1.2 to 7.0``, in the difference's unit."""
    if low is None or high is None:
        return "no interval"
    return f"{write_bare(low, unit)} to {write_bare(high, unit)}"


def write_p(p: float | None) -> str:
    """``p = .006``, ``p < .001``."""
    if p is None:
        return "no test"
    return (
        "p < .001"
        if p < 0.001
        else f"p = {p:.3f}".replace("0.", ".", 1)
        if p < 0.1
        else f"p = {p:.2f}".replace("0.", ".", 1)
    )


def find_leading(measures: Sequence[MeasureDifference]) -> MeasureDifference | None:
    """The measure that the sentence is about: success, else the first that was tested."""
    tested = {m.measure: m for m in measures if m.difference is not None}
    return next((tested[name] for name in LEADING if name in tested), next(iter(tested.values()), None))


def describe_pair(
    label_a: str, label_b: str, measures: Sequence[MeasureDifference], outcome: Outcome, family: int
) -> str:
    """The finding in one sentence or two."""
    lead = find_leading(measures)
    if lead is None or outcome == "no_data":
        return f"No measure has a value for the same case in both runs, so {label_b} and {label_a} cannot be compared."
    others = {v: [m for m in measures if m.verdict == v and m is not lead] for v in ("worse", "better")}
    if lead.verdict in ("better", "worse"):
        also = {lead.verdict: "other "}
        rest = [f"{len(found)} {also.get(v, '')}{_measures(len(found))} {v}" for v, found in others.items() if found]
        within = " (within the tolerance)" if lead.verdict == "worse" and not lead.regression else ""
        return "; ".join([f"{_finding(label_a, label_b, lead)} {_evidence(lead, family)}{within}", *rest]) + "."
    if any(others.values()):
        parts = [f"{_examples(found)} {v}" for v, found in others.items() if found]
        return f"{label_b} against {label_a} beyond chance: {'; '.join(parts)}. {_no_finding(lead, label_a, label_b, family)}"
    return _no_finding(lead, label_a, label_b, family) + _power(lead)


def _evidence(m: MeasureDifference, family: int) -> str:
    shown = f"(95 % interval {write_interval(m.low, m.high, m.unit)})"
    if not m.wins + m.losses:
        return f"{shown}, the same on each of {m.n:,} paired cases"
    holm = f"{write_p(m.p_adjusted)} after Holm over {family} {_measures(family)}, " if m.p_adjusted is not None else ""
    return f"{shown}, {holm}{m.n:,} paired {'case' if m.n == 1 else 'cases'}"


def _no_finding(m: MeasureDifference, label_a: str, label_b: str, family: int) -> str:
    known = {"undecided": "undecided", "not_comparable": "not comparable"}
    words = known.get(m.verdict, f"no difference of {label_b} from {label_a} beyond chance")
    return f"{_name(m)}: {words}, {write_size(m.difference, m.unit, '+')} {_evidence(m, family)}."


def _examples(found: Sequence[MeasureDifference]) -> str:
    """``6 measures (span_recall −0.308, correct −0.072, ...)``: the largest first, those of the answers before others."""
    order = sorted(found, key=lambda m: (m.measure not in LEADING, m.kind == "quantile", -abs(m.difference or 0.0)))
    named = ", ".join(f"{name_measure(m.measure)} {write_size(m.difference, m.unit, '+')}" for m in order[:2])
    return f"{len(found)} {_measures(len(found))} ({named}{', …' if len(found) > 2 else ''})"


def _finding(label_a: str, label_b: str, m: MeasureDifference) -> str:
    size = write_size(abs(m.difference or 0.0), m.unit)
    more = "more" if (m.difference or 0.0) > 0 else "fewer"
    if m.measure in ("success_rate", "correct"):
        return f"{label_b} answers {size} {more} right than {label_a}"
    side = "higher" if (m.difference or 0.0) > 0 else "lower"
    return f"{label_b} has a {_name(m).lower()} {size} {side} than {label_a}, which is {m.verdict}"


def _power(m: MeasureDifference) -> str:
    if m.detectable is None:
        return ""
    return f" So many cases would show a difference of about {write_size(m.detectable, m.unit)} or more; a smaller one may be there."


def _name(m: MeasureDifference) -> str:
    return name_measure(m.measure)


def name_measure(measure: str) -> str:
    """``Success rate``, ``p95 latency``, or the measure's own id."""
    return {
        "success_rate": "Success rate",
        "error_rate": "Error rate",
        "context_quality": "Context quality",
        "latency_p50_ms": "p50 latency",
        "latency_p95_ms": "p95 latency",
    }.get(measure, measure)


def _measures(number: int) -> str:
    return "measure" if number == 1 else "measures"


def _digits(value: float, sign: str = "") -> str:
    size = abs(value)
    digits = 0 if size >= 100 or size == 0 else max(0, min(2, 2 - math.floor(math.log10(size)))) if size >= 0.01 else 3
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}".replace("-", "−")
