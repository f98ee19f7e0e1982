"""Values as SQL text.

Statements reach the owner as text, whoever sends them, so values are written as literals here and nowhere else. The
owner's own statements go the same way: both roles then behave the same, and DuckDB's parameter binding imports pandas
and pyarrow at its first use (0.2 s, 60 MB), which a short command should not pay for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

_PARTS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$ | (\?)""", re.DOTALL | re.VERBOSE
)
_INTEGERS = (-(2**127), 2**127 - 1)


def render_statement(sql: str, params: Sequence[Any]) -> str:
    """The statement with each ``?`` outside strings, quoted names and comments replaced by its value.

    Raises:
        ValueError: another number of values than of ``?``, or a value that has no literal (NaN, infinity).
        TypeError: a value of a type that the store does not keep.
    """
    values = iter(params)
    used = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal used
        if match.group(2) is None:
            return match.group(0)
        used += 1
        try:
            return quote(next(values))
        except StopIteration:
            raise ValueError(f"The statement has more than {len(params)} placeholders: {sql}") from None

    text = _PARTS.sub(replace, clean_text(sql))
    if used != len(params):
        raise ValueError(f"The statement has {used} placeholders for {len(params)} values: {sql}")
    return text


def quote(value: Any) -> str:
    """One value as a literal that DuckDB reads back as the same value.

    Lists become lists, mappings become JSON, times become UTC. Half of a surrogate pair, which no encoding can carry,
    becomes U+FFFD.
    """
    value = _plain(value)
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            if not _INTEGERS[0] <= value <= _INTEGERS[1]:
                raise ValueError(f"{value} does not fit into 128 bits.")
            return f"({value})" if value < 0 else str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} is not a number that the store keeps; use None where there is no value.")
            return f"CAST('{value!r}' AS DOUBLE)"
        case str():
            return quote_text(value)
        case datetime():
            return f"CAST('{_utc(value).isoformat(sep=' ')}' AS TIMESTAMP)"
        case date():
            return f"CAST('{value.isoformat()}' AS DATE)"
        case list() | tuple() | set() | frozenset():
            return "[" + ", ".join(quote(item) for item in value) + "]"
        case Mapping():
            return f"CAST({quote_text(encode_json(value))} AS JSON)"
    raise TypeError(f"The store keeps no {type(value).__name__}: {value!r}.")


def quote_text(text: str) -> str:
    """A string literal. NUL cannot stand in SQL text and is put together by ``chr(0)``."""
    quoted = "'" + clean_text(text).replace("'", "''") + "'"
    if "\0" not in quoted:
        return quoted
    return "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def quote_name(name: str) -> str:
    """A table's or column's name."""
    return '"' + name.replace('"', '""') + '"'


def encode_json(value: Any) -> str:
    """JSON text of plain values, numpy scalars and arrays, and times.

    Raises:
        ValueError: NaN or infinity anywhere in it.
        TypeError: a value that JSON cannot carry.
    """
    return clean_text(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_for_json))


def clean_text(text: str) -> str:
    """The text, halves of surrogate pairs replaced by U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _plain(value: Any) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return value.tolist()
    return value


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


def _for_json(value: Any) -> Any:
    plain = _plain(value)
    if plain is not value:
        return plain
    match value:
        case datetime():
            return _utc(value).isoformat(sep=" ")
        case date():
            return value.isoformat()
        case set() | frozenset():
            return sorted(value)
        case Mapping():
            return dict(value)
    raise TypeError(f"The store keeps no {type(value).__name__}: {value!r}.")
