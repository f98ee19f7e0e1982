"""The list of runs: filtered, sorted and paged in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.evaluation.statistics import wilson_interval
from engine.store import RunStore, Store
from engine.store.run_marks import RunMarkStore
from engine.views.run_states import STATE_MARKS, STATE_WORDS
from engine.views.words import in_zone, percent

PAGE_SIZE = 25
SORTS = {
    "newest": ("Newest first", "-started_at"),
    "oldest": ("Oldest first", "started_at"),
    "best": ("Highest success rate", "-success_rate"),
    "worst": ("Lowest success rate", "success_rate"),
    "fastest": ("Fastest p95", "latency_ms"),
    "largest": ("Most cases", "-cases"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """What is chosen on the screen; empty means all."""

    suite: str = ""
    status: str = ""
    text: str = ""
    tag: str = ""
    sort: str = "newest"
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """One page of runs.

    Attributes:
        rows: cells by column, ready to be drawn; ``run_ids`` are the rows' ids in the same order.
        total: runs that match the filter; ``stored`` counts all.
        tags: the tags that people gave to runs.
    """

    rows: tuple[Mapping[str, Any], ...]
    run_ids: tuple[str, ...]
    total: int
    stored: int
    pages: int
    page: int
    suites: tuple[str, ...]
    tags: tuple[str, ...]
    caption: str


def load_runs(store: Store, chosen: RunFilter, zone: str | None = None) -> RunList:
    """The page of runs that the filter asks for, pinned ones on top."""
    runs = RunStore(store)
    found_by: dict[str, str | None] = {
        "suite": chosen.suite or None,
        "status": chosen.status or None,
        "search": chosen.text.strip() or None,
        "mark": chosen.tag or None,
    }
    total = runs.count_runs(**found_by)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, chosen.page), pages)
    first = (page - 1) * PAGE_SIZE
    order = SORTS.get(chosen.sort, SORTS["newest"])[1]
    found = runs.list_runs(PAGE_SIZE, first, **found_by, order_by=order, pinned_first=True)
    suites = store.query("SELECT suite, count(*) AS n FROM runs GROUP BY suite ORDER BY suite")
    shown = f"{first + 1} to {first + len(found)} of {total}" if found else f"0 of {total}"
    return RunList(
        rows=tuple(_row(r, zone) for r in found),
        run_ids=tuple(r["run_id"] for r in found),
        total=total,
        stored=sum(int(s["n"]) for s in suites),
        pages=pages,
        page=page,
        suites=tuple(s["suite"] for s in suites),
        tags=RunMarkStore(store).list_tags(),
        caption=f"Runs {shown}.",
    )


def _row(r: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    interval = wilson_interval(r["passed"], r["success_rate"]["n"])
    ended = r["passed"] + r["failed"] + r["errors"] + r["unscored"]
    started: datetime | None = in_zone(r["started_at"], zone)
    return {
        "run": r["run_id"],
        "pinned": "★" if r["marks"]["pinned"] else "",
        "suite": r["suite"],
        "tags": list(r["marks"]["tags"]),
        "note": r["marks"]["note"],
        "state": f"{STATE_MARKS.get(r['status'], '')} {STATE_WORDS.get(r['status'], r['status'])}",
        "started": started,
        "cases": f"{ended} of {r['cases']}" if ended != r["cases"] else str(r["cases"]),
        "success": r["success_rate"]["value"],
        "interval": "" if interval.low is None else f"{percent(interval.low)} – {percent(interval.high)}",
        "failed": r["failed"],
        "errors": r["errors"],
        "unscored": r["unscored"],
        "quality": r["context_quality"]["mean"],
        "p95_ms": r["latency_ms"]["p95"],
        "seconds": r["seconds"],
        "preset": r["preset"] or "own",
    }


def load_latest(store: Store, limit: int, zone: str | None = None) -> Sequence[Mapping[str, Any]]:
    """The newest runs, as rows of the list."""
    return tuple(_row(r, zone) for r in RunStore(store).list_runs(limit))
