"""The history of a benchmark: its records, one figure over time, and the difference between two records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.bench import BENCHES
from engine.operations.machine import describe_machine
from engine.roadmap.benchmark_evidence import find_figure, read_figure
from engine.store import JobStore, Store
from engine.store.benchmarks import BenchmarkStore
from engine.views.words import DASH, clock, in_zone, plural, setting_value

WITHOUT_DATA = ("latency", "cache", "streaming", "prompts", "cost", "embed", "ask", "ingest", "store", "run", "start")
"""Benchmarks that need no public data set, so that a screen can start them. The rest wait for ``--data``."""
FIRST_FIGURES = (
    "warm.p95_ms",
    "vectors.speedup",
    "extractive.first_text.p95_ms",
    "shipped.latency_ms",
    "balanced.prompt_tokens",
)
_Figure = tuple[float | None, float | None, float | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPoint:
    """One record's value of the figure that is shown."""

    when: datetime | None
    value: float
    low: float | None
    high: float | None
    n: int
    machine: str
    commit: str
    stand_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRecord:
    """One record: what it is called, its row of the table, and its JSON."""

    bench_id: str
    label: str
    cells: Mapping[str, Any]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchHistory:
    """All that the screen shows of one benchmark.

    Attributes:
        names: the benchmarks to choose from, with what there is of each.
        figures: paths of the figures that have values, newest record first.
        differences: rows before, after, change of each figure that both chosen records have.
        missing: what the newest record says is not built yet.
        job: id of the newest job that measures it, while it works or when it failed.
    """

    name: str
    names: Mapping[str, str]
    startable: bool
    records: tuple[BenchRecord, ...]
    figures: Mapping[str, str]
    figure: str
    finding: str
    axis: str
    points: tuple[BenchPoint, ...]
    before: str
    after: str
    differences: tuple[Mapping[str, Any], ...]
    missing: tuple[str, ...]
    job: str
    this_machine: str


def load_benchmarks(
    store: Store, name: str = "", figure: str = "", before: str = "", after: str = "", zone: str | None = None
) -> BenchHistory:
    """The history of one benchmark; the one measured last without a name, the newest two records without choice."""
    benchmarks = BenchmarkStore(store)
    recorded = benchmarks.list_names()
    chosen = name or next(iter(recorded), WITHOUT_DATA[0])
    rows = benchmarks.history(chosen)
    newest = rows[0]["figures"] if rows else {}
    figures = {path: path.replace("_", " ").replace(".", ", ") for path in list_figures(newest)}
    shown = figure if figure in figures else next((f for f in FIRST_FIGURES if f in figures), next(iter(figures), ""))
    points = tuple(_point(row, shown, zone) for row in reversed(rows) if _read(row, shown)[0] is not None)
    by_id = {row["bench_id"]: row for row in rows}
    second = after if after in by_id else next(iter(by_id), "")
    first = before if before in by_id else next((bench_id for bench_id in by_id if bench_id < second), "")
    return BenchHistory(
        name=chosen,
        names=_list_names(store, recorded),
        startable=chosen in WITHOUT_DATA,
        records=tuple(_record(row, shown, zone) for row in rows),
        figures=figures,
        figure=shown,
        finding=_tell(chosen, shown, points),
        axis=_find_unit(shown),
        points=points,
        before=first,
        after=second,
        differences=tuple(_compare(by_id[first]["figures"], by_id[second]["figures"])) if first and second else (),
        missing=tuple(list_missing(newest)),
        job=_find_job(store, chosen),
        this_machine=describe_machine(),
    )


def list_figures(figures: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Paths of everything that has a value."""
    for name, value in figures.items():
        here = f"{path}.{name}" if path else name
        if read_figure(value)[0] is not None:
            yield here
        elif isinstance(value, Mapping):
            yield from list_figures(value, here)


def list_missing(figures: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What has a status instead of a value, in words."""
    for name, value in figures.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping) and "status" in value:
            yield f"{here}: {value['status']}. {str(value.get('reason', '')).capitalize()}."
        elif isinstance(value, Mapping):
            yield from list_missing(value, here)


def _list_names(store: Store, recorded: Sequence[str]) -> dict[str, str]:
    counted = {r["name"]: r["n"] for r in store.query("SELECT name, count(*) AS n FROM benchmarks GROUP BY name")}
    names = dict.fromkeys([*recorded, *WITHOUT_DATA, *BENCHES])
    return {name: f"{name} ({plural(counted[name], 'record')})" if name in counted else name for name in names}


def _find_job(store: Store, name: str) -> str:
    jobs = [job for job in JobStore(store).list_jobs(kind="bench") if job["subject"] == name]
    return jobs[0]["job_id"] if jobs and jobs[0]["status"] != "finished" else ""


def _read(row: Mapping[str, Any], figure: str) -> _Figure:
    return read_figure(find_figure(row["figures"], figure)) if figure else (None, None, None, 0)


def _point(row: Mapping[str, Any], figure: str, zone: str | None) -> BenchPoint:
    value, low, high, n = _read(row, figure)
    return BenchPoint(
        when=in_zone(row["measured_at"], zone),
        value=value or 0.0,
        low=low,
        high=high,
        n=n,
        machine=row["machine"],
        commit=row["commit"] or DASH,
        stand_in=row["stand_in"],
    )


def _record(row: Mapping[str, Any], figure: str, zone: str | None) -> BenchRecord:
    value, low, high, _ = _read(row, figure)
    measured = "stand-in" if row["stand_in"] else "real"
    given = setting_value(row["settings"]) if row["settings"] else "default"
    cells = {
        "measured": in_zone(row["measured_at"], zone),
        "value": value,
        "low": low,
        "high": high,
        "kind": "◇ stand-in" if row["stand_in"] else "● real",
        "settings": given,
        "data": row["data"] or DASH,
        "commit": row["commit"] or DASH,
        "machine": row["machine"],
        "seconds": row["seconds"],
        "record": row["bench_id"],
    }
    plain = {**row, "measured_at": f"{row['measured_at'].isoformat(timespec='seconds')}Z"}
    return BenchRecord(
        bench_id=row["bench_id"],
        label=f"{clock(row['measured_at'], zone)}, {row['commit'] or 'no commit'}, {measured}",
        cells=cells,
        content=json.dumps(plain, indent=2, ensure_ascii=False).encode(),
    )


def _compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for path in list_figures(after):
        old, new = read_figure(find_figure(before, path)), read_figure(find_figure(after, path))
        if old[0] is None or new[0] is None:
            continue
        yield {
            "figure": path,
            "before": old[0],
            "after": new[0],
            "change": 100 * (new[0] - old[0]) / abs(old[0]) if old[0] else None,
            "apart": _tell_apart(old, new),
        }


def _tell_apart(old: _Figure, new: _Figure) -> str:
    """Whether the intervals leave room for no difference."""
    if None in (*old[1:3], *new[1:3]):
        return "no interval"
    apart = (old[2] or 0.0) < (new[1] or 0.0) or (new[2] or 0.0) < (old[1] or 0.0)
    return "● intervals apart" if apart else "○ intervals overlap"


def _tell(name: str, figure: str, points: Sequence[BenchPoint]) -> str:
    if not points:
        return f"No record of {name} has this figure"
    last = points[-1]
    text = f"{figure.replace('_', ' ').replace('.', ', ')}: {last.value:.4g} in the newest of {plural(len(points), 'record')}"
    if len(points) > 1 and points[-2].value:
        change = 100 * (last.value - points[-2].value) / abs(points[-2].value)
        text += f", {change:+.1f} % against the one before"
    return text


def _find_unit(figure: str) -> str:
    last = figure.rsplit(".", 1)[-1]
    units = {"_ms": "ms", "_s": "s", "_mb": "MB", "_usd": "USD", "tokens": "tokens"}
    return next((unit for end, unit in units.items() if last.endswith(end)), last.replace("_", " "))
