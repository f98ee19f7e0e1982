"""What each screen asks of the store, timed in a process of its own: ``python -m engine.bench.dashboard_views HOME RUN``."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.bench.dashboard_home import ORDINARY_ROADMAP, ORDINARY_RUN, ROADMAP
from engine.evaluation.comparing import compare_runs
from engine.operations.memory import read_kernel_rss
from engine.roadmap.gates import check_gate, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.store import Store, open_store
from engine.store.cases import CaseQuery, find_cases
from engine.views.case import load_case
from engine.views.overview import load_overview
from engine.views.roadmap import load_phase
from engine.views.run import load_distributions, load_run
from engine.views.runs import RunFilter, load_runs

REPEATS = 9


def list_views(store: Store, run_id: str, plan: str) -> dict[str, Callable[[], Any]]:
    """A call for each screen's data, by name; ``plan`` is a roadmap that reads the run's suite."""
    roadmap = load_roadmap(plan)
    failing = CaseQuery(
        run_id=run_id, flags=("failing",), measure="groundedness", sort="measure", search="thing 9", page_size=50
    )
    last = failing_case(store, run_id)
    earlier = store.query("SELECT run_id FROM runs WHERE suite = 'stories' ORDER BY started_at DESC LIMIT 2 OFFSET 1")
    return {
        "run_list": lambda: load_runs(store, RunFilter()),
        "run_list_by_success": lambda: load_runs(store, RunFilter(sort="worst")),
        "run_summary": lambda: load_run(store, run_id),
        "run_distributions": lambda: load_distributions(store, run_id),
        "case_page": lambda: find_cases(store, CaseQuery(run_id=run_id)),
        "case_page_filtered": lambda: find_cases(store, failing),
        "case": lambda: load_case(store, run_id, last),
        "kpi_history": lambda: kpi_history(roadmap, store),
        "gate": lambda: check_gate(roadmap, roadmap.phases[0].number, store),
        "overview": lambda: load_overview(store, plan),
        "roadmap_phase": lambda: load_phase(store, plan, roadmap.phases[0].number),
        "compare_ordinary_runs": lambda: compare_runs(store, [row["run_id"] for row in earlier]),
    }


def failing_case(store: Store, run_id: str) -> str:
    """The last failing case of a run."""
    sql = "SELECT case_id FROM cases WHERE run_id = ? AND status = 'failed' ORDER BY position DESC LIMIT 1"
    return str(store.query(sql, (run_id,))[0]["case_id"])


def time_views(home: Path, run_id: str, repeats: int = REPEATS) -> dict[str, Any]:
    """Milliseconds of each view, and how much resident memory the views of a large run add.

    The first call stands by itself. ``cpu_ms`` is the time that this process's threads worked in a call: on a busy machine
    it says more than the clock; a client's leaves out the owner.
    """
    with open_store(home) as store:
        views = list_views(store, run_id, ROADMAP)
        for view in list_views(store, ORDINARY_RUN, ORDINARY_ROADMAP).values():
            view()  # what the app has loaded and learned before anyone looks at a large run
        before = _read_rss_mb()
        figures: dict[str, Any] = {}
        for name, view in views.items():
            first = _milliseconds(view)
            worked = time.process_time()
            times = [_milliseconds(view) for _ in range(repeats)]
            cpu = (time.process_time() - worked) * 1e3 / repeats
            p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
            figures[name] = {"first_ms": first, "p50_ms": statistics.median(times), "p95_ms": p95, "cpu_ms": cpu}
        after = _read_rss_mb()
        return {"role": store.role, "views": figures, "rss_before_mb": before, "rss_growth_mb": after - before}


def _read_rss_mb() -> float:
    """Resident memory by the kernel, 0 where it does not say."""
    return (read_kernel_rss() or 0) / 1e6


def _milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    print(json.dumps(time_views(Path(sys.argv[1]), sys.argv[2])))
