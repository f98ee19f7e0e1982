"""Conditions on documents: ``document=policies/*,content_type!=pdf``."""

from __future__ import annotations

import re

from engine.errors import SettingError
from engine.types import FILTER_FIELDS, Condition

__all__ = ["parse_filter"]

_FORM = re.compile(r"\s*(\w+)\s*(!?=)\s*(.*?)\s*", re.S)


def parse_filter(text: str) -> tuple[Condition, ...]:
    """The conditions of the setting ``filter``, empty for none.

    In a pattern ``*`` stands for any characters and ``?`` for one; letters match in either case. Conditions on one
    field are alternatives, those on different fields must all hold; ``!=`` excludes.

    Raises:
        SettingError: a condition of another form, an unknown field, an empty pattern.
    """
    conditions = []
    for part in text.split(",") if text.strip() else ():
        match = _FORM.fullmatch(part)
        if match is None or not match[3]:
            raise SettingError(
                f"filter: expected field=pattern, found {part.strip()!r}.", "Write, say, filter=document=policies/*"
            )
        if match[1] not in FILTER_FIELDS:
            raise SettingError(
                f"filter: there is no field {match[1]!r}. Known: {', '.join(FILTER_FIELDS)}.",
                "Write, say, filter=content_type=markdown",
            )
        conditions.append(Condition(field=match[1], pattern=match[3], excludes=match[2] == "!="))
    return tuple(conditions)
