"""How a report writes numbers. HTML, PDF and Markdown print the strings of this module, so they cannot disagree."""

from __future__ import annotations

import datetime
import math

NO_DATA = "no data"
NO_INTERVAL = "—"
BY_A_PERSON = "a person confirms it"
VERDICT_WORDS = {"pass": "PASS", "fail": "FAIL", "no_data": "NO DATA"}
VERDICT_MARKS = {"pass": "✔", "fail": "✘", "no_data": "○"}
STATE_MARKS = VERDICT_MARKS | {"waived": "◐"}
GOAL_WORDS = {"pass": "met", "fail": "missed", "no_data": "no data"}
MOST_DECIMALS = 6


def value_words(value: float | None, unit: str, against: float | None = None) -> str:
    """A measured value with its unit: ``84.2 %``, ``12.3 ms``.

    With ``against``, a goal's threshold, digits are added until the printed number lies on the same side of it as the
    value does: 0.8496 held against 0.85 is 84.96 %, never a failed 85.0 %.
    """
    if value is None:
        return NO_DATA
    if unit == "done" and value in (0, 1):
        return "done" if value else "not done"
    shown = 100 * value if unit == "share" else value
    decimals = _decimals(shown, unit)
    if against is not None:
        limit = 100 * against if unit == "share" else against
        while decimals < MOST_DECIMALS and _side(round(shown, decimals), limit) != _side(shown, limit):
            decimals += 1
    return with_unit(f"{shown:,.{decimals}f}", unit)


def threshold_words(threshold: float, unit: str) -> str:
    """A goal's threshold, all of its digits: ``75 %``, ``30 ms``."""
    if unit == "done" and threshold == 1:
        return "done"
    return with_unit(f"{100 * threshold if unit == 'share' else threshold:,.10g}", unit)


def goal_words(direction: str, threshold: float, unit: str) -> str:
    """``≥ 75 %``, never broken over two lines."""
    if unit == "done" and threshold == 1:
        return "done"
    sign = {">=": "≥", "<=": "≤"}.get(direction, direction)
    return f"{sign}\u00a0{threshold_words(threshold, unit)}"


def interval_words(low: float | None, high: float | None, unit: str) -> str:
    """``80.1 – 87.3 %``; one end alone when the sample is too small to bound the other."""
    if low is None and high is None:
        return NO_INTERVAL
    if low is None:
        return f"up to {value_words(high, unit)}"
    if high is None:
        return f"{value_words(low, unit)} or more"
    if unit == "done":
        return NO_INTERVAL
    ends = [100 * x if unit == "share" else x for x in (low, high)]
    decimals = max(_decimals(x, unit) for x in ends)
    return with_unit(f"{ends[0]:,.{decimals}f} – {ends[1]:,.{decimals}f}", unit)


def with_unit(number: str, unit: str) -> str:
    """The number and its unit, with a no-break space where the unit takes a space."""
    if unit in ("", "count", "done", "score", "probability"):
        return number
    if unit == "x":
        return f"{number}×"
    return f"{number}\u00a0{'%' if unit == 'share' else unit}"


def unit_words(unit: str) -> str:
    """The unit as an axis names it."""
    return {"share": "%", "": "value", "x": "×", "done": "done"}.get(unit, unit)


def time_words(moment: datetime.datetime | None) -> str:
    """``2026-03-14 09:30 UTC``; the engine's times are naive UTC."""
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "—"


def duration_words(seconds: float | None) -> str:
    """``4.2 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds is None:
        return "—"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def count_words(count: int, noun: str, nouns: str = "") -> str:
    """``1 goal``, ``3 goals``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def _decimals(shown: float, unit: str) -> int:
    """One for a share, none for a count; three significant digits otherwise, at most four decimals."""
    if unit == "share":
        return 1
    if unit == "count" and float(shown).is_integer():
        return 0
    if shown == 0:
        return 0
    return min(max(2 - math.floor(math.log10(abs(shown))), 0), 4)


def _side(x: float, limit: float) -> int:
    if math.isclose(x, limit, rel_tol=1e-12, abs_tol=1e-12):
        return 0
    return 1 if x > limit else -1
