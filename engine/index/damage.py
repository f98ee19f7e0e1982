"""What LanceDB says of files that are missing, cut short or overwritten, as an error of ours."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from engine.errors import IndexDamagedError

_DAMAGE = re.compile(
    r"Not found:|was not found|not appear to be a Lance|LanceError\(|failed to decode|invalid magic"
    r"|[Cc]orrupt|too small|fill whole buffer|Unexpected end|[Cc]hecksum|out of bounds|No such file"
)
Given, Result = ParamSpec("Given"), TypeVar("Result")


class _Named(Protocol):
    name: str


Owner = TypeVar("Owner", bound=_Named)


def is_damage(error: BaseException) -> bool:
    """Whether LanceDB could not read its own files; a full disk and a bad filter are none."""
    if type(error).__name__ in ("PanicException", "RustPanic"):  # what Rust did not foresee
        return True
    if not isinstance(error, (RuntimeError, ValueError, OSError)):
        return False
    text = str(error)
    return "No space left" not in text and "Invalid user input" not in text and bool(_DAMAGE.search(text))


def reads_index(method: Callable[Concatenate[Owner, Given], Result]) -> Callable[Concatenate[Owner, Given], Result]:
    """A method of a table whose failure at reading becomes an ``IndexDamagedError`` that names the table."""

    @functools.wraps(method)
    def read(self: Owner, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return method(self, *args, **kwargs)
        except (SystemExit, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # a Rust panic is no Exception
            if not is_damage(error):
                raise
            raise IndexDamagedError(
                f"The index {self.name} cannot be read: {_first_words(error)}.",
                "It is built again from its documents by the next question that meets it, or now: python -m engine health --repair",
            ) from error

    return read


def _first_words(error: BaseException) -> Any:
    """The cause without the addresses of files and lines of Rust."""
    text = str(error).removeprefix("lance error: ").split(", /")[0].split("\n")[0]
    return re.sub(r"\S*/\S+", "a file of it", text)[:120].rstrip(" .:") or type(error).__name__
