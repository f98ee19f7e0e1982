"""Metrics accuracy: every figure of a run held against what its raw journal and independent sources say.

Nothing here shares code with what shows the figures: rates and means come from scipy and the statistics module, answers
are judged anew, time is read off the clock of the journal, memory off the kernel's figures, tokens are counted again.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.evaluation.metrics_audit_cases import CaseFacts

Row = Mapping[str, Any]
EXPECTED_KEYS = ("execution_duration", "step_count", "success_rate", "ai_request_count")
STATUSES = {"passed": "passed", "failed": "failed", "errors": "error", "unscored": "unscored"}
JOURNAL = "journal of cases"
SCORES = "journal of scores"
EXACT = "exact"
ROUNDED = "1e-6, relative"
BOOTSTRAP = "{:g} of the interval's width: two bootstraps differ by chance"
# Of the width: a skewed sample's end rests on few resamples, and under 8 values resamples lie in steps.
WITHIN, WITHIN_FEW, FEW = 0.25, 0.35, 8
RESAMPLES = 4_000
LARGE = 400  # above it an interval of a mean is Student's t


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure: as it is shown, as it was recomputed, from what, and within which tolerance they must agree."""

    figure: str
    shown: Any
    recomputed: Any
    source: str
    tolerance: str
    agrees: bool

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)


def audit_journal(shown: Row, cases: Sequence[CaseFacts], scores: Iterable[Row]) -> Iterator[Finding]:
    """Every figure of ``show RUN`` that follows from the rows of cases and scores.

    Args:
        shown: the JSON of ``show``.
        cases: what the cases say, see ``read_case``.
        scores: rows of ``scores``.
    """
    rows = list(scores)
    counts = Counter(case.status for case in cases)
    for name, status in STATUSES.items():
        yield same(name, shown.get(name), counts[status], f"answers judged anew, {JOURNAL}")
    yield from _audit_rate("success_rate", shown.get("success_rate"), counts)
    qualities = [case.quality for case in cases if case.quality is not None]
    yield from audit_mean("context_quality", shown.get("context_quality"), qualities, JOURNAL)
    yield from _audit_latency(shown.get("latency_ms") or {}, [c.latency_ms for c in cases if c.latency_ms is not None])
    yield from _audit_groups(shown, cases)
    yield from _audit_measures(shown.get("measures") or {}, cases, rows)
    judged = sum(max(1, len(r.get("repeats") or ())) for r in rows if r.get("judge") and r["status"] == "scored")
    yield same("step_count", shown.get("step_count"), sum(case.steps for case in cases), f"stage times, {JOURNAL}")
    calls = sum(case.model_calls for case in cases) + judged
    yield same("ai_request_count", shown.get("ai_request_count"), calls, "tokens and judgements of the journal")


def same(figure: str, shown: Any, recomputed: Any, source: str) -> Finding:
    """A figure that must be equal; one that is missing does not agree."""
    return Finding(
        figure=figure, shown=shown, recomputed=recomputed, source=source, tolerance=EXACT, agrees=shown == recomputed
    )


def near(
    figure: str, shown: Any, recomputed: Any, source: str, *, within: float = 0.0, words: str = ROUNDED
) -> Finding:
    """A figure that must be as near as ``within``, or as rounding allows; both missing agree."""
    if shown is None or recomputed is None:
        agrees = shown is None and recomputed is None
    else:
        agrees = math.isclose(float(shown), float(recomputed), rel_tol=1e-6, abs_tol=max(within, 1e-9))
    return Finding(figure=figure, shown=shown, recomputed=recomputed, source=source, tolerance=words, agrees=agrees)


def audit_mean(figure: str, shown: Row | None, values: Sequence[float], source: str) -> Iterator[Finding]:
    """Mean, interval and count of a figure over cases."""
    shown = shown or {}
    mean = statistics.fmean(values) if values else None
    yield near(f"{figure}.mean", shown.get("mean"), mean, source)
    low, high = _bound_mean(values)
    width = high - low if low is not None and high is not None else 0.0
    share = WITHIN if len(values) >= FEW else WITHIN_FEW
    words = BOOTSTRAP.format(share)
    if _is_rate(values) or len(values) > LARGE:
        share, words = 0.01, "1 % of the interval's width"
    source = f"scipy over the {source}"
    for end, value in (("low", low), ("high", high)):
        yield near(f"{figure}.{end}", shown.get(end), value, source, within=share * width, words=words)


def _audit_rate(figure: str, shown: Row | None, counts: Mapping[str, int]) -> Iterator[Finding]:
    shown = shown or {}
    n = counts["passed"] + counts["failed"] + counts["error"]
    low, high = _wilson(counts["passed"], n)
    source = f"answers judged anew, {JOURNAL}"
    yield near(f"{figure}.value", shown.get("value"), counts["passed"] / n if n else None, source)
    yield near(f"{figure}.low", shown.get("low"), low, "scipy's Wilson interval of it")
    yield near(f"{figure}.high", shown.get("high"), high, "scipy's Wilson interval of it")
    yield same(f"{figure}.n", shown.get("n"), n, source)


def _audit_latency(shown: Row, values: Sequence[float]) -> Iterator[Finding]:
    words = "0.001 ms: shown rounded"
    for name, percent in (("p50", 50), ("p95", 95), ("p99", 99)):
        value = _percentile(values, percent)
        yield near(f"latency_ms.{name}", shown.get(name), value, JOURNAL, within=0.001, words=words)


def _audit_groups(shown: Row, cases: Sequence[CaseFacts]) -> Iterator[Finding]:
    for group in ("tags", "kinds"):
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        for case in cases:
            for name in case.tags if group == "tags" else (case.kind,):
                counted[name][case.status] += 1
        listed = shown.get(group) or {}
        for name in sorted({*counted, *listed}):
            counts = counted[name]
            n = counts["passed"] + counts["failed"] + counts["error"]
            value = counts["passed"] / n if n else None
            found = (listed.get(name) or {}).get("success_rate") or {}
            yield near(f"{group}.{name}.success_rate", found.get("value"), value, f"answers judged anew, {JOURNAL}")


def _audit_measures(shown: Row, cases: Sequence[CaseFacts], rows: Sequence[Row]) -> Iterator[Finding]:
    """Means from the scores; where a score follows from the case itself, each score is made anew, too."""
    values: dict[str, list[float]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    remade = {case.case_id: case.scores for case in cases}
    checked: Counter[str] = Counter()
    for row in rows:
        name = row["measure"]
        statuses[name][row["status"]] += 1
        if row["status"] != "scored":
            continue
        values[name].append(row["value"])
        again = remade.get(row["case_id"], {}).get(name)
        if row.get("repeats"):
            again = statistics.fmean(row["repeats"])
        if again is not None:
            checked[name] += 1
            if not math.isclose(again, row["value"], rel_tol=1e-6, abs_tol=1e-6):
                wrong[name].append(row["case_id"])
    for name in sorted({*statuses, *shown}):
        found = shown.get(name) or {}
        yield from audit_mean(f"measures.{name}", found, values[name], SCORES)
        yield same(f"measures.{name}.scored", found.get("scored"), statuses[name]["scored"], SCORES)
        if checked[name]:
            yield _compare_scores(name, checked[name], wrong[name])


def _compare_scores(name: str, checked: int, wrong: Sequence[str]) -> Finding:
    source = "scored anew from the case" + (f"; other in {', '.join(wrong[:5])}" if wrong else "")
    return Finding(
        figure=f"measures.{name}, case by case",
        shown=checked,
        recomputed=checked - len(wrong),
        source=source,
        tolerance=ROUNDED,
        agrees=not wrong,
    )


def _percentile(values: Sequence[float], percent: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _is_rate(values: Sequence[float]) -> bool:
    return all(value in (0.0, 1.0) for value in values)


def _wilson(k: int, n: int) -> tuple[float | None, float | None]:
    from scipy import stats

    if n == 0:
        return None, None
    interval = stats.binomtest(k, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _bound_mean(values: Sequence[float]) -> tuple[float | None, float | None]:
    from scipy import stats

    if not values:
        return None, None
    if _is_rate(values):
        return _wilson(int(sum(values)), len(values))
    if len(values) < 2:
        return None, None
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    if error == 0:
        return mean, mean
    if len(values) > LARGE:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=error)
        return float(low), float(high)
    made = stats.bootstrap((list(values),), _mean, n_resamples=RESAMPLES, method="BCa", rng=1)
    return float(made.confidence_interval.low), float(made.confidence_interval.high)


def _mean(values: Any, axis: int = -1) -> Any:
    return values.mean(axis=axis)
