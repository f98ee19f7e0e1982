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
    text = str(value)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise InputError(f"{name} {value!r}: expected a whole number of at least 1.", f"Such as --set {name}={default}")
    return int(text)


def read_switch(overrides: Mapping[str, Any], name: str, default: bool) -> bool:
    """``true`` or ``false``.

    Raises:
        InputError: something else was given.
    """
    text = str(overrides.get(name, default)).lower()
    if text not in ("true", "false"):
        raise InputError(f"{name} {text!r}: expected true or false.", f"Such as --set {name}=false")
    return text == "true"


def refuse_unknown(overrides: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """For a benchmark that takes no settings of the pipeline.

    Raises:
        InputError: an option that the benchmark does not have.
    """
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise InputError(f"This benchmark has no option {unknown[0]!r}.", f"Known: {', '.join(known)}.")
