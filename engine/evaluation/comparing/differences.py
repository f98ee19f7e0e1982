"""One measure of two runs: difference, interval, test, power. And the verdict, once all measures of the pair are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.evaluation.comparing.types import MeasureDifference, NoiseFloor
from engine.evaluation.measures.judged import LOWER_IS_BETTER
from engine.evaluation.sample_size import (
    count_for_paired_means,
    count_for_paired_rates,
    find_detectable_mean,
    find_detectable_rate,
)
from engine.evaluation.statistics_paired import (
    Moments,
    adjust_holm,
    mcnemar_p,
    mean_difference_interval,
    newcombe_interval,
    permutation_p,
    student_p,
)
from engine.evaluation.statistics_quantiles import BEYOND, FEWEST, compare_quantiles

ALPHA = 0.025  # of the family: at 0.05 some hundred comparisons of equal systems hold more than five findings
FIRM_FLOOR = 4  # degrees of freedom from which the noise floor overrules a test of single cases
LATENCIES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95}
NO_FLOOR = "the cases of one run share the state of the machine; without repeated runs nothing says how much that changes latency"


def is_higher_better(measure: str) -> bool:
    """The measure's direction; a second judge's scores keep that of the measure."""
    plain = measure.split("[", 1)[0]
    return not (plain == "error_rate" or plain in LATENCIES or plain in LOWER_IS_BETTER)


def compare_sums(row: Mapping[str, Any], seed: int = 0) -> MeasureDifference:
    """A measure from the sums of ``ComparisonStore.load_sums``: McNemar when all values are 0 or 1, else permutation."""
    higher = is_higher_better(row["measure"])
    wins, losses = (row["wins"], row["losses"]) if higher else (row["losses"], row["wins"])
    of_pairs = MeasureDifference(
        measure=row["measure"],
        kind="rate" if row["binary"] else "mean",
        unit="share" if row["binary"] else "score",
        higher_is_better=higher,
        a=row["a"],
        b=row["b"],
        difference=row["total"] / row["n"] if wins + losses else 0.0,
        n=row["n"],
        wins=wins,
        losses=losses,
        ties=row["n"] - wins - losses,
    )
    return _test_rate(of_pairs, row) if row["binary"] else _test_mean(of_pairs, row, seed)


def _test_rate(m: MeasureDifference, row: Mapping[str, Any]) -> MeasureDifference:
    up, down, n = row["wins"], row["losses"], row["n"]
    interval = newcombe_interval(row["ones"], down, up, row["zeros"])
    discordance = (up + down) / n
    needed = count_for_paired_rates((up - down) / n, discordance) if up != down else None
    return replace(
        m,
        p=mcnemar_p(down, up),
        low=interval.low,
        high=interval.high,
        test="exact McNemar, Newcombe interval",
        detectable=find_detectable_rate(n, discordance),
        more_cases=None if needed is None else max(0, needed - n),
    )


def _test_mean(m: MeasureDifference, row: Mapping[str, Any], seed: int) -> MeasureDifference:
    moved = (
        None if row["moved"] is None and row["wins"] + row["losses"] else np.asarray(row["moved"] or (), dtype=float)
    )
    moments = Moments(n=m.n, total=row["total"], squares=row["squares"], moved=moved)
    interval = mean_difference_interval(moments, seed)
    needed = count_for_paired_means(moments.mean, moments.deviation) if m.wins + m.losses and m.n > 1 else None
    return replace(
        m,
        p=permutation_p(moments, seed),
        low=interval.low,
        high=interval.high,
        test="paired permutation, BCa or t interval",
        detectable=find_detectable_mean(m.n, moments.deviation),
        more_cases=None if needed is None else max(0, needed - m.n),
    )


def compare_latencies(a: Sequence[float], b: Sequence[float]) -> list[MeasureDifference]:
    """p50 and p95 over the pairs; wins are cases that B answered sooner."""
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n = len(x)
    if not n:
        return []
    wins, losses = int((y < x).sum()), int((y > x).sum())
    found = []
    for name, q in LATENCIES.items():
        d = compare_quantiles(x, y, q)
        needed = count_for_paired_means(d.difference, d.error * n**0.5) if d.error else None
        found.append(
            MeasureDifference(
                measure=name,
                kind="quantile",
                unit="ms",
                higher_is_better=False,
                a=d.a,
                b=d.b,
                difference=d.difference,
                low=d.interval.low,
                high=d.interval.high,
                p=d.p,
                n=n,
                wins=wins,
                losses=losses,
                ties=n - wins - losses,
                test="paired quantiles, normal limit",
                detectable=find_detectable_mean(n, d.error * n**0.5) if d.error else None,
                more_cases=None if needed is None else max(0, needed - n),
            )
        )
    return found


def withhold(m: MeasureDifference, reason: str) -> MeasureDifference:
    """A measure that two different judges scored: its values stand, their difference says nothing."""
    kept = replace(m, wins=0, ties=0, losses=0, test="", verdict="not_comparable", reason=reason)
    return replace(
        kept, difference=None, low=None, high=None, p=None, p_adjusted=None, detectable=None, more_cases=None
    )


def judge_measures(
    measures: Sequence[MeasureDifference], floors: Mapping[str, NoiseFloor], tolerance: float
) -> list[MeasureDifference]:
    """Verdicts after Holm over the measures that were tested; a floor by measure where runs were repeated.

    Where runs were repeated, a difference must be beyond chance among cases and beyond what runs differ by: the p of both
    together is the larger one (intersection-union test, Berger 1982, Technometrics 24:295). For rates and means the floor
    takes part once it has four degrees of freedom; with fewer it is only shown.

    A measure on which every case is tied has p = 1 whatever happens, so it does not count in the family (Tarone 1990,
    Biometrics 46:515: only tests that could reject are corrected for).
    """
    held = [_hold_against(m, floors.get(m.measure)) for m in measures]
    adjusted = iter(adjust_holm([m.p for m in held if m.is_tested and m.p is not None]))
    return [_judge(replace(m, p_adjusted=next(adjusted) if m.is_tested else m.p), tolerance) for m in held]


def _hold_against(m: MeasureDifference, noise: NoiseFloor | None) -> MeasureDifference:
    if noise is None or m.difference is None:
        return m
    held = replace(m, noise=noise, beyond_noise=abs(m.difference) > noise.band)
    if m.p is None or not (m.kind == "quantile" or noise.freedom >= FIRM_FLOOR):
        return held
    if noise.deviation == 0.0:  # repeats that never differ: any difference is beyond them
        return held
    return replace(held, p=max(m.p, student_p(m.difference / (math.sqrt(2) * noise.deviation), noise.freedom)))


def _judge(m: MeasureDifference, tolerance: float) -> MeasureDifference:
    if m.verdict == "not_comparable":
        return m
    if not m.n or m.difference is None:
        return replace(m, verdict="no_data", reason=m.reason or "no case has a value in both runs")
    if m.p is None or m.p_adjusted is None:
        most = max(FEWEST, round(BEYOND / (1 - LATENCIES.get(m.measure, 0.5))))
        return replace(
            m, verdict="undecided", reason=f"{m.n} pairs; {most} with different values are needed to bound it"
        )
    if not m.wins + m.losses:
        return replace(m, verdict="no_difference", reason=f"the same on all {m.n} cases")
    if m.p_adjusted >= ALPHA or m.difference == 0:
        reason = "not beyond chance" if m.beyond_noise is not False else "within what repeated runs differ by"
        return replace(m, verdict="no_difference", reason=reason)
    if m.kind == "quantile" and m.noise is None:
        return replace(m, verdict="undecided", reason=NO_FLOOR)
    if m.gain > 0:
        return replace(m, verdict="better", reason="beyond chance")
    size = abs(m.difference) / m.a if m.kind == "quantile" and m.a else abs(m.difference)
    return replace(
        m,
        verdict="worse",
        regression=size > tolerance,
        reason="beyond chance" if size > tolerance else "beyond chance, within the tolerance",
    )
