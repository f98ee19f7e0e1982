"""Screens over a run of 100,000 cases: queries as owner and as client, in a browser, and in a notebook's way beside them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.bench import OPTIONS
from engine.bench.dashboard_home import LARGE, ORDINARY_ROADMAP, ORDINARY_RUN, ROADMAP, build_home
from engine.bench.dashboard_screens import Screen, time_screens
from engine.bench.dashboard_views import failing_case
from engine.bench.options import read_count, read_switch, refuse_unknown
from engine.settings import ROOT, home
from engine.store import open_store

_OWN = """
import pathlib, sys
from engine.store import open_store
with open_store(pathlib.Path(sys.argv[1])):
    print("serving", flush=True)
    sys.stdin.read()
"""
# What is written in a notebook: whole tables as pandas frames, then a groupby for each figure.
_NOTEBOOK = """
import json, pathlib, resource, sys, time
import duckdb, pandas
began = time.perf_counter()
store = duckdb.connect(str(pathlib.Path(sys.argv[1]) / "store.duckdb"), read_only=True)
cases, scores = store.sql("SELECT * FROM cases").df(), store.sql("SELECT * FROM scores").df()
load_ms = (time.perf_counter() - began) * 1e3
run = sys.argv[2]
def run_list():
    cases.groupby("run_id").agg(n=("status", "size"), quality=("context_quality", "mean"), p95=("latency_ms", lambda x: x.quantile(0.95)))
    cases.groupby(["run_id", "status"]).size().unstack()
def run_summary():
    mine, made = cases[cases.run_id == run], scores[scores.run_id == run]
    made.groupby(["measure", "status"]).size().unstack()
    made[made.status == "scored"].groupby("measure").value.agg(["mean", "sem", "count"])
    mine.latency_ms.quantile([0.5, 0.95, 0.99])
    mine.context_quality.agg(["mean", "sem"])
    mine.explode("tags").groupby(["tags", "status"]).size().unstack()
    mine.groupby(["kind", "status"]).size().unstack()
def case_page_filtered():
    mine = cases[(cases.run_id == run) & cases.status.isin(["failed", "error"]) & cases.question.str.contains("thing 9")]
    made = scores[(scores.run_id == run) & (scores.measure == "groundedness")]
    mine.merge(made[["case_id", "value"]], on="case_id", how="left").sort_values("value").head(50)
def kpi_history():
    mine = cases[cases.run_id.str.startswith("stories")]
    mine.assign(passed=mine.status == "passed").groupby("run_id").agg(
        {"passed": "mean", "context_quality": ["mean", "std"], "latency_ms": ["mean", lambda x: x.quantile(0.95)]})
figures = {}
for view in (run_list, run_summary, case_page_filtered, kpi_history):
    times = []
    for _ in range(3):
        began = time.perf_counter()
        view()
        times.append((time.perf_counter() - began) * 1e3)
    figures[view.__name__] = sorted(times)[1]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"load_ms": load_ms, "p50_ms": figures, "peak_rss_mb": peak}))
"""


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Medians and 95th percentiles by view, resident memory, times on screen, and a notebook's over the same store.

    Args:
        overrides: ``cases`` of the large run (100000), ``screens`` (true) whether a browser is started too.
    """
    refuse_unknown(overrides, OPTIONS["dashboard"])
    cases, screens = read_count(overrides, "cases", 100_000), read_switch(overrides, "screens", True)
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with open_store(folder) as store:
        counts = build_home(store, cases)
        shown = failing_case(store, LARGE)
    figures: dict[str, Any] = {**counts, "build_s": time.perf_counter() - began}
    figures["owner"] = _time_views(folder)
    with _owned(folder):
        figures["client"] = _time_views(folder)
    figures["notebook"] = _run(["-c", _NOTEBOOK, str(folder), LARGE])
    figures["ratios"] = _compare(figures["owner"], figures["notebook"])
    if screens:
        figures["browser"] = time_screens(
            folder, list_screens(ORDINARY_RUN, "c0", ORDINARY_ROADMAP), list_screens(LARGE, shown, ROADMAP)
        )
    return figures


def list_screens(run_id: str, case_id: str, roadmap: str) -> dict[str, Screen]:
    """The screens that show a run, each with the element that people wait for."""
    table, chart, metric = ('[data-testid="stDataFrame"]', '[data-testid="stPlotlyChart"]', '[data-testid="stMetric"]')
    run = f"runs?run={run_id}"
    return {
        "run_list": Screen("runs", table),
        "run_summary": Screen(f"{run}&show=Measures", metric),
        "case_page": Screen(run, table),
        "case": Screen(f"{run}&case={case_id}", f"h1:has-text('Case {case_id}')"),
        "kpi_chart": Screen(f"roadmap?roadmap={roadmap}&phase=1&show=KPIs", chart, button="KPIs"),
        "overview": Screen(f"?roadmap={roadmap}", metric),
    }


def _compare(ours: Mapping[str, Any], notebook: Mapping[str, Any]) -> dict[str, Any]:
    """How many times longer the notebook takes: when it has to load the tables first, and when it has them."""
    return {
        name: {
            "from_disk": (notebook["load_ms"] + theirs) / ours["views"][name]["p50_ms"],
            "tables_in_memory": theirs / ours["views"][name]["p50_ms"],
        }
        for name, theirs in notebook["p50_ms"].items()
    }


def _time_views(folder: Path) -> dict[str, Any]:
    return _run(["-m", "engine.bench.dashboard_views", str(folder), LARGE])


def _run(arguments: list[str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"A part of the benchmark failed: {done.stderr.strip()[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Another process owns the store meanwhile."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWN, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert owner.stdout is not None
        owner.stdout.readline()
        yield
    finally:
        owner.communicate()
