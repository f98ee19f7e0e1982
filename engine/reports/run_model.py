"""What a report says of one run: counts, figures with intervals, who judged, failing cases, what made it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A rate or a mean with its 95 % interval. ``n`` values of ``total`` possible ones; ``value`` None without any."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeUse:
    """Who gave the scores of a measure: judge, hash of its prompts, how often each case was judged, cases."""

    judge: str
    prompt_hash: str
    repeats: int
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFigures:
    """The mean of a measure over a run.

    Attributes:
        n: cases scored, of ``total`` cases that the measure was put to; the rest are ``failed``, ``unjudged`` (no judge
            was there) or ``not_applicable``.
        judges: empty for a measure that needs no model.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    total: int
    failed: int = 0
    unjudged: int = 0
    not_applicable: int = 0
    judges: tuple[JudgeUse, ...] = ()

    @property
    def attempted(self) -> int:
        """Cases that should have a score."""
        return self.total - self.not_applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRule:
    """One pass rule of the suite, held against the run."""

    name: str
    direction: str
    goal: float
    value: float | None
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """Cases of a run that carry a tag, by how they ended."""

    tag: str
    passed: int
    failed: int
    errors: int
    unscored: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.errors + self.unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingCase:
    """One case that failed or broke. ``why``: the checks it failed, or the error's message."""

    case_id: str
    status: str
    question: str
    answer: str
    expected: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """``counts[i]`` values lie in [``edges[i]``, ``edges[i + 1]``), ``beyond`` above the last edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run.

    Attributes:
        verdict: of the suite's pass rules; None when it has none.
        suite_cases: cases of the whole suite; ``cases`` were asked for.
        latency_ms: p50, p95, p99; ``latency_intervals`` their 95 % intervals.
        failing: a sample of ``failing_total`` cases; ``failing_reasons`` counts all of them by what they failed.
        audit: figures checked and agreed by the newest audit, or empty.
    """

    run_id: str
    suite: str
    suite_hash: str
    suite_cases: int
    target: str
    preset: str
    status: str
    error: str
    verdict: str | None
    started_at: datetime.datetime | None
    seconds: float | None
    cost_usd: float | None
    cases: int
    passed: int
    failed: int
    errors: int
    unscored: int
    success_rate: Estimate
    context_quality: Estimate
    latency_ms: Mapping[str, float | None]
    latency_intervals: Mapping[str, tuple[float | None, float | None]]
    latencies: Histogram | None
    memory: Mapping[str, Any]
    measures: Mapping[str, MeasureFigures]
    pass_rules: tuple[PassRule, ...]
    tags: tuple[TagCount, ...]
    failing: tuple[FailingCase, ...]
    failing_total: int
    failing_reasons: Mapping[str, int]
    audit: Mapping[str, int]
    options: Mapping[str, Any]
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]
    generated_at: datetime.datetime

    @property
    def title(self) -> str:
        """``Run of customer-service``."""
        return f"Run of {self.suite}"

    @property
    def ended(self) -> int:
        """Cases that have ended."""
        return self.passed + self.failed + self.errors + self.unscored

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges behind its scores."""
        return tuple(dict.fromkeys(use.judge for m in self.measures.values() for use in m.judges))

    @property
    def file_stem(self) -> str:
        """``run-customer-service-...``, of what every file system takes."""
        return "run-" + (re.sub(r"[^\w.-]+", "-", self.run_id).strip("-.") or "report")
