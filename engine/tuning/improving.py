"""The rounds in which the pipeline improves a weak context (``engine.context.enhance``), for the weak ones of a suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from engine.context.enhance import list_plans
from engine.settings import PipelineSettings
from engine.tuning.contexts import Contexts
from engine.tuning.scoring import merge_pieces

# Contexts of some questions, numbered from 0 in the order given, under other settings.
Search = Callable[[PipelineSettings, np.ndarray], Contexts]


def improve_contexts(contexts: Contexts, settings: PipelineSettings, search: Search) -> Contexts:
    """Try other settings on the questions whose quality is below ``min_quality``, as long as that helps each of them."""
    weak = np.flatnonzero(contexts.quality < settings.min_quality)
    steps: dict[int, tuple[str, ...]] = {}
    plans = list_plans(settings)
    for _ in range(settings.enhance):
        plan = next(plans, None)
        if plan is None or not len(weak):
            break
        words, changed = plan
        tried = search(changed, weak)
        before = contexts.quality[weak]
        for question, old, new in zip(weak.tolist(), before.tolist(), tried.quality.tolist(), strict=True):
            steps[question] = (*steps.get(question, ()), f"{words}: quality {old:.2f} to {new:.2f}")
        better = tried.quality > before
        contexts = _take_better(contexts, tried, weak, better)
        weak = weak[better & (tried.quality < settings.min_quality)]
    return replace(contexts, steps=steps)


def _take_better(contexts: Contexts, tried: Contexts, weak: np.ndarray, better: np.ndarray) -> Contexts:
    """The contexts with those of some questions replaced: question ``weak[j]`` by question j of ``tried``."""
    if not better.any():
        return contexts
    gone = weak[better]
    quality, tokens, order = contexts.quality.copy(), contexts.tokens.copy(), contexts.order.copy()
    quality[gone], tokens[gone] = tried.quality[better], tried.tokens[better]
    width = min(order.shape[1], tried.order.shape[1])
    order[gone, :width] = tried.order[better, :width]
    kept = ~np.isin(contexts.pieces.question, gone)
    new = better[tried.pieces.question]
    columns = {
        name: np.concatenate([getattr(contexts.pieces, name)[kept], values[new]])
        for name, values in _as_columns(tried, weak).items()
    }
    stays, comes = ~np.isin(contexts.chosen[0], gone), better[tried.chosen[0]]
    added = (weak[tried.chosen[0]], *tried.chosen[1:])
    question, row, score, relevance = (
        np.concatenate([old[stays], fresh[comes]]) for old, fresh in zip(contexts.chosen, added, strict=True)
    )
    return replace(
        contexts,
        pieces=merge_pieces(columns["question"], columns["start"], columns["end"]),
        quality=quality,
        tokens=tokens,
        order=order,
        chosen=(question, row, score, relevance),
    )


def _as_columns(tried: Contexts, weak: np.ndarray) -> Mapping[str, np.ndarray]:
    return {"question": weak[tried.pieces.question], "start": tried.pieces.start, "end": tried.pieces.end}
