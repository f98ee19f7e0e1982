"""What each field of a profile may hold, and reading it from the text of a variable or of the command line."""

from __future__ import annotations

from typing import Any

from engine.errors import SettingError

RANGES: dict[str, tuple[float, float]] = {
    "validators": (0, 6),
    "validators_max": (0, 6),
    "consensus": (0.0, 1.0),
    "memory_mb": (128, 1_048_576),
    "cache_answers": (0, 1_000_000),
    "cache_ttl_s": (1, 2_592_000),
    "concurrency": (1, 1000),
    "queue": (0, 100_000),
    "queue_wait_s": (0.0, 3600.0),
    "connections": (1, 1000),
    "requests_per_minute": (1, 1_000_000),
    "user_requests_per_minute": (1, 1_000_000),
    "calls_per_second": (0.0, 10_000.0),
    "parallel_calls": (1, 64),
}
FLOATS = ("consensus", "queue_wait_s", "calls_per_second")
SWITCHES = ("semantic_cache", "streaming", "batching")
CHOICES = {
    "tier": ("small", "medium", "large"),
    "provider": ("extractive", "litellm"),
    "injection": ("flag", "refuse"),
}
PLACES = ("logs", "stored", "answers")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def parse_field(name: str, value: Any, origin: str) -> Any:
    """The value of a field, from what a file, a screen or a variable holds.

    Raises:
        SettingError: of the wrong type or out of range; the message names ``origin``.
    """
    if name in SWITCHES:
        return _parse_switch(name, value, origin)
    if name == "redact_pii":
        return _parse_places(value, origin)
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise _wrong(name, f"one of {', '.join(CHOICES[name])}", value, origin)
        return value
    if name in RANGES:
        return _parse_number(name, value, origin)
    if not isinstance(value, str):
        raise _wrong(name, "text", value, origin)
    return value.strip()


def _parse_switch(name: str, value: Any, origin: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise _wrong(name, "true or false", value, origin)
    return text in _TRUE


def _parse_places(value: Any, origin: str) -> tuple[str, ...]:
    """``logs,stored``; ``none`` is nowhere."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise _wrong("redact_pii", f"some of {', '.join(PLACES)}, or none", value, origin)
    names = {str(part).strip() for part in parts} - {"", "none"}
    if not names <= set(PLACES):
        raise _wrong("redact_pii", f"some of {', '.join(PLACES)}, or none", value, origin)
    return tuple(place for place in PLACES if place in names)


def _parse_number(name: str, value: Any, origin: str) -> int | float:
    low, high = RANGES[name]
    whole = name not in FLOATS
    expected = f"{'a whole number' if whole else 'a number'} from {low:g} to {high:g}"
    try:
        number = int(value) if whole and isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        raise _wrong(name, expected, value, origin) from None
    if isinstance(value, bool) or not low <= number <= high or (whole and number != int(number)):
        raise _wrong(name, expected, value, origin)
    return int(number) if whole else float(number)


def _wrong(name: str, expected: str, value: Any, origin: str) -> SettingError:
    return SettingError(
        f"{name} ({origin}): expected {expected}, found {value!r}.",
        "Mend it there; python -m engine profile shows all.",
    )
