"""A judge on loopback that answers in 50 ms, 16 calls in flight: throughput as a share of the ideal, beside rivals.

The ideal is 16 calls every 50 ms. What the server saw counts: its calls, from the first request to the last reply, so
that loading is left out for all alike (``load_s`` tells it). The judge's answers are canned: nothing is said of their
worth. ``PHASEGATE_BENCH_JUDGE_CASES`` sets how many cases are scored, ragas and DeepEval get a part of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.bench.judge_rivals import run_deepeval, run_ragas
from engine.evaluation.judging import JudgeSpec, JudgeTask, score_by_judge
from engine.evaluation.measures.ragas import TextSample
from engine.store import open_store
from engine.store.judges import JudgeStore

DELAY_S = 0.05
IN_FLIGHT = 16
CASES = 1_500
RIVALS_CASES = 300
CASES_VARIABLE = "PHASEGATE_BENCH_JUDGE_CASES"
MODEL = "hosted_vllm/judge"  # litellm's way to any OpenAI-compatible server


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Throughput of judging, of judging again from the cache, and of ragas and DeepEval, with the ratios."""
    cases = int(os.environ.get(CASES_VARIABLE) or CASES)
    rows = [_build_case(i) for i in range(cases)]
    with _serve() as address:
        figures = _measure_ours(address, rows)
        figures["delay_ms"], figures["in_flight"], figures["cases"] = 1000 * DELAY_S, IN_FLIGHT, cases
        rivals = rows[: min(cases, RIVALS_CASES)]
        with tempfile.TemporaryDirectory() as folder:
            for name, run in (("ragas_evaluate", run_ragas), ("deepeval", run_deepeval)):
                outcome = run(address, rivals, IN_FLIGHT, Path(folder))
                figures[name] = _with_share({**outcome, "cases": len(rivals)}, _read_figures(address))
                theirs = figures[name].get("calls_per_s")
                ratio = figures["calls_per_s"] / theirs if theirs and "problem" not in outcome else None
                figures[f"ratio_to_{name}"] = ratio
    return figures


def _measure_ours(address: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    spec = JudgeSpec(name="bench", model=MODEL, api_base=address, concurrency=IN_FLIGHT)
    tasks = [
        JudgeTask(case_id=str(i), measure="ragas.faithfulness", samples=(_build_sample(row),))
        for i, row in enumerate(rows)
    ]
    statuses: list[str] = []
    with open_store() as store:
        cache = JudgeStore(store)
        report = score_by_judge(tasks, spec, cache, lambda _, __, score: statuses.append(score.status))
        seen = _read_figures(address)
        began = time.perf_counter()
        again = score_by_judge(tasks, spec, cache, lambda *_: None)
        from_cache = time.perf_counter() - began
    figures = _with_share({"scored": statuses.count("scored")}, seen)
    figures["load_s"] = report.seconds - seen["seconds"]
    figures["again_s"], figures["again_calls"], figures["again_cached"] = from_cache, again.calls, again.cached
    return figures


def _with_share(figures: dict[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    rate = seen["calls"] / seen["seconds"] if seen["seconds"] else 0.0
    share = rate * DELAY_S / IN_FLIGHT
    names = {"most_in_flight": seen["most_in_flight"], "mean_ms": seen["mean_ms"]}
    return {**figures, "calls": seen["calls"], "calls_per_s": rate, "share_of_ideal": share, **names}


def _build_case(i: int) -> dict[str, Any]:
    return {
        "user_input": f"How long does refund number {i} take?",
        "response": "The refund takes 42 days. It is paid to the same card.",
        "retrieved_contexts": [f"Order {i}. " + "Refunds are paid within 42 days to the card that was used. " * 5],
    }


def _build_sample(row: Mapping[str, Any]) -> TextSample:
    return TextSample(
        user_input=row["user_input"],
        response=row["response"],
        references=(),
        retrieved_contexts=tuple(row["retrieved_contexts"]),
        reference_contexts=(),
    )


@contextmanager
def _serve() -> Iterator[str]:
    command = [sys.executable, "-m", "engine.bench.judge_server", str(DELAY_S)]
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as server:
        assert server.stdout is not None and server.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()


def _read_figures(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/figures", timeout=10) as reply:
        return json.load(reply)
