"""Gauges that are read at a scrape: this process's memory and threads, the windows, the recorder itself, and what others
register (limiter, queue, runs, gates)."""

from __future__ import annotations

import logging
import platform
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from engine.operations.machine import read_version
from engine.store.liveness import utc_now

if TYPE_CHECKING:
    from engine.operations.metrics import ServingRecorder

GaugeReading = float | None | Mapping[tuple[str, ...], float]
PATIENCE_S = 2.0
WINDOW_GAUGES = {
    "success_rate": ("phasegate_window_success_ratio", 1.0),
    "error_rate": ("phasegate_window_error_ratio", 1.0),
    "context_quality": ("phasegate_window_context_quality", 1.0),
    "response_ms": ("phasegate_window_response_seconds", 0.001),
}

log = logging.getLogger("phasegate.metrics")


@dataclass(slots=True)
class _Gauge:
    name: str
    help: str
    read: Callable[[], GaugeReading]
    labels: tuple[str, ...]
    every_s: float
    value: GaugeReading = None
    read_at: float = float("-inf")
    reading: Future[GaugeReading] | None = field(default=None, repr=False)
    failed: bool = False


class ReadGauges:
    """A Prometheus collector."""

    def __init__(self, recorder: ServingRecorder) -> None:
        self._recorder = recorder
        self._process = psutil.Process()
        self._version = read_version()
        self._gauges: dict[str, _Gauge] = {}
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def register(
        self, name: str, help: str, read: Callable[[], GaugeReading], *, labels: tuple[str, ...], every_s: float
    ) -> None:
        """See ``ServingRecorder.register_gauge``."""
        with self._lock:
            self._gauges[name] = _Gauge(name, help, read, labels, every_s)

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry must not read every gauge when this collector is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Every gauge that can be read now."""
        yield from self._collect_process()
        yield from self._collect_windows()
        yield from self._collect_recorder()
        with self._lock:
            gauges = list(self._gauges.values())
        for gauge in gauges:
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            value = self._read(gauge)
            for labels, number in (value if isinstance(value, Mapping) else {(): value}).items():
                if number is not None:
                    family.add_metric(labels, float(number))
            yield family

    def read_plain(self) -> dict[str, float]:
        """Numbers of the gauges without labels, by name."""
        with self._lock:
            gauges = [gauge for gauge in self._gauges.values() if not gauge.labels]
        values = {gauge.name: self._read(gauge) for gauge in gauges}
        return {name: float(v) for name, v in values.items() if v is not None and not isinstance(v, Mapping)}

    def close(self) -> None:
        """End the reading thread."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, gauge: _Gauge) -> GaugeReading:
        if not gauge.every_s:
            return self._read_now(gauge)
        if time.monotonic() - gauge.read_at < gauge.every_s:
            return gauge.value
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(2, thread_name_prefix="gauges")
            if gauge.reading is None:
                gauge.reading = self._pool.submit(self._read_now, gauge)
            reading = gauge.reading
        try:
            gauge.value, gauge.read_at, gauge.reading = reading.result(PATIENCE_S), time.monotonic(), None
        except FutureTimeoutError:
            log.info("the gauge %s takes its time; its last value is shown", gauge.name)
        return gauge.value

    def _read_now(self, gauge: _Gauge) -> GaugeReading:
        try:
            return gauge.read()
        except Exception:  # a gauge is a look at something that may be broken; the other figures must be seen
            if not gauge.failed:
                log.exception("the gauge %s cannot be read", gauge.name)
            gauge.failed = True
            return None

    def _collect_process(self) -> Iterable[Metric]:
        memory = self._process.memory_info().rss
        yield GaugeMetricFamily("phasegate_resident_memory_bytes", "Resident memory of this process.", value=memory)
        yield GaugeMetricFamily("phasegate_threads", "Threads of this process.", value=self._process.num_threads())
        seconds = max(0.0, time.time() - self._process.create_time())
        yield GaugeMetricFamily("phasegate_uptime_seconds", "Since this process began.", value=seconds)
        build = GaugeMetricFamily("phasegate_build_info", "Always 1.", labels=["version", "python"])
        build.add_metric([self._version, platform.python_version()], 1)
        yield build

    def _collect_windows(self) -> Iterable[Metric]:
        samples = GaugeMetricFamily("phasegate_window_samples", "Requests in a window.", labels=["window"])
        for name, figure in self._recorder.windows.figures(utc_now()).items():
            metric, scale = WINDOW_GAUGES[name]
            samples.add_metric([name], figure.samples)
            family = GaugeMetricFamily(metric, f"Mean {name} of the last requests within an hour.")
            if figure.value is not None:
                family.add_metric([], figure.value * scale)
            yield family
        yield samples

    def _collect_recorder(self) -> Iterable[Metric]:
        writer = self._recorder.writer
        dropped = CounterMetricFamily("phasegate_recorder_dropped", "Records that were lost.", labels=["table"])
        for table in ("requests", "provider_calls", "breaker_changes", "recoveries"):
            dropped.add_metric([table], writer.dropped[table])
        yield dropped
        yield GaugeMetricFamily("phasegate_recorder_waiting", "Records not yet in the store.", value=writer.waiting)
        yield CounterMetricFamily("phasegate_recorder_failures", "Failed attempts at writing.", value=writer.failures)
        yield CounterMetricFamily(
            "phasegate_recorder_errors", "Records we could not read.", value=self._recorder.errors
        )
