"""What a target is: frozen, without secrets, enough to open it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engine.errors import InputError, UnknownNameError

Kind = Literal["pipeline", "http", "callable"]
PIPELINE = "pipeline"
FILES = (".yaml", ".yml", ".json")
_CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLimits:
    """How long, how often, how much.

    Attributes:
        connect_timeout_s: time to reach the server (HTTP).
        timeout_s: time of one attempt, from its first byte sent to the last byte read; of one call (callable).
        attempts: how often a question is sent in all while errors may pass (HTTP); a callable is called once.
        longest_wait_s: a server that asks for a longer pause than this is not waited for.
        concurrency: questions at once; worker processes (callable).
        requests_per_second: attempts begun each second, over all questions; None for no limit.
        max_reply_kb: a larger reply is cut off and is an error.
        start_timeout_s: time to import the callable.
        memory_mb: a worker that holds more is ended (callable).
    """

    connect_timeout_s: float = 5.0
    timeout_s: float = 60.0
    attempts: int = 3
    longest_wait_s: float = 30.0
    concurrency: int = 1
    requests_per_second: float | None = None
    max_reply_kb: int = 4096
    start_timeout_s: float = 120.0
    memory_mb: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPaths:
    """Where things stand in a reply: JMESPath expressions; an empty one is not looked for."""

    answer: str
    contexts: str = ""
    retrieved: str = ""
    abstained: str = ""
    cost_usd: str = ""
    tokens: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request. ``headers`` and ``url`` may hold ``${VARIABLE}``; ``request`` is JSON with placeholders."""

    url: str
    method: str
    headers: Mapping[str, str]
    request: Any
    reply: ReplyPaths
    preset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonCall:
    """``module:function``; ``folder`` is put before the import path."""

    reference: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """A system under test.

    Attributes:
        name: what a run's ``target`` holds.
        reference: what finds the target again: its name, or the path of its file.
        abstain_phrases: an answer that holds one of them abstains; None recognises refusals by the shipped list.
    """

    name: str
    kind: Kind
    reference: str = ""
    http: HttpCall | None = None
    call: PythonCall | None = None
    abstain_phrases: tuple[str, ...] | None = None
    limits: TargetLimits = field(default_factory=TargetLimits)

    def as_json(self) -> dict[str, Any]:
        """What makes the target, for a run's provenance: environment variables by name, never by value."""
        shown = asdict(self)
        return {name: value for name, value in shown.items() if value is not None}

    def with_timeout(self, seconds: float | None) -> TargetSpec:
        """The same target with at most ``seconds`` for one call."""
        if seconds is None or seconds >= self.limits.timeout_s:
            return self
        return replace(self, limits=replace(self.limits, timeout_s=seconds))


PIPELINE_SPEC = TargetSpec(name=PIPELINE, kind="pipeline", reference=PIPELINE)


def resolve_target(reference: str, saved: Mapping[str, Mapping[str, Any]]) -> TargetSpec:
    """The target that a reference means.

    Args:
        reference: ``pipeline``, the name of a saved target, an address (plain preset), ``module:function``, or the path
            of a target file (``.yaml``, ``.json``).
        saved: configurations by name.

    Raises:
        InputError: the reference, the file or the saved configuration cannot be used.
    """
    from engine.evaluation.target_files import build_spec, read_target_file

    reference = reference.strip()
    if reference == PIPELINE:
        return PIPELINE_SPEC
    if reference in saved:
        return build_spec(saved[reference], f"target {reference!r}", name=reference)
    if reference.lower().startswith(("http://", "https://")):
        return build_spec({"kind": "http", "url": reference}, "--target", name=reference)
    if reference.lower().endswith(FILES):
        return read_target_file(Path(reference))
    if _CALLABLE.fullmatch(reference):
        return build_spec({"kind": "callable", "callable": reference}, f"target {reference!r}", name=reference)
    if not reference:
        raise InputError("The target is empty.", "Leave --target out for the built-in pipeline.")
    hint = "Give one of these, an address, module:function or the path of a target file."
    raise UnknownNameError("target", reference, [PIPELINE, *saved], hint)
