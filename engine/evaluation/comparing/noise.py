"""The A/A noise floor: how far runs of one setup lie apart by themselves."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.evaluation.comparing.types import NoiseFloor
from engine.evaluation.statistics_paired import t_quantile
from engine.store.comparisons import ComparisonStore

MOST_REPEATS = 8  # of each run; the newest
_LOOKED_AT = 60
_MADE_BY = (
    "commit",
    "packages",
    "index_fingerprint",
    "model_sha256",
    "quality_model",
    "target",
    "judge",
    "limit",
    "python",
)
Row = Mapping[str, Any]
Key = tuple[str, str | None, str | None]


def find_repeats(store: ComparisonStore, run: Row) -> frozenset[str]:
    """Ids of finished runs that repeat ``run``, itself among them.

    A repeat was started in the same group, or has the same suite, documents, settings, target, judge, code and packages.
    So a run of changed code, or against a target that says to be another one, is not taken for noise.
    """
    found = [run["run_id"]]
    for other in store.find_like(run, _LOOKED_AT):
        if len(found) <= MOST_REPEATS and _is_repeat(run, other):
            found.append(other["run_id"])
    return frozenset(found)


def _is_repeat(run: Row, other: Row) -> bool:
    group, other_group = _group(run), _group(other)
    if group and other_group:
        return group == other_group
    if group == other["run_id"] or other_group == run["run_id"]:
        return True
    return run["settings"] == other["settings"] and _maker(run) == _maker(other)


def _group(run: Row) -> str:
    return str((run["options"] or {}).get("group") or "")


def _maker(run: Row) -> tuple[Any, ...]:
    provenance = run["provenance"] or {}
    return (*(provenance.get(name) for name in _MADE_BY), (run["options"] or {}).get("judge") or "")


def measure_noise(
    store: ComparisonStore, run_a: str, run_b: str, repeats_a: frozenset[str], repeats_b: frozenset[str]
) -> dict[Key, NoiseFloor]:
    """The floor by measure, judge and prompt hash; nothing where no set holds two runs.

    The compared pair itself says nothing of noise: from A's repeats B is left out, and A from B's.
    """
    sets = [repeats_a - {run_b}] if run_b in repeats_a else [repeats_a - {run_b}, repeats_b - {run_a}]
    sets = [repeats for repeats in sets if len(repeats) > 1]
    runs = sorted(frozenset().union(*sets)) if sets else []
    if not runs:
        return {}
    values: dict[Key, dict[str, float]] = defaultdict(dict)
    for row in store.load_figures(runs):
        values[row["measure"], row["judge"], row["prompt_hash"]][row["run_id"]] = row["value"]
    floors = {
        key: _pool([[(r, by_run[r]) for r in sorted(s) if r in by_run] for s in sets]) for key, by_run in values.items()
    }
    return {key: floor for key, floor in floors.items() if floor is not None}


def pool_repeats(sets: Iterable[Sequence[float]]) -> tuple[float, float, int] | None:
    """Band, standard deviation and degrees of freedom from sets of repeated values; None when no set has two.

    The band is t(97.5 %) sqrt(2) s, ISO 5725-6:1994 section 4.1 with t for the 1.96 of a known s.
    """
    squares, freedom = 0.0, 0
    for values in sets:
        if len(values) > 1:
            mean = math.fsum(values) / len(values)
            squares += math.fsum((v - mean) ** 2 for v in values)
            freedom += len(values) - 1
    if not freedom:
        return None
    deviation = math.sqrt(squares / freedom)
    return t_quantile(freedom) * math.sqrt(2) * deviation, deviation, freedom


def _pool(sets: Sequence[Sequence[tuple[str, float]]]) -> NoiseFloor | None:
    pooled = pool_repeats([[value for _, value in values] for values in sets])
    if pooled is None:
        return None
    band, deviation, freedom = pooled
    runs = {run for values in sets if len(values) > 1 for run, _ in values}
    return NoiseFloor(band=band, deviation=deviation, freedom=freedom, runs=tuple(sorted(runs)))
