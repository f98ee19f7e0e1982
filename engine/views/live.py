"""The Live screen: what was asked in a window of time, how it went, and how the parts of serving stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.errors import UnknownNameError
from engine.operations.alert_rules import load_rules
from engine.store import Store
from engine.store.alerts import AlertStore
from engine.store.liveness import utc_now
from engine.store.metric_points import MetricPointStore
from engine.store.request_queries import OUTCOMES, SORTED_AT_MOST, RequestQueries
from engine.views.live_parts import (
    PartRow,
    list_alerts,
    list_breakers,
    list_gates,
    list_providers,
    list_reasons,
    list_tiers,
)
from engine.views.live_words import WINDOWS, ChartWords, LivePoint, MemoryPoint, Window, build_tiles, write_titles
from engine.views.run_figures import Tile
from engine.views.words import DASH, ago, clock, in_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """All that the screen shows.

    Attributes:
        kept: requests that the store has, of whatever time.
        over: the end of the window, in the person's zone.
        quiet: why there is nothing to draw; empty when there is.
        limits: thresholds of alerts by name, for the charts' lines; None for a rule that is off.
        sampled: what a reader must know of the percentiles; empty when every request is in them.
        gates: limiter and admission of this app's process; empty when it has not served yet.
        jobs: commands that work or wait.
    """

    window: str
    begins: int
    ends: int
    kept: int
    quiet: str
    tiles: tuple[Tile, ...]
    points: tuple[LivePoint, ...]
    over: datetime | None
    memory: tuple[MemoryPoint, ...]
    words: ChartWords
    limits: Mapping[str, float | None]
    sampled: str
    alerts: tuple[PartRow, ...]
    alert_words: str
    reasons: tuple[PartRow, ...]
    tiers: tuple[PartRow, ...]
    providers: tuple[PartRow, ...]
    breakers: tuple[PartRow, ...]
    gates: tuple[PartRow, ...]
    jobs: tuple[PartRow, ...]


def find_window(name: str) -> Window:
    """A window by its name in the address.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in WINDOWS:
        raise UnknownNameError("window", name, WINDOWS)
    return WINDOWS[name]


def load_live(
    store: Store,
    window: str = "1h",
    zone: str | None = None,
    *,
    described: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> LiveView:
    """The window up to now.

    Args:
        described: what ``ServingRuntime.describe`` says of this process; None where nothing has been served.

    Raises:
        UnknownNameError: no such window.
    """
    chosen = find_window(window)
    end = now or utc_now()
    begin = end - chosen.span
    queries = RequestQueries(store)
    requests = queries.count_window(begin, end)
    every = max(1, requests // SORTED_AT_MOST)
    rows = queries.load_series(begin, end, chosen.step_s, every) if requests else []
    summary = queries.load_summary(begin, end, every) if requests else {}
    points = _fill(rows, begin, end, chosen.step_s, zone)
    rules = load_rules(store)
    limits = {name: rule.threshold if rule.enabled else None for name, rule in rules.items()}
    memory = _load_memory(store, begin, end, zone)
    kept = requests or queries.count_all()
    alerts = list_alerts(AlertStore(store).list_open(), zone)
    totals = _sum_up(points)
    return LiveView(
        window=window,
        begins=_seconds(begin),
        ends=_seconds(end),
        kept=kept,
        quiet="" if requests else _explain_silence(queries, chosen, kept, zone),
        tiles=build_tiles(totals, summary, chosen, limits),
        points=points,
        over=in_zone(end, zone),
        memory=memory,
        words=write_titles(points, totals, summary, chosen, memory, limits),
        limits=limits,
        sampled=f"Percentiles are of every {every}th request." if every > 1 else "",
        alerts=alerts,
        alert_words="1 alert is open" if len(alerts) == 1 else f"{len(alerts)} alerts are open",
        reasons=list_reasons(queries.load_reasons(begin, end), requests),
        tiers=list_tiers(queries.load_tiers(begin, end, every), requests, (described or {}).get("cache") or {}),
        providers=list_providers(queries.load_providers(begin, end, every), queries.load_breakers(), end, zone),
        breakers=list_breakers(queries.list_breaker_changes(begin), zone),
        gates=list_gates(described),
        jobs=_list_jobs(store),
    )


def _fill(
    rows: Sequence[Mapping[str, Any]], begin: datetime, end: datetime, step: int, zone: str | None
) -> tuple[LivePoint, ...]:
    """Every interval of the window, those without requests too: a gap is a finding."""
    found = {row["bucket"]: row for row in rows}
    first, last = _seconds(begin) // step, _seconds(end) // step
    return tuple(_point(found.get(bucket), bucket * step, step, zone) for bucket in range(first, last + 1))


def _point(row: Mapping[str, Any] | None, begins: int, step: int, zone: str | None) -> LivePoint:
    when = in_zone(datetime.fromtimestamp(begins, UTC), zone)
    p50, p95, p99 = (row["ms"] if row and row["ms"] else None) or (None, None, None)
    return LivePoint(
        begins=begins,
        ends=begins + step,
        when=when,
        requests=row["requests"] if row else 0,
        outcomes={name: int(row[name]) if row else 0 for name in OUTCOMES},
        p50=p50,
        p95=p95,
        p99=p99,
        tokens=int(row["prompt_tokens"] + row["completion_tokens"]) if row else 0,
        cost_usd=float(row["cost_usd"]) if row else 0.0,
        cached=int(row["cached"]) if row else 0,
    )


def _sum_up(points: Sequence[LivePoint]) -> dict[str, float]:
    totals: dict[str, float] = {name: sum(p.outcomes[name] for p in points) for name in OUTCOMES}
    totals["requests"] = sum(p.requests for p in points)
    totals["tokens"] = sum(p.tokens for p in points)
    totals["cost_usd"] = sum(p.cost_usd for p in points)
    totals["cached"] = sum(p.cached for p in points)
    totals["judged"] = totals["requests"] - totals["cancelled"]
    return totals


def _explain_silence(queries: RequestQueries, window: Window, kept: int, zone: str | None) -> str:
    if not kept:
        return "Nothing has been asked yet."
    latest = queries.find_latest()
    return (
        f"Nothing was asked in the last {window.title}. The newest request is of {clock(latest, zone)}, {ago(latest)}."
    )


def _load_memory(store: Store, begin: datetime, end: datetime, zone: str | None) -> tuple[MemoryPoint, ...]:
    rows = MetricPointStore(store).list_points(begin, end)
    return tuple(
        MemoryPoint(
            when=in_zone(row["taken_at"], zone),
            process=f"process {str(row['process']).partition('-')[0]}",
            memory_mb=_most(row["figures"], "memory_mb"),
            threads=_most(row["figures"], "threads"),
        )
        for row in rows
        if _most(row["figures"], "memory_mb") is not None
    )


def _most(figures: Mapping[str, Any], name: str) -> float | None:
    gauge = (figures.get("gauges") or {}).get(name)
    return float(gauge["most"]) if gauge else None


def _list_jobs(store: Store) -> tuple[PartRow, ...]:
    from engine.views.frame import load_frame

    frame = load_frame(store)
    working = [{"work": w.title, "state": "▶ running", "progress": f"{w.done} of {w.total}"} for w in frame.running]
    return tuple(working + [{"work": w.title, "state": "○ waiting", "progress": DASH} for w in frame.waiting])


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())
