"""Evaluation: suites of cases, the runner that puts them to a target, measures, statistics, a run's summary."""
