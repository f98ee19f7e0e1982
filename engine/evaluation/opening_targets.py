"""A target's spec to a target that can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from engine.errors import InputError, TargetError
from engine.evaluation.foreign_answers import AnswerBuilder
from engine.evaluation.foreign_quality import QualityMeter
from engine.evaluation.locating import Locator
from engine.evaluation.target_callable import CallableTarget, log_to_stderr
from engine.evaluation.target_http import HttpTarget
from engine.evaluation.target_secrets import check_variables, find_variables
from engine.evaluation.target_specs import TargetSpec
from engine.evaluation.targets import Target
from engine.evaluation.worker_process import Log
from engine.settings import PipelineSettings


class ForeignTarget(Target, Protocol):
    """A target that is not the built-in pipeline. ``last_shape``: what its last reply was, without its texts."""

    last_shape: str

    def describe(self) -> dict[str, Any]:
        """What is known of it beside its answers: requests and repetitions, or workers and their memory."""
        ...


@contextmanager
def open_target(
    spec: TargetSpec,
    *,
    documents: Mapping[str, str],
    settings: PipelineSettings | None = None,
    log: Log = log_to_stderr,
) -> Iterator[ForeignTarget]:
    """A target while the block runs.

    Args:
        documents: the suite's texts by id; contexts are located in them.
        settings: choose the embedding model that context quality is rated with; by default the bundled one.
        log: gets what a callable prints, line by line.

    Raises:
        InputError: an environment variable is not set, or the callable cannot be imported. Nothing was asked.
    """
    check_variables(list_variables(spec))
    builder = AnswerBuilder(
        spec.name, Locator(documents), QualityMeter(settings or PipelineSettings()).rate, spec.abstain_phrases
    )
    target = _open(spec, builder, log)
    try:
        yield target
    finally:
        target.close()


def list_variables(spec: TargetSpec) -> tuple[str, ...]:
    """Names of the environment variables that a target needs."""
    if spec.http is None:
        return ()
    return find_variables([spec.http.url, *spec.http.headers.values(), *_texts(spec.http.request)])


def _open(spec: TargetSpec, builder: AnswerBuilder, log: Log) -> HttpTarget | CallableTarget:
    if spec.kind == "http":
        return HttpTarget(spec, builder)
    if spec.kind != "callable":
        raise ValueError(f"a target of kind {spec.kind} is opened by the pipeline")
    try:
        return CallableTarget(spec, builder, log)
    except TargetError as error:  # before the first question it is the person's input that cannot be used
        raise InputError(error.message, error.hint, guide=error.guide) from None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
