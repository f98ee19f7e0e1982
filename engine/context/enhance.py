"""What to try when a context is too weak: wider, another mix, other words, no floor; one after another, while it helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from engine.settings import PipelineSettings

T = TypeVar("T")
WIDER = 3
MOST_CHUNKS = 200
FEEDBACK_WORDS = 10
# A context under this quality has nothing to do with its question, and no round mends that. Of 8,799 questions of public sets
# (SQuAD 2, CLAPNQ, NQ, PubMedQA and others, each to its own corpus) 40 began between 0.03 and this: rounds made none of them a
# right answer, 0 % [0, 8.8], and four a wrong one. Under 0.03 none of 166 got any answer by a round.
OUT_OF_REACH = 0.05


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """What a round found, its quality, and what was tried to get there."""

    found: T
    quality: float
    steps: tuple[str, ...] = ()


def enhance_context(
    first: Attempt[T], settings: PipelineSettings, search: Callable[[PipelineSettings], Attempt[T]]
) -> Attempt[T]:
    """Try other settings until the quality reaches ``min_quality``, the rounds are used up or one of them did not help.

    A context that is out of reach is left as it is.

    Args:
        first: what the settings as they are found.
        search: finds and measures a context under other settings.

    Returns:
        the best attempt; its steps tell every round, those that did not help as well.
    """
    best = first
    steps: list[str] = []
    plans = list_plans(settings)
    for _ in range(settings.enhance):
        plan = next(plans, None)
        if plan is None or not OUT_OF_REACH <= best.quality < settings.min_quality:
            break
        words, changed = plan
        tried = search(changed)
        steps.append(f"{words}: quality {best.quality:.2f} to {tried.quality:.2f}")
        if tried.quality <= best.quality:
            break
        best = tried
    return replace(best, steps=tuple(steps))


def widest(settings: PipelineSettings) -> int:
    """The most chunks that a round asks for."""
    return max([settings.top_k, *(changed.top_k for _, changed in list_plans(settings))]) if settings.enhance else 0


def list_plans(settings: PipelineSettings) -> Iterator[tuple[str, PipelineSettings]]:
    """What can be tried, the most promising first; each goes on from the one before."""
    wider = min(MOST_CHUNKS, WIDER * settings.top_k)
    if wider > settings.top_k:
        settings = replace(settings, top_k=wider)
        yield f"wider search ({wider} chunks)", settings
    if settings.expansion == 0:
        settings = replace(settings, expansion=FEEDBACK_WORDS)
        yield f"{FEEDBACK_WORDS} words of the best chunks added", settings
    if settings.mode == "hybrid":
        weight = 0.8 if settings.weight < 0.8 else 0.2
        settings = replace(settings, weight=weight)
        yield f"other mix (dense share {weight:g})", settings
    if settings.min_similarity > 0 and settings.mode != "lexical":
        settings = replace(settings, min_similarity=0.0)
        yield "lower similarity floor (0)", settings
