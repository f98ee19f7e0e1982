"""Numbers, times and states as the screens write them. A missing value is a dash, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DASH = "–"


def percent(value: float | None, digits: int = 1) -> str:
    """``0.8125`` as ``81.2 %``; 0 and 1 without decimals."""
    if value is None:
        return DASH
    return f"{value * 100:.0f} %" if value in (0, 1) else f"{value * 100:.{digits}f} %"


def decimal(value: float | None, digits: int = 3) -> str:
    """A score in [0, 1] with three digits."""
    return DASH if value is None else f"{value:.{digits}f}"


def count(value: int | None) -> str:
    """A whole number with thin separators."""
    return DASH if value is None else f"{value:,}".replace(",", "\u202f")


def plural(number: int, one: str, many: str = "") -> str:
    """``1 case``, ``3 cases``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def milliseconds(value: float | None) -> str:
    """A wall time in ms or s, three significant digits."""
    if value is None:
        return DASH
    if value >= 1000:
        return f"{value / 1000:.3g} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.2g} ms" if value < 1 else f"{value:.1f} ms"


def megabytes(value: float | None) -> str:
    """Memory in MB."""
    return DASH if value is None else f"{value:,.0f} MB".replace(",", "\u202f")


def duration(seconds: float | None) -> str:
    """A span of time: ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds is None:
        return DASH
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def interval(low: float | None, high: float | None, write: Any = percent) -> str:
    """``95 % interval 71.0 % to 88.4 %``; an unbounded end is said so."""
    if low is None and high is None:
        return "no interval yet"
    if low is None:
        return f"95 % interval up to {write(high)}"
    if high is None:
        return f"95 % interval from {write(low)}"
    return f"95 % interval {write(low)} to {write(high)}"


def in_zone(moment: datetime | None, zone: str | None) -> datetime | None:
    """A time of the store (UTC without a zone) in the person's zone."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(ZoneInfo(zone)) if zone else aware
    except (ZoneInfoNotFoundError, ValueError):
        return aware


def clock(moment: datetime | None, zone: str | None = None) -> str:
    """``31 Jan 2026, 14:05`` in the person's zone."""
    local = in_zone(moment, zone)
    return DASH if local is None else f"{local.day} {local:%b %Y, %H:%M}"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """``just now``, ``5 minutes ago``, ``3 days ago``."""
    if moment is None:
        return "never"
    passed = (now or datetime.now(UTC)).astimezone(UTC) - moment.replace(tzinfo=moment.tzinfo or UTC)
    if passed < timedelta(seconds=45):
        return "just now"
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if passed.total_seconds() >= unit:
            return f"{plural(int(passed.total_seconds() // unit), name)} ago"
    return "a minute ago"


def setting_value(value: Any) -> str:
    """A setting as written in files: lists joined, empty text as a dash."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {setting_value(v)}" for k, v in value.items()) or DASH
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(setting_value(v) for v in value) or DASH
    return DASH if value in (None, "") else str(value)


def sentence_list(items: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    names = list(items)
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
