"""What ``--set`` may hold for a benchmark beside settings of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InputError


def read_count(overrides: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number of at least 1.

    Raises:
        InputError: something else was given.
    """
    value = overrides.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} {value!r}: expected a whole number of at least 1.", f"Such as --set {name}={default}")
    return value


def refuse_unknown(overrides: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """For a benchmark that takes no settings of the pipeline.

    Raises:
        InputError: an option that the benchmark does not have.
    """
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise InputError(f"This benchmark has no option {unknown[0]!r}.", f"Known: {', '.join(known)}.")
