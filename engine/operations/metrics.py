"""The recorder of serving: Prometheus figures, rolling windows, intervals for the history, rows for the store."""

from __future__ import annotations

import atexit
import dataclasses
import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from engine.operations.failovers import FailoverWatch, ProviderRecovery
from engine.operations.gauges import GaugeReading, ReadGauges
from engine.operations.intervals import IntervalFigures
from engine.operations.metric_families import BREAKER_STATES, BoundedLabels, ServingFamilies
from engine.operations.record_writer import RecordWriter
from engine.operations.windows import RollingWindows
from engine.settings import home as default_home
from engine.store import Store
from engine.store.recoveries import build_recovery
from engine.telemetry import BreakerChange, CacheEvent, CallRecord, RequestRecord

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
FRESH_S = 1.0
Record = TypeVar("Record", RequestRecord, CallRecord)

log = logging.getLogger("phasegate.metrics")

_recorders: dict[Path, ServingRecorder] = {}
_recorders_lock = threading.Lock()


class ServingRecorder:
    """Implements ``engine.telemetry.Recorder`` for one process and home; from any thread.

    Recording touches memory alone and takes microseconds; a thread of its own writes to the store. What goes wrong in
    recording is counted (``phasegate_recorder_errors_total``) and logged once, and never reaches the request.
    """

    def __init__(self, home: Path | Store | None = None) -> None:
        folder = home.home if isinstance(home, Store) else home
        self.home = (folder or default_home()).resolve()
        self.registry = CollectorRegistry()
        self.windows = RollingWindows()
        self.intervals = IntervalFigures()
        self.writer = RecordWriter(self.home)
        self.breakers: dict[str, BreakerChange] = {}
        """The newest change of each provider's breaker in this process."""
        self.errors = 0
        self.write_interval: Callable[[], None] = lambda: None
        """Writes the running interval of the history; set by what writes it every minute."""
        self._written_at = float("-inf")
        self._failovers = FailoverWatch()
        self._labels = BoundedLabels()
        self._families = ServingFamilies(self.registry)
        self._gauges = ReadGauges(self)
        self.registry.register(self._gauges)

    def record_request(self, request: RequestRecord) -> None:
        """Count a request, and keep it."""
        self._safely(self._take_request, request)

    def record_call(self, call: CallRecord) -> None:
        """Count an attempt at a provider, and keep it."""
        self._safely(self._take_call, call)

    def record_breaker(self, change: BreakerChange) -> None:
        """Count a breaker's change, and keep it."""
        self._safely(self._take_breaker, change)

    def record_cache(self, event: CacheEvent) -> None:
        """Count what a cache tier did."""
        self._safely(self._take_cache, event)

    def count_recovery(self, component: str, outcome: str) -> None:
        """Count what ``engine.operations.recovery`` did."""
        self._families.recoveries.labels(self._label("component", component), outcome).inc()

    def register_gauge(
        self,
        name: str,
        help: str,
        read: Callable[[], GaugeReading],
        *,
        labels: tuple[str, ...] = (),
        every_s: float = 0.0,
    ) -> None:
        """Show what ``read`` gives as a gauge; a later one of the same name takes its place.

        Args:
            name: ``phasegate_`` and what it is, with its unit.
            read: gives a number, None for no value, or numbers by the labels' values (a tuple of strings).
            every_s: 0 reads at each scrape, which must then be quick. Otherwise a thread reads at most so often, and
                a scrape waits two seconds for it before it shows the value of the time before.
        """
        self._gauges.register(name, help, read, labels=labels, every_s=every_s)

    def read_gauges(self) -> dict[str, float]:
        """Every gauge without labels, now, by name; one that fails is left out."""
        return self._gauges.read_plain()

    def render_prometheus(self) -> bytes:
        """The text that a Prometheus server reads; its type is ``CONTENT_TYPE``."""
        return generate_latest(self.registry)

    def write_now(self) -> None:
        """Write what waits and the running interval, for somebody who reads them from the store; once a second at most."""
        if time.monotonic() - self._written_at > FRESH_S:
            self._written_at = time.monotonic()
            self.writer.flush()
            self.write_interval()

    def close(self) -> None:
        """Write what waits, within five seconds."""
        self.writer.close()
        self._gauges.close()

    def _safely(self, take: Callable[[Any], None], record: Any) -> None:
        try:
            take(record)
        except Exception:  # serving must not suffer from being watched; the error is counted and shown
            self.errors += 1
            if self.errors == 1:
                log.exception("a %s could not be recorded", type(record).__name__)

    def _take_request(self, request: RequestRecord) -> None:
        request = _check_numbers(request, "total_ms", "cost_usd")
        self.writer.add("requests", _read_fields(request))
        self.windows.add_request(
            asked_at=request.asked_at,
            outcome=request.outcome,
            total_ms=request.total_ms,
            context_quality=request.context_quality,
        )
        self.intervals.add_request(request)
        self._take_recovery(self._failovers.follow_request(request))
        families = self._families
        door, outcome = self._label("door", request.door), self._label("outcome", request.outcome)
        families.requests.labels(door, outcome).inc()
        if request.outcome != "cancelled":
            families.duration.labels(door).observe(request.total_ms / 1000)
        if request.first_text_ms is not None:
            families.first_text.observe(request.first_text_ms / 1000)
        if request.retrieval_ms is not None:
            families.retrieval.observe(request.retrieval_ms / 1000)
            families.chunks.observe(request.chunks)
        if request.context_quality is not None:
            families.quality.observe(request.context_quality)
        families.cost.inc(max(0.0, request.cost_usd))
        families.tokens.labels("prompt").inc(request.prompt_tokens)
        families.tokens.labels("completion").inc(request.completion_tokens)

    def _take_call(self, call: CallRecord) -> None:
        call = _check_numbers(call, "ms")
        self.writer.add("provider_calls", {"call_id": uuid4().hex, **_read_fields(call)})
        self.intervals.add_call(call)
        self._take_recovery(self._failovers.follow_call(call))
        families = self._families
        provider = self._label("provider", call.provider)
        families.breaker.labels(provider)  # closed until it is heard otherwise
        families.calls.labels(provider, self._label("call", call.outcome)).inc()
        families.call_seconds.labels(provider).observe(call.ms / 1000)
        if call.first_token_ms is not None:
            families.call_first.labels(provider).observe(call.first_token_ms / 1000)
        families.call_tokens.labels(provider, "prompt").inc(call.prompt_tokens)
        families.call_tokens.labels(provider, "completion").inc(call.completion_tokens)
        families.call_cost.labels(provider).inc(max(0.0, call.cost_usd or 0.0))

    def _take_breaker(self, change: BreakerChange) -> None:
        self.writer.add("breaker_changes", {"change_id": uuid4().hex, **_read_fields(change)})
        provider = self._label("provider", change.provider)
        self.breakers[provider] = change
        self._families.breaker.labels(provider).set(BREAKER_STATES[change.state])
        self._families.breaker_changes.labels(provider, change.state).inc()
        self._take_recovery(self._failovers.follow_breaker(change))

    def _take_recovery(self, found: ProviderRecovery | None) -> None:
        if found is None:
            return
        self.count_recovery("provider", found.outcome)
        if found.told:
            row = {"subject": found.subject, "action": found.action, "outcome": found.outcome, "reason": found.reason}
            self.writer.add("recoveries", build_recovery(component="provider", **row, ms=0.0))

    def _take_cache(self, event: CacheEvent) -> None:
        self.intervals.add_cache(event)
        families = self._families
        tier = self._label("tier", event.tier)
        families.cache_events.labels(tier, self._label("event", event.event)).inc(event.count)
        if event.event == "hit":
            families.hits.labels(tier).inc(event.count)
        elif event.event == "miss":
            families.misses.labels(tier).inc(event.count)
        families.saved_seconds.labels(tier).inc(max(0.0, event.saved_ms / 1000))
        families.saved_usd.labels(tier).inc(max(0.0, event.saved_usd))

    def _label(self, label: str, value: str) -> str:
        return self._labels.take(label, value)


def _check_numbers(record: Record, *needed: str) -> Record:
    """The record; a figure that is no number becomes None.

    Raises:
        ValueError: one that is needed is no number.
    """
    names = [f for f in _fields(type(record)) if isinstance(v := getattr(record, f), float) and not math.isfinite(v)]
    if not names:
        return record
    if bad := [name for name in names if name in needed]:
        raise ValueError(f"{', '.join(bad)} of a {type(record).__name__} is no number.")
    return dataclasses.replace(record, **dict.fromkeys(names))  # type: ignore[arg-type]


@cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _read_fields(record: Any) -> dict[str, Any]:
    """Fields by name; unlike ``dataclasses.asdict`` without copying the trace."""
    return {name: getattr(record, name) for name in _fields(type(record))}


def get_recorder(home: Path | None = None) -> ServingRecorder:
    """The recorder of this process for a home, made on first use; it writes what waits when the process ends."""
    folder = (home or default_home()).resolve()
    with _recorders_lock:
        recorder = _recorders.get(folder)
        if recorder is None:
            recorder = _recorders[folder] = ServingRecorder(folder)
            atexit.register(recorder.close)
        return recorder


def close_recorder(home: Path | None = None) -> None:
    """Close the recorder of a home; the next ``get_recorder`` makes a new one."""
    with _recorders_lock:
        recorder = _recorders.pop((home or default_home()).resolve(), None)
    if recorder is not None:
        atexit.unregister(recorder.close)
        recorder.close()


__all__ = ["CONTENT_TYPE", "ServingRecorder", "close_recorder", "get_recorder"]
