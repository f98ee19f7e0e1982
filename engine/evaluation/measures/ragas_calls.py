"""One question to a judge's model, answered in a form: instructor over litellm, as ragas binds them.

ragas and instructor build the answer's JSON schema, and a class for it, at every call; here both are built once.
"""

from __future__ import annotations

import logging
import math
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from engine.errors import ProviderError
from engine.providers.completions import USAGE, CallUsage, CompletionClient

if TYPE_CHECKING:
    from engine.evaluation.judging.specs import JudgeSpec

_BINARY = ("verdict", "noncommittal", "attributed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReply:
    """What came of one attempt: ``answer`` as JSON that passed its checks, or else ``error``.

    Attributes:
        may_pass: whether the same attempt may go well another time.
        calls: calls of the model that were made.
    """

    answer: str | None = None
    error: str = ""
    may_pass: bool = False
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


class ModelCaller:
    """Asks the model of a judge, from one event loop. An async context manager."""

    def __init__(self, spec: JudgeSpec, slots: int) -> None:
        self._spec = spec
        self._client = CompletionClient(spec.model, slots, spec.timeout_s, spec.api_base, spec.api_key_env)
        self._stack = AsyncExitStack()
        self.load = 0.0  # there is only one in a process

    async def __aenter__(self) -> ModelCaller:
        os.environ["RAGAS_DO_NOT_TRACK"] = "true"  # before the import: it starts a thread that phones home
        logging.getLogger("instructor").setLevel(logging.CRITICAL)  # it logs replies, which may hold documents' text
        import instructor
        from ragas.llms import llm_factory

        await self._stack.enter_async_context(self._client)
        client = instructor.from_litellm(self._client.complete, mode=instructor.Mode.JSON)
        settings = {"temperature": self._spec.temperature, "max_retries": 0}  # of instructor's: attempts are ours
        self._llm: Any = llm_factory(self._spec.model, client=client, adapter="litellm", **settings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def call(self, prompt: str, schema: str) -> CallReply:
        """Ask once for an answer in the form of a pydantic class, given as ``module:name``."""
        from instructor.core.exceptions import IncompleteOutputException, InstructorRetryException

        usage = CallUsage()
        USAGE.set(usage)
        try:
            answer: BaseModel = await self._llm.agenerate(prompt, _prepare_schema(schema))
        except InstructorRetryException as error:
            problem, may_pass = _explain_failure(error.__cause__ or error)
        except IncompleteOutputException:
            problem, may_pass = "its answer was cut off before its end", True
        except ProviderError as error:
            problem, may_pass = error.message, error.fails_over
        else:
            problem, may_pass = find_out_of_range(answer), True
        return CallReply(
            answer=None if problem else answer.model_dump_json(),
            error=problem,
            may_pass=may_pass,
            calls=usage.calls,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=usage.cost_usd,
        )


def find_out_of_range(answer: BaseModel) -> str:
    """What is out of range in an answer: verdicts are 0 or 1, scores lie in [0, 1]. Or ""."""
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        if name in _BINARY and value not in (0, 1):
            return f"its {name} is {value!r}; expected 0 or 1"
        if isinstance(value, float) and not (math.isfinite(value) and 0 <= value <= 1):
            return f"its {name} is {value!r}; expected 0 to 1"
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, BaseModel) and (problem := find_out_of_range(part)):
                return problem
    return ""


def _explain_failure(error: BaseException) -> tuple[str, bool]:
    if isinstance(error, ProviderError):
        return error.message, error.fails_over
    if isinstance(error, ValidationError):  # its text would repeat the reply
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            return "it answered something that is no JSON", True
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        return f"its answer does not have the form asked for: {where}: {first['msg']}", True
    return f"its answer could not be read ({type(error).__name__})", True


@cache
def load_schema(reference: str) -> type[BaseModel]:
    """The class that ``module:name`` names."""
    module, name = reference.split(":")
    return getattr(import_module(module), name)


@cache
def _prepare_schema(reference: str) -> type[BaseModel]:
    """The class as instructor would wrap it at each call, with its JSON schema built."""
    from instructor import openai_schema

    prepared: Any = openai_schema(load_schema(reference))
    schema = prepared.model_json_schema()
    prepared.model_json_schema = classmethod(lambda cls, *args, **kwargs: schema)
    return prepared
