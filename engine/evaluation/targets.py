"""Targets: the systems that a suite's questions are put to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol

from engine.types import Answer

History = Sequence[tuple[str, str]]
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def set_deadline(until: float) -> None:
    """Says to the targets that this thread asks until when (``time.monotonic()``) an answer is of use."""
    _deadline.set(until)


def limit_seconds(seconds: float) -> float:
    """``seconds``, or what is left until the deadline of this thread where that is less; never below 1 ms."""
    until = _deadline.get()
    return seconds if until is None else max(0.001, min(seconds, until - time.monotonic()))


class Target(Protocol):
    """A system under test.

    Attributes:
        name: how runs call it (``pipeline``, an address, ``module:function``).
        concurrency: questions it should be asked at once; 1 for a local target, so that latency is what a person waits.
    """

    name: str
    concurrency: int

    def ask(self, question: str, history: History = ()) -> Answer:
        """Answers a question; ``history`` holds the questions and answers of the turns before it."""
        ...


class Answerer(Protocol):
    """What ``PipelineTarget`` needs of ``engine.pipeline.RagPipeline``."""

    def answer(self, question: str, history: History = ()) -> Answer:
        """Answers one question."""
        ...


class PipelineTarget:
    """The built-in pipeline, in this process, one question at a time."""

    name = "pipeline"
    concurrency = 1

    def __init__(self, pipeline: Answerer) -> None:
        self._pipeline = pipeline

    def ask(self, question: str, history: History = ()) -> Answer:
        """Answers a question through the whole pipeline."""
        return self._pipeline.answer(question, history=tuple(history))
