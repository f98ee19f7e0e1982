"""Resident memory: samples of this process, their accuracy against the kernel's own figure, and leaks."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import psutil

MB = 1024 * 1024
SMAPS_ROLLUP = Path("/proc/self/smaps_rollup")
STATUS = Path("/proc/self/status")
CGROUP_FILES = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))
REFERENCE_EVERY = 4  # samples; the kernel walks every mapping for smaps_rollup


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReport:
    """One run's memory. ``accuracy`` is the median of 1 - |reported - kernel| / kernel over the run.

    ``reason`` says why ``accuracy`` is None. ``growth_mb`` is the last level minus the first. ``kernel_rss_mb`` is the
    kernel's figure beside the last sample, ``kernel_peak_mb`` its own high-water mark of this process; both are None
    where it does not say.
    """

    rss_mb: float
    peak_mb: float
    growth_mb: float
    accuracy: float | None
    accuracy_samples: int
    reason: str
    cgroup_mb: float | None
    samples: int
    leak: LeakVerdict
    kernel_rss_mb: float | None = None
    kernel_peak_mb: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The ``memory`` object of a run."""
        return {
            "rss_mb": round(self.rss_mb, 1),
            "peak_mb": round(self.peak_mb, 1),
            "growth_mb": round(self.growth_mb, 1),
            "accuracy": None if self.accuracy is None else round(self.accuracy, 5),
            "accuracy_samples": self.accuracy_samples,
            "reason": self.reason,
            "cgroup_mb": _round_mb(self.cgroup_mb),
            "kernel_rss_mb": _round_mb(self.kernel_rss_mb),
            "kernel_peak_mb": _round_mb(self.kernel_peak_mb),
            "samples": self.samples,
            "leak": {
                "leaking": self.leak.leaking,
                "growth_mb": round(self.leak.growth_mb, 1),
                "slope_mb_per_minute": round(self.leak.slope_mb_per_minute, 2),
                "reason": self.leak.reason,
            },
        }


def _round_mb(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakVerdict:
    """Whether memory leaks, the level gained over the baseline, the robust slope, and why."""

    leaking: bool
    growth_mb: float
    slope_mb_per_minute: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakDetector:
    """Tells a leak from a spike, a step and a warm-up.

    A leak climbs, and still climbs: the Theil-Sen slope is positive in each of the last two quarters of the samples,
    and either the last level stands more than ``threshold_mb`` above the baseline, or all four quarters climb at a rate
    that crosses the threshold within ``horizon_minutes`` while their lowest levels rise with them (a garbage
    collector's sawtooth falls back). The slope is a median of pairwise slopes, so a spike does not
    move it; levels are medians, so a spike is not a level. The second rule waits for ``min_seconds`` of samples.
    """

    threshold_mb: float = 100.0
    horizon_minutes: float = 60.0
    min_seconds: float = 60.0
    min_samples: int = 12

    def check(self, seconds: Sequence[float], rss_mb: Sequence[float]) -> LeakVerdict:
        """Judges samples taken at ``seconds`` (ascending)."""
        t, y = np.asarray(seconds, dtype=np.float64), np.asarray(rss_mb, dtype=np.float64)
        if len(t) < self.min_samples:
            reason = f"{len(t)} samples are too few to tell; {self.min_samples} are needed"
            return LeakVerdict(leaking=False, growth_mb=0.0, slope_mb_per_minute=0.0, reason=reason)
        eighth = max(3, len(y) // 8)
        growth = float(np.median(y[-eighth:]) - np.median(y[:eighth]))
        slope = 60 * theil_sen_slope(t, y)
        floor = 0.1 * self.threshold_mb * 60 / max(float(t[-1] - t[0]), 1e-9)  # a tenth of the threshold over the run
        quarters = [60 * theil_sen_slope(a, b) for a, b in zip(np.array_split(t, 4), np.array_split(y, 4), strict=True)]
        verdict = {"growth_mb": growth, "slope_mb_per_minute": slope}
        if growth > self.threshold_mb and min(quarters[2:]) > floor:
            reason = f"{growth:.0f} MB above the baseline (threshold {self.threshold_mb:g} MB) and still climbing"
            return LeakVerdict(leaking=True, reason=reason, **verdict)
        floors = [float(np.quantile(part, 0.2)) for part in np.array_split(y, 4)]
        rise = slope / 60 * float(t[-1] - t[0]) / 4  # MB that a straight climb gains in a quarter of the time
        steady = min(quarters) > slope / 4 and min(np.diff(floors)) > rise / 4
        if t[-1] - t[0] >= self.min_seconds and steady and slope * self.horizon_minutes > self.threshold_mb:
            minutes = max(0.0, self.threshold_mb - growth) / slope
            reason = (
                f"a steady climb of {slope:.1f} MB a minute; it passes {self.threshold_mb:g} MB in {minutes:.0f} min"
            )
            return LeakVerdict(leaking=True, reason=reason, **verdict)
        reason = "back to the baseline" if growth <= self.threshold_mb else "a higher level, but no longer climbing"
        return LeakVerdict(leaking=False, reason=reason if growth > 1 else "flat", **verdict)


def theil_sen_slope(x: np.ndarray, y: np.ndarray, most: int = 300) -> float:
    """Median of the slopes of all pairs of points (Theil 1950, Sen 1968); evenly thinned to ``most`` points."""
    if len(x) > most:
        keep = np.linspace(0, len(x) - 1, most).astype(int)
        x, y = x[keep], y[keep]
    i, j = np.triu_indices(len(x), 1)
    run = x[j] - x[i]
    ok = run > 0
    return float(np.median((y[j] - y[i])[ok] / run[ok])) if ok.any() else 0.0


def read_kernel_rss(path: Path = SMAPS_ROLLUP) -> int | None:
    """Resident bytes of this process as the kernel sums them over its mappings; None where it does not say (macOS)."""
    return _read_kilobytes(path, "Rss:")


def read_kernel_peak(path: Path = STATUS) -> int | None:
    """The most resident bytes that the kernel has seen of this process; None where it does not say."""
    return _read_kilobytes(path, "VmHWM:")


def _read_kilobytes(path: Path, name: str) -> int | None:
    try:
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None


def read_cgroup_bytes(paths: Sequence[Path] = CGROUP_FILES) -> int | None:
    """Bytes that the kernel charges to this control group (page cache included); None when unreadable."""
    for path in paths:
        try:
            return int(path.read_text())
        except (OSError, ValueError):
            continue
    return None


class MemorySampler:
    """Samples this process's resident memory in a thread between ``with`` and its end.

    ``report()`` may be called at any time. Accuracy compares each fourth figure that is reported (psutil's) with the
    kernel's sum over mappings read right after it.
    """

    def __init__(
        self,
        interval_s: float = 0.25,
        detector: LeakDetector | None = None,
        kernel_path: Path = SMAPS_ROLLUP,
    ) -> None:
        self._interval = interval_s
        self._detector = detector or LeakDetector()
        self._kernel_path = kernel_path
        self._process = psutil.Process()
        self._samples: list[tuple[float, float]] = []
        self._accuracy: list[float] = []
        self._kernel: int | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="memory-sampler", daemon=True)

    def __enter__(self) -> MemorySampler:
        self.sample()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.sample(compare=True)

    def sample(self, compare: bool = False) -> None:
        """Takes one sample now; ``compare`` it with the kernel's figure, whether or not its turn has come."""
        with self._lock:
            reported = self._process.memory_info().rss
            self._kernel = None
            if compare or len(self._samples) % REFERENCE_EVERY == 0 or len(self._accuracy) < 3:
                self._kernel = read_kernel_rss(self._kernel_path)
                if self._kernel:
                    self._accuracy.append(1 - abs(reported - self._kernel) / self._kernel)
            self._samples.append((time.monotonic(), reported / MB))

    def _work(self) -> None:
        while not self._stop.wait(self._interval):
            self.sample()

    def report(self) -> MemoryReport:
        """Figures over all samples so far; the first call without any takes one."""
        if not self._samples:
            self.sample()
        cgroup, peak = read_cgroup_bytes(), read_kernel_peak()
        with self._lock:
            kernel = self._kernel
            seconds = [t for t, _ in self._samples]
            levels = [rss for _, rss in self._samples]
            accuracy = list(self._accuracy)
        return MemoryReport(
            rss_mb=levels[-1],
            peak_mb=max(levels),
            growth_mb=levels[-1] - levels[0],
            accuracy=statistics.median(accuracy) if accuracy else None,
            accuracy_samples=len(accuracy),
            reason="" if accuracy else f"{self._kernel_path} is not readable here, so there is no reference figure",
            cgroup_mb=None if cgroup is None else cgroup / MB,
            samples=len(levels),
            leak=self._detector.check(seconds, levels),
            kernel_rss_mb=None if kernel is None else kernel / MB,
            kernel_peak_mb=None if peak is None else peak / MB,
        )
