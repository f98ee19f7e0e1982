"""Conditions on documents as a filter; an asynchronous query of LanceDB applies it before it searches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from engine.types import Condition


def restrict(query: Any, conditions: Sequence[Condition]) -> Any:
    """The query over the chunks that meet the conditions: alternatives within a field, all fields, no excluded one."""
    clauses = []
    for field in dict.fromkeys(c.field for c in conditions if not c.excludes):
        either = " OR ".join(_like(c) for c in conditions if c.field == field and not c.excludes)
        clauses.append(f"({either})")
    clauses += [f"NOT ({_like(c)})" for c in conditions if c.excludes]
    return query.where(" AND ".join(clauses)) if clauses else query


def _like(condition: Condition) -> str:
    literal = re.sub(r"([\\%_])", r"\\\1", condition.pattern.lower()).replace("'", "''")
    return f"lower({condition.field}) LIKE '{literal.replace('*', '%').replace('?', '_')}'"
