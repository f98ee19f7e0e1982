"""A home with a suite and a roadmap of its own: small, and really run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.bench import describe_machine
from engine.run_preparation import find_commit
from engine.store import open_store
from engine.store.benchmarks import BenchmarkStore

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase. Write to the service desk.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\nIt closes at six in the evening.\n",
}
QUESTIONS = (
    ("Within how many days is a defective item refunded?", "42 days", "refunds.md"),
    ("When does the depot in Lindau open?", "seven in the morning", "opening.txt"),
    ("When does the depot in Lindau close?", "at nine", "opening.txt"),
)
ROADMAP = """\
name: depot-plan
title: A depot
document: none
date: today
summary: Small.
kpis:
  success_rate:
    title: Success rate
    unit: share
    higher_is_better: true
    description: Cases that pass.
    evidence: {type: run, suites: [depot], measure: success_rate}
  accuracy:
    title: Metrics accuracy
    unit: share
    higher_is_better: true
    description: Figures that agree.
    evidence: {type: run, suites: [depot], measure: metrics_accuracy}
  warm_p95:
    title: Warm answers
    unit: ms
    higher_is_better: false
    description: Of the benchmark.
    evidence: {type: bench, bench: latency, figure: warm.p95_ms}
  load:
    title: Under load
    unit: ms
    higher_is_better: false
    description: Of the drill.
    evidence: {type: none, reason: needs the load drill, command: python -m engine drill load}
phases:
  - number: 1
    label: Phase 1
    title: Met
    goal_text: Two of three.
    goals:
      - {kpi: success_rate, goal: "> 0.5", text: half, source: here}
      - {kpi: accuracy, goal: "> 0.85", text: most, source: here}
      - {kpi: warm_p95, goal: "< 5000", text: fast, source: here}
  - number: 2
    label: Phase 2
    title: Missed
    goal_text: All.
    goals:
      - {kpi: success_rate, goal: ">= 1", text: all, source: here}
  - number: 3
    label: Phase 3
    title: Without data
    goal_text: Under load.
    goals:
      - {kpi: load, goal: "< 100", text: fast, source: here}
"""
BENCHMARK = {
    "warm": {
        "p50_ms": {"value": 10.0, "low": 9.0, "high": 11.0, "n": 50},
        "p95_ms": {"value": 20.0, "low": 18.0, "high": 25.0, "n": 50},
    }
}
Plan = Callable[..., Path]


@pytest.fixture
def plan(home: Path) -> Plan:
    """Writes the suite ``depot`` with so many copies of its cases, a roadmap, and a record of the latency benchmark."""

    def write(copies: int = 1, *, stand_in: bool = False) -> Path:
        corpus, suite = home / "given", home / "suites" / "depot"
        corpus.mkdir()
        suite.mkdir(parents=True)
        for name, text in DOCUMENTS.items():
            (corpus / name).write_text(text)
        header = f"name: depot\ntitle: A depot\ndescription: Three cases.\nlicence: CC0-1.0\ncorpus: {corpus}\n"
        (suite / "suite.yaml").write_text(header + "measures: [correct, context_quality, recall@5, MRR]\n")
        cases = [
            {"id": f"c{i}-{j}", "kind": "qa", "question": q, "answers": [a], "relevant": [{"document": d}]}
            for i in range(copies)
            for j, (q, a, d) in enumerate(QUESTIONS)
        ]
        (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
        path = home / "depot-plan.yaml"
        path.write_text(ROADMAP)
        with open_store() as store:
            record_latency(store, stand_in=stand_in)
        return path

    return write


def record_latency(store: object, *, stand_in: bool = False, machine: str = "") -> str:
    """A record of the latency benchmark, as of now and here."""
    result = {
        "name": "latency",
        "machine": machine or describe_machine(),
        "commit": find_commit(),
        "data": "",
        "settings": {},
        "figures": BENCHMARK,
        "stand_in": stand_in,
        "seconds": 1.0,
    }
    return BenchmarkStore(store).record(result)
