"""What the fields of a roadmap file are made of."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import ConfigDict, Field

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Number = float | int
GOAL = re.compile(r"(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
STRICT = ConfigDict(extra="forbid", strict=True)
"""Unknown fields and other types are refused."""


def check_goal_text(goal: str) -> str:
    """A goal as written.

    Raises:
        ValueError: neither ``done`` nor a direction and a number.
    """
    if goal != "done" and not GOAL.fullmatch(goal):
        raise ValueError(f"goal: expected 'done' or a direction and a number such as '> 0.75', found {goal!r}")
    return goal
