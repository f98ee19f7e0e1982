"""What a run's summary is made of, counted by the database: no row of a case or a score leaves it.

Sums are taken over whole numbers (units of 2^-40), so they do not depend on the order in which threads add: the same run
always has the same figures to the last bit. Small samples come whole, because their intervals are resampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.store import Store

UNIT = 2**40
WHOLE = 400  # at most so many values of a measure are fetched; more are summed. statistics.BOOTSTRAP_LIMIT is the same.
Counts = Mapping[str, int]
_MEASURES = f"""
    WITH put AS (
        SELECT measure, status, judge, value IS NOT NULL AND status = 'scored' AS has_value,
               CASE WHEN status = 'scored' AND abs(value) <= 1024 THEN (value * {UNIT})::BIGINT END AS units
        FROM scores WHERE run_id = ?)
    SELECT measure, count(*) AS total, count_if(has_value) AS scored, count_if(status = 'failed') AS failed,
           count_if(status = 'unjudged') AS unjudged, count_if(status = 'not_applicable') AS not_applicable,
           count_if(coalesce(units = 0, FALSE)) AS zeros, count_if(coalesce(units = {UNIT}, FALSE)) AS ones, count(units) AS summed,
           sum(units) AS total_units, sum(units::HUGEINT * units) AS squares, count(judge) AS judged
    FROM put GROUP BY measure ORDER BY measure"""
_VALUES = """
    SELECT s.measure, list(s.value ORDER BY c.position NULLS LAST, s.case_id) AS values
    FROM scores s LEFT JOIN cases c USING (run_id, case_id)
    WHERE s.run_id = ? AND s.status = 'scored' AND list_contains(?, s.measure) GROUP BY s.measure"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFigures:
    """One measure over a run.

    Attributes:
        values: of the scored cases in suite order; None when there are many, and ``mean`` and ``deviation`` stand for them.
        zeros, ones: values that are exactly 0 or 1: a measure that has no others is a rate.
        judges: who scored; "" among them for scores that no model gave.
    """

    name: str
    total: int
    scored: int
    failed: int
    unjudged: int
    not_applicable: int
    zeros: int
    ones: int
    judges: tuple[str, ...]
    values: tuple[float, ...] | None = None
    mean: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """Counts of cases by status, whole and by tag and kind; latencies in any order, context qualities in suite order."""

    statuses: Counts
    tags: Mapping[str, Counts]
    kinds: Mapping[str, Counts]
    latencies: Sequence[float]
    qualities: Sequence[float]
    measures: tuple[MeasureFigures, ...]


def load_run_figures(store: Store, run_id: str) -> RunFigures:
    """Counts, sums and samples of one run as it stands now; of a run without cases, empty ones."""
    by_kind = store.query(
        "SELECT kind AS name, status, count(*) AS n FROM cases WHERE run_id = ? GROUP BY ALL ORDER BY ALL", (run_id,)
    )
    by_tag = store.query(
        "SELECT name, status, count(*) AS n FROM (SELECT unnest(tags) AS name, status FROM cases WHERE run_id = ?)"
        " GROUP BY ALL ORDER BY ALL",
        (run_id,),
    )
    samples = store.query(
        "SELECT list(latency_ms) FILTER (WHERE latency_ms IS NOT NULL) AS latencies,"
        " list(context_quality ORDER BY position) FILTER (WHERE context_quality IS NOT NULL) AS qualities"
        " FROM cases WHERE run_id = ?",
        (run_id,),
    )[0]
    statuses: dict[str, int] = {}
    for row in by_kind:
        statuses[row["status"]] = statuses.get(row["status"], 0) + row["n"]
    return RunFigures(
        statuses=statuses,
        tags=_group(by_tag),
        kinds=_group(by_kind),
        latencies=samples["latencies"] or (),
        qualities=samples["qualities"] or (),
        measures=load_measure_figures(store, run_id),
    )


def load_measure_figures(store: Store, run_id: str) -> tuple[MeasureFigures, ...]:
    """Every measure that the run has scores of, by name."""
    rows = store.query(_MEASURES, (run_id,))
    few = [row["measure"] for row in rows if 0 < row["scored"] <= WHOLE or row["summed"] < row["scored"]]
    values = {row["measure"]: tuple(row["values"]) for row in store.query(_VALUES, (run_id, few))} if few else {}
    judged = [row["measure"] for row in rows if row["judged"]]
    judges = _list_judges(store, run_id, judged) if judged else {}
    return tuple(_build(row, values.get(row["measure"]), judges.get(row["measure"], [])) for row in rows)


def _build(row: Mapping[str, Any], values: tuple[float, ...] | None, judges: Sequence[str]) -> MeasureFigures:
    named = ("total", "scored", "failed", "unjudged", "not_applicable", "zeros", "ones")
    mean, deviation = None, None
    if values is None and row["scored"]:
        mean, deviation = _read_moments(row)
    return MeasureFigures(
        name=row["measure"],
        judges=tuple(judges) or ("",) * bool(row["scored"]),
        values=values,
        mean=mean,
        deviation=deviation,
        **{name: int(row[name]) for name in named},
    )


def _read_moments(row: Mapping[str, Any]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1), from exact sums."""
    n, total, squares = int(row["scored"]), int(row["total_units"]), int(row["squares"])
    spread = n * squares - total * total  # of whole numbers: nothing cancels
    return total / n / UNIT, (spread / (n * (n - 1))) ** 0.5 / UNIT


def _list_judges(store: Store, run_id: str, measures: list[str]) -> dict[str, list[str]]:
    rows = store.query(
        "SELECT measure, list(DISTINCT coalesce(judge, '') ORDER BY coalesce(judge, '')) AS judges FROM scores"
        " WHERE run_id = ? AND status = 'scored' AND list_contains(?, measure) GROUP BY measure",
        (run_id, measures),
    )
    return {row["measure"]: row["judges"] for row in rows}


def _group(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    groups: dict[str, dict[str, int]] = {}
    for row in rows:
        groups.setdefault(str(row["name"]), {})[str(row["status"])] = int(row["n"])
    return groups
