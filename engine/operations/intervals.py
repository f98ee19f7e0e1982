"""What happened in an interval of five minutes: counts, sums, histograms and gauges by name, small enough to keep for years.

Names are flat, their parts joined by ``|``: ``requests|answered``, ``cache|memory|hit``, ``calls|ollama|ok``.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from engine.operations.metric_families import BoundedLabels
from engine.telemetry import CacheEvent, CallRecord, RequestRecord

BOUNDS_MS = (1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 250, 400, 650, 1000, 1600, 2500, 5000, 10_000, 30_000, 60_000)
Figures = dict[str, Any]


def empty_figures() -> Figures:
    """An interval in which nothing happened."""
    return {"counts": {}, "sums": {}, "histograms": {}, "gauges": {}, "bounds_ms": list(BOUNDS_MS)}


class IntervalFigures:
    """Collects the running interval; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels = BoundedLabels()
        self._figures = empty_figures()

    def add_request(self, request: RequestRecord) -> None:
        """Count a request, its time, its quality, its tokens and its cost."""
        with self._lock:
            self._count(f"requests|{self._labels.take('outcome', request.outcome)}")
            self._count("tokens|prompt", request.prompt_tokens)
            self._count("tokens|completion", request.completion_tokens)
            self._sum("cost_usd", request.cost_usd)
            if request.context_quality is not None:
                self._count("context_quality")
                self._sum("context_quality", request.context_quality)
            if request.outcome != "cancelled":
                self._observe("request_ms", request.total_ms)
            if request.retrieval_ms is not None:
                self._observe("retrieval_ms", request.retrieval_ms)
            if request.first_text_ms is not None:
                self._observe("first_text_ms", request.first_text_ms)

    def add_call(self, call: CallRecord) -> None:
        """Count an attempt at a provider."""
        provider = self._labels.take("provider", call.provider)
        with self._lock:
            self._count(f"calls|{provider}|{self._labels.take('call', call.outcome)}")
            self._sum(f"call_ms|{provider}", call.ms)
            self._sum(f"call_cost_usd|{provider}", call.cost_usd or 0.0)
            self._count(f"call_tokens|{provider}", call.prompt_tokens + call.completion_tokens)

    def add_cache(self, event: CacheEvent) -> None:
        """Count what a cache tier did."""
        tier = self._labels.take("tier", event.tier)
        with self._lock:
            self._count(f"cache|{tier}|{self._labels.take('event', event.event)}", event.count)
            self._sum(f"cache_saved_ms|{tier}", event.saved_ms)
            self._sum(f"cache_saved_usd|{tier}", event.saved_usd)

    def add_gauge(self, name: str, value: float) -> None:
        """Take a reading of something that goes up and down."""
        with self._lock:
            old = self._figures["gauges"].get(name)
            new = {"last": value, "least": value, "most": value, "sum": value, "readings": 1}
            self._figures["gauges"][name] = _join_gauges(old, new) if old else new

    def read(self) -> Figures:
        """The figures so far, which go on being collected."""
        with self._lock:
            return merge_figures([self._figures])

    def take(self) -> Figures:
        """The figures so far; the next interval begins."""
        with self._lock:
            taken, self._figures = self._figures, empty_figures()
            return taken

    def _count(self, name: str, by: int = 1) -> None:
        if by:
            self._figures["counts"][name] = self._figures["counts"].get(name, 0) + by

    def _sum(self, name: str, by: float) -> None:
        if by:
            self._figures["sums"][name] = self._figures["sums"].get(name, 0.0) + by

    def _observe(self, name: str, ms: float) -> None:
        self._sum(name, ms)
        buckets = self._figures["histograms"].setdefault(name, [0] * (len(BOUNDS_MS) + 1))
        buckets[bisect_left(BOUNDS_MS, ms)] += 1


def merge_figures(parts: Iterable[Mapping[str, Any]]) -> Figures:
    """The figures of several intervals, in the order of time, or of several processes, as those of one."""
    merged = empty_figures()
    for part in parts:
        for kind in ("counts", "sums"):
            for name, value in part[kind].items():
                merged[kind][name] = merged[kind].get(name, 0) + value
        if part["bounds_ms"] == merged["bounds_ms"]:  # another version's buckets cannot be added to ours
            for name, buckets in part["histograms"].items():
                old = merged["histograms"].get(name, [0] * len(buckets))
                merged["histograms"][name] = [a + b for a, b in zip(old, buckets, strict=True)]
        for name, gauge in part["gauges"].items():
            old = merged["gauges"].get(name)
            merged["gauges"][name] = _join_gauges(old, gauge) if old else dict(gauge)
    return merged


def estimate_quantile(buckets: list[int], share: float) -> float | None:
    """A quantile in ms out of the counts by bucket, straight within the bucket: at most one bucket's width off.

    None without any. What lies above the last bound is given as that bound.
    """
    total = sum(buckets)
    if not total:
        return None
    rank, below = share * total, 0
    for i, count in enumerate(buckets):
        if count and below + count >= rank:
            low = BOUNDS_MS[i - 1] if i else 0.0
            high = BOUNDS_MS[min(i, len(BOUNDS_MS) - 1)]
            return float(low + (high - low) * max(0.0, rank - below) / count)
        below += count
    return float(BOUNDS_MS[-1])


def _join_gauges(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
    return {
        "last": new["last"],
        "least": min(old["least"], new["least"]),
        "most": max(old["most"], new["most"]),
        "sum": old["sum"] + new["sum"],
        "readings": old["readings"] + new["readings"],
    }
