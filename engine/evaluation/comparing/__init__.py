"""Comparison of runs: paired by case id, with intervals, tests, the noise of repeated runs and what could be seen at all."""

from engine.evaluation.comparing.compare import MOST_RUNS, compare_runs
from engine.evaluation.comparing.types import Comparison, Counts, MeasureDifference, NoiseFloor, PairComparison, RunSide

__all__ = [
    "MOST_RUNS",
    "Comparison",
    "Counts",
    "MeasureDifference",
    "NoiseFloor",
    "PairComparison",
    "RunSide",
    "compare_runs",
]
