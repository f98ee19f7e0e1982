"""An answer as JSON that can be read back whole: every field of :class:`engine.types.Answer`, whatever is added to it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.types import Answer

_Reader = Callable[[Any], Any]


def encode_answer(answer: Answer) -> dict[str, Any]:
    """Plain values under the names of the fields."""
    encoded: dict[str, Any] = _encode(answer)
    return encoded


def decode_answer(content: Mapping[str, Any]) -> Answer:
    """The answer that ``encode_answer`` was given. A field that is missing takes its default.

    Raises:
        ValueError: the content was written by another version and lacks what this one needs.
    """
    try:
        answer: Answer = _reader(Answer)(content)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no answer can be read from this: {error}") from error
    return answer


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    return value


@lru_cache(maxsize=64)
def _reader(kind: Any) -> _Reader:
    """What turns plain values into a value of a type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}
        return lambda value: kind(**{name: read(value[name]) for name, read in readers.items() if name in value})
    if origin in (types.UnionType, typing.Union):
        read = _reader(next(argument for argument in arguments if argument is not type(None)))
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        read = _reader(arguments[0])
        return lambda value: tuple(map(read, value))
    if origin is not None and issubclass(origin, Mapping):
        read = _reader(arguments[1])
        return lambda value: {key: read(item) for key, item in value.items()}
    return lambda value: value


def count_answer_bytes(answer: Answer) -> int:
    """What an answer takes in memory, about: its texts, and what Python adds to each of its parts."""
    texts = [answer.question, answer.text, *(part.text for part in answer.context.parts)]
    texts += [sentence.text for sentence in answer.sentences]
    parts = len(answer.retrieved) + len(answer.citations) + len(texts)
    return 2 * sum(map(len, texts)) + 400 * parts + 2_000
