"""The search for a follow-up question, begun while a model still rewrites it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.conversation import History, StandaloneQuestion
from engine.errors import ProviderError
from engine.evidence import Evidence, EvidenceFinder
from engine.telemetry import trace_span

if TYPE_CHECKING:
    from engine.providers.chain import ModelChain


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What was searched and found; ``degraded`` says why the question was not rewritten, when it should have been."""

    standalone: StandaloneQuestion
    found: Evidence
    degraded: tuple[str, ...] = ()


async def search_follow_up(
    finder: EvidenceFinder,
    chain: ModelChain,
    question: str,
    resolved: StandaloneQuestion,
    history: History,
    *,
    overlap: bool = True,
) -> Searched:
    """Search for a question, rewritten by a model where it has a history.

    While the model works, the search for ``resolved`` (what the question is without a model) has begun. It is used when
    the rewriting comes to the same, or fails.
    """
    if not history:
        return Searched(standalone=resolved, found=await finder.find_async(resolved))
    from engine.conversation.rewriting import rewrite_question

    clock = time.perf_counter()
    degraded: tuple[str, ...] = ()
    early = asyncio.create_task(finder.find_async(resolved))
    if not overlap:
        await early
    try:
        with trace_span("rewrite"):
            rewritten = await rewrite_question(question, history, chain)
    except ProviderError as error:
        rewritten, degraded = resolved, (f"{error.message} The question was made stand-alone without a model.",)
    except BaseException:
        early.cancel()
        raise
    found = await early
    waited = 1000 * (time.perf_counter() - clock)
    if rewritten.search_text == resolved.search_text:
        waited = max(0.0, waited - sum(found.timings_ms.values()))
    else:
        found = await finder.find_async(rewritten)
    timings = {"rewrite": waited, **found.timings_ms}
    return Searched(standalone=rewritten, found=dataclasses.replace(found, timings_ms=timings), degraded=degraded)
