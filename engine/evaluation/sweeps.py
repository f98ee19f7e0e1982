"""What a sweep's trials say: the best setting, the front, how the best does on cases that did not choose it, importance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.evaluation.importance import measure_importance
from engine.evaluation.pareto import find_front
from engine.evaluation.sweep_choice import FEW, compare_paired, estimate
from engine.evaluation.sweep_space import Dimension

Row = Mapping[str, Any]
LoadValues = Callable[[Sequence[int]], Mapping[int, Mapping[str, Sequence[float | None]]]]
GOALS = ("recall", "precision", "iou", "document_recall@5", "ndcg@10", "quality")
LESS_IS_BETTER = ("tokens",)
BASELINE = 0


def read_score(trial: Row, goal: str) -> float | None:
    """A trial's mean of the goal on the half that chooses."""
    score: float | None = (trial["measures"].get(goal) or {}).get("mean")
    return score


def conclude_sweep(
    trials: Sequence[Row],
    load_values: LoadValues,
    halves: Mapping[str, Sequence[int]],
    space: Sequence[Dimension],
    *,
    goal: str,
    search: str,
    seed: int = 0,
) -> dict[str, Any] | None:
    """The result of a sweep, also of one that is not complete; None before the first scored trial.

    Args:
        trials: rows of ``trials``; number 0 is the baseline.
        load_values: gives, for numbers of trials, per trial and measure the value of each case.
        halves: places of the cases that choose and of those held out.
    """
    finished = rank_trials([t for t in trials if t["status"] == "finished" and read_score(t, goal) is not None], goal)
    if not finished:
        return None
    chosen = finished[0]
    best = chosen["number"]
    front = _front(finished, goal, [read_score(t, "tokens") for t in finished])
    front_latency = _front(finished, goal, [t["latency_ms"] for t in finished])
    held = np.asarray(halves["held_out"], dtype=int)
    values = load_values(list(dict.fromkeys([best, BASELINE, *front, *front_latency])))
    arrays = {
        number: {name: np.asarray(v, dtype=float)[held] for name, v in measures.items()}
        for number, measures in values.items()
    }
    estimates = {n: {name: estimate(v, seed) for name, v in measures.items()} for n, measures in arrays.items()}
    return {
        "goal": goal,
        "best": best,
        "baseline": BASELINE,
        "front": front,
        "front_latency": front_latency,
        "choosing": len(halves["choosing"]),
        "held_out": len(held),
        "estimates": {str(number): found for number, found in estimates.items()},
        "comparison": _compare(arrays, best, seed),
        "optimism": _optimism(read_score(chosen, goal), estimates[best].get(goal)),
        "importance": _importance(finished, space, goal, search),
        "notes": _notes(trials, finished, arrays, best, goal),
    }


def rank_trials(finished: Sequence[Row], goal: str) -> list[Row]:
    """Highest goal on the choosing half first; of equals the one with fewer tokens, then the quicker, then the earlier."""

    def order(trial: Row) -> tuple[float, float, float, int]:
        tokens, latency = read_score(trial, "tokens"), trial["latency_ms"]
        score = round(read_score(trial, goal) or 0.0, 6)
        return -score, round(tokens or 0.0, 2), round(latency or 0.0, 3), trial["number"]

    return sorted(finished, key=order)


def _front(finished: Sequence[Row], goal: str, costs: Sequence[float | None]) -> list[int]:
    return [finished[place]["number"] for place in find_front([read_score(t, goal) for t in finished], costs)]


def _compare(arrays: Mapping[int, Mapping[str, np.ndarray]], best: int, seed: int) -> dict[str, Any]:
    """The best against the baseline on the held-out half, every measure that both have."""
    if BASELINE not in arrays or best not in arrays:
        return {}
    a, b = arrays[best], arrays[BASELINE]
    return {
        name: compare_paired(a[name], b[name], less_is_better=name in LESS_IS_BETTER, seed=seed)
        for name in a
        if name in b
    }


def _optimism(chosen_by: float | None, reported: Row | None) -> float | None:
    """By how much the half that chose the best flatters it."""
    if chosen_by is None or not reported or reported["mean"] is None:
        return None
    return chosen_by - float(reported["mean"])


def _importance(finished: Sequence[Row], space: Sequence[Dimension], goal: str, search: str) -> dict[str, Any]:
    """Over all trials; of a grid over its own points alone, because a start beside it would add a level to each setting."""
    if search == "grid":
        finished = [t for t in finished if all(t["settings"][d.name] in d.values for d in space)]
    points = [{d.name: t["settings"][d.name] for d in space} for t in finished]
    complete = search == "grid" and len(finished) == math.prod(len(d.values) for d in space)
    return measure_importance(points, [read_score(t, goal) or 0.0 for t in finished], complete=complete).as_json()


def _notes(
    trials: Sequence[Row], finished: Sequence[Row], arrays: Mapping[int, Mapping[str, np.ndarray]], best: int, goal: str
) -> list[str]:
    notes = []
    scored = int((~np.isnan(arrays[best].get(goal, np.empty(0)))).sum())
    if scored < FEW:
        notes.append(
            f"{scored} held-out questions have a {goal}; fewer than {FEW} are too few to tell the best from luck."
        )
    skipped = [t for t in trials if t["status"] == "skipped"]
    if skipped:
        notes.append(f"{len(skipped)} of {len(trials)} combinations cannot be run and were skipped.")
    pooled = sum(t["exact"] is False for t in finished)
    if pooled:
        notes.append(
            f"{pooled} of {len(finished)} trials used chunk vectors pooled from token vectors. With pooling=separate a run"
            " embeds each chunk by itself and may differ a little."
        )
    if best == BASELINE and len(finished) > 1:
        notes.append("No setting scored higher than the one that the sweep started from.")
    return notes
