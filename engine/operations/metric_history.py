"""Metrics in time: written every five minutes, made coarser with age, read back by the hour."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from engine.operations.intervals import Figures, IntervalFigures, empty_figures, estimate_quantile, merge_figures
from engine.operations.metric_families import ANSWER_TIERS
from engine.operations.windows import SUCCESSES
from engine.store import Store
from engine.store.liveness import utc_now
from engine.store.metric_points import MetricPointStore
from engine.store.requests import KEPT, OUTCOMES, RequestStore

FINE_S, HOUR_S, DAY_S = 300, 3_600, 86_400
COARSER = ((FINE_S, HOUR_S, timedelta(hours=48)), (HOUR_S, DAY_S, timedelta(days=30)))
"""From which resolution to which, beyond what age."""
LONGEST_HOURS = 24 * 366 * 5
JUMP_S = 3_600.0
SHARES = (0.5, 0.95, 0.99)


def begin_of(moment: datetime, seconds: int) -> datetime:
    """The begin of the interval that a moment lies in."""
    stamp = int(moment.replace(tzinfo=UTC).timestamp())
    return datetime.fromtimestamp(stamp - stamp % seconds, UTC).replace(tzinfo=None)


class HistoryWriter:
    """Keeps what one process counts: the running interval again and again, so that a kill loses little of it.

    A clock that is set back gives the process another name in the table, so that an interval that it has written is
    added to and not replaced.
    """

    def __init__(self, store: Store, intervals: IntervalFigures, clock: Callable[[], datetime] = utc_now) -> None:
        self._points = MetricPointStore(store)
        self._intervals = intervals
        self._clock = clock
        self._base = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._turns_back = 0
        self._lock = threading.Lock()
        self._interval = begin_of(clock(), FINE_S)
        self._closed: deque[tuple[datetime, str, Figures]] = deque(maxlen=DAY_S // FINE_S)

    @property
    def process(self) -> str:
        """The name under which this process writes."""
        return f"{self._base}.{self._turns_back}" if self._turns_back else self._base

    def write(self) -> None:
        """Save what is over and the running interval. What the store did not take is tried again the next time."""
        with self._lock:
            now = begin_of(self._clock(), FINE_S)
            if now != self._interval:
                self._closed.append((self._interval, self.process, self._intervals.take()))
                if now < self._interval:
                    self._turns_back += 1
                self._interval = now
            while self._closed:
                self._save(*self._closed[0])
                self._closed.popleft()
            self._save(self._interval, self.process, self._intervals.read())

    def _save(self, taken_at: datetime, process: str, figures: Figures) -> None:
        if figures["counts"] or figures["gauges"]:
            self._points.save_point(taken_at=taken_at, resolution_s=FINE_S, process=process, figures=figures)


class HistoryKeeper:
    """Makes old points coarser and forgets old requests; may be run at any time, by any process, and again."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._points = MetricPointStore(store)
        self._clock = clock
        self._seen = (clock(), time.monotonic())
        self._distrusted_until = 0.0

    def keep(self) -> bool:
        """Do it, unless the clock has jumped within the last hour: a wrong year must not make all of it old."""
        now, tick = self._clock(), time.monotonic()
        ahead = (now - self._seen[0]).total_seconds() - (tick - self._seen[1])
        self._seen = (now, tick)
        if abs(ahead) > JUMP_S:
            self._distrusted_until = tick + JUMP_S
        if tick < self._distrusted_until:
            return False
        for fine, coarse, age in COARSER:
            self._coarsen(fine, coarse, begin_of(now - age, coarse))
        RequestStore(self._store).prune(now)
        return True

    def _coarsen(self, fine: int, coarse: int, before: datetime) -> None:
        """Join each process's fine points; they are deleted only when the coarse one is there.

        An interruption in between leaves all fine points, so that the next time makes the same coarse one of them.
        """

        def interval(row: Mapping[str, Any]) -> tuple[datetime, str]:
            return begin_of(row["taken_at"], coarse), row["process"]

        rows = sorted(self._points.list_older(fine, before), key=lambda row: (*interval(row), row["taken_at"]))
        for (taken_at, process), group in groupby(rows, interval):
            figures = merge_figures(row["figures"] for row in group)
            self._points.save_point(taken_at=taken_at, resolution_s=coarse, process=process, figures=figures)
            self._points.delete_points(fine, taken_at, taken_at + timedelta(seconds=coarse), process)


def load_history(store: Store, hours: int, now: datetime | None = None) -> dict[str, Any]:
    """The last hours, as ``GET /metrics/history`` answers: ``resolution_s`` and ``points``, oldest first.

    Up to a day in steps of five minutes (288 points when the app ran all day), up to 30 days in hours, beyond in days.
    Intervals in which nothing was written are missing, not zero. Requests are counted from themselves where all of an
    interval's are still kept (seven days), so that a killed process loses none; else from what was added up, and then
    the percentiles are estimated from counts by bucket and ``approximate`` is true.
    """
    now = now or utc_now()
    resolution = FINE_S if hours <= 24 else HOUR_S if hours <= 24 * 30 else DAY_S
    begin = begin_of(now - timedelta(hours=hours), resolution) + timedelta(seconds=resolution)
    rows = MetricPointStore(store).list_points(begin, now + timedelta(days=1))
    exact = RequestStore(store).load_intervals(max(begin, now - KEPT), now + timedelta(days=1), resolution)
    added = {
        taken_at: merge_figures(row["figures"] for row in group)
        for taken_at, group in groupby(rows, lambda row: begin_of(row["taken_at"], resolution))
    }
    points = [
        describe_point(taken_at, resolution, added.get(taken_at) or empty_figures(), exact.get(taken_at))
        for taken_at in sorted({*added, *exact})
    ]
    return {"hours": hours, "resolution_s": resolution, "points": points}


def describe_point(
    taken_at: datetime, resolution: int, figures: Mapping[str, Any], exact: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The figures of one interval by name; what nothing was measured of is None.

    Args:
        figures: what the processes added up.
        exact: the interval of ``RequestStore.load_intervals``, used when it holds at least as many requests.
    """
    asked = _describe_requests(figures)
    if exact is not None and sum(exact[name] for name in OUTCOMES) >= sum(asked["outcomes"].values()):
        asked = _describe_kept(exact)
    outcomes = asked["outcomes"]
    judged = sum(outcomes.values()) - outcomes.get("cancelled", 0)
    return {
        "taken_at": taken_at,
        "seconds": resolution,
        "requests": sum(outcomes.values()),
        "outcomes": outcomes,
        "success_rate": _share(sum(outcomes.get(name, 0) for name in SUCCESSES), judged),
        "error_rate": _share(outcomes.get("error", 0), judged),
        **{name: asked[name] for name in ("context_quality", "latency_ms", "tokens", "cost_usd")},
        "cache": describe_cache(figures),
        "providers": _describe_providers(figures),
        "gauges": figures["gauges"],
    }


def _describe_requests(figures: Mapping[str, Any]) -> dict[str, Any]:
    counts, sums = figures["counts"], figures["sums"]
    buckets = figures["histograms"].get("request_ms", [])
    quantiles = [estimate_quantile(buckets, share) for share in SHARES]
    return {
        "outcomes": _under(counts, "requests"),
        "context_quality": _share(sums.get("context_quality", 0.0), counts.get("context_quality", 0)),
        "latency_ms": _describe_latency(
            quantiles, _share(sums.get("request_ms", 0.0), sum(buckets)), approximate=bool(buckets)
        ),
        "tokens": sum(_under(counts, "tokens").values()),
        "cost_usd": round(sums.get("cost_usd", 0.0), 6),
    }


def _describe_kept(exact: Mapping[str, Any]) -> dict[str, Any]:
    quantiles = exact["ms"] or [None] * len(SHARES)
    return {
        "outcomes": {name: exact[name] for name in OUTCOMES if exact[name]},
        "context_quality": _round(exact["context_quality"], 6),
        "latency_ms": _describe_latency(quantiles, exact["mean_ms"], approximate=False),
        "tokens": int(exact["tokens"]),
        "cost_usd": round(exact["cost_usd"], 6),
    }


def _describe_latency(quantiles: Sequence[float | None], mean: float | None, *, approximate: bool) -> dict[str, Any]:
    named = {f"p{100 * share:.0f}": _round(value) for share, value in zip(SHARES, quantiles, strict=True)}
    return {**named, "mean": _round(mean), "approximate": approximate}


def describe_cache(figures: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By tier: hits, misses, their rate (None without any), stale, evicted, stored, joined, and what hits saved."""
    counts, sums = figures["counts"], figures["sums"]
    tiers = dict.fromkeys(name.split("|")[1] for name in counts if name.startswith("cache|"))
    described = {}
    for tier in tiers:
        events = _under(counts, f"cache|{tier}")
        hits, misses = events.get("hit", 0), events.get("miss", 0)
        described[tier] = {
            "hits": hits,
            "misses": misses,
            "lookups": hits + misses,
            "hit_rate": _share(hits, hits + misses),
            **{name: events.get(name, 0) for name in ("stale", "evicted", "stored", "joined")},
            "saved_ms": round(sums.get(f"cache_saved_ms|{tier}", 0.0), 3),
            "saved_usd": round(sums.get(f"cache_saved_usd|{tier}", 0.0), 6),
        }
    return described


def load_cache_figures(store: Store, hours: int = 24, now: datetime | None = None) -> dict[str, Any]:
    """The cache over the last hours, all processes together, as ``GET /metrics/cache`` answers.

    ``tiers`` as ``describe_cache`` gives them; ``answers`` adds up the tiers that hold answers: the share of questions
    that one of them answered.
    """
    now = now or utc_now()
    begin = begin_of(now - timedelta(hours=hours), FINE_S)
    rows = MetricPointStore(store).list_points(begin, now + timedelta(days=1))
    tiers = describe_cache(merge_figures(row["figures"] for row in rows))
    return {"hours": hours, "answers": _describe_answers(tiers), "tiers": tiers}


def _describe_answers(tiers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every question is looked for in memory first, so that tier's lookups are the questions."""
    found = [tiers[name] for name in ANSWER_TIERS if name in tiers]
    lookups = tiers["memory"]["lookups"] if "memory" in tiers else 0
    hits = sum(tier["hits"] for tier in found)
    return {
        "lookups": lookups,
        "hits": hits,
        "hit_rate": _share(hits, lookups),
        "joined": sum(tier["joined"] for tier in found),
        "saved_ms": round(sum(tier["saved_ms"] for tier in found), 3),
        "saved_usd": round(sum(tier["saved_usd"] for tier in found), 6),
    }


def _describe_providers(figures: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    counts, sums = figures["counts"], figures["sums"]
    names = dict.fromkeys(name.split("|")[1] for name in counts if name.startswith("calls|"))
    described = {}
    for provider in names:
        outcomes = _under(counts, f"calls|{provider}")
        calls = sum(outcomes.values())
        described[provider] = {
            "calls": calls,
            "outcomes": outcomes,
            "mean_ms": _share(sums.get(f"call_ms|{provider}", 0.0), calls),
            "tokens": counts.get(f"call_tokens|{provider}", 0),
            "cost_usd": round(sums.get(f"call_cost_usd|{provider}", 0.0), 6),
        }
    return described


def _under(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) + 1 :]: value for name, value in values.items() if name.startswith(f"{prefix}|")}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None


def _round(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(float(value), digits)
