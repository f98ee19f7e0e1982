"""One run: summary, measures, distributions, settings and what made it. Its cases are in ``case_table``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import UnknownNameError
from engine.evaluation.measures import describe_measure, known_measures
from engine.store import Store
from engine.store.run_marks import RunMark, RunMarkStore
from engine.views.run_figures import RuleRow, Tile, build_rule, build_tiles, write_headline, write_notes
from engine.views.run_states import read_status
from engine.views.suite_changes import find_suite_change
from engine.views.words import DASH, setting_value


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """One measure over the run's cases. ``scored`` of ``total`` had a value; the rest say why in their cases."""

    name: str
    mean: float | None
    low: float | None
    high: float | None
    scored: int
    applicable: int
    not_applicable: int
    description: str
    failed: int = 0
    unjudged: int = 0
    judges: tuple[str, ...] = ()
    reason: str = ""

    @property
    def cells(self) -> dict[str, Any]:
        """The line of the table."""
        bounds = "" if self.low is None or self.high is None else f"{self.low:.3f} – {self.high:.3f}"
        return {
            "measure": self.name,
            "mean": self.mean,
            "interval": bounds,
            "scored": f"{self.scored} of {self.applicable}",
            "failed": self.failed,
            "unjudged": self.unjudged,
            "what it is": f"No mean: {self.reason}." if self.reason else self.description,
        } | ({"judge": ", ".join(self.judges)} if self.judges else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """Cases that carry a tag."""

    tag: str
    cases: int
    passed: int
    failed: int
    success: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distributions:
    """Latencies in ms and context qualities of the cases that have one; ``marks`` are the latency's percentiles."""

    latencies: tuple[float, ...]
    qualities: tuple[float, ...]
    marks: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """Everything that the screen of one run shows.

    Attributes:
        notes: what a reader must know before reading a figure: interrupted, limited, failed.
    """

    run_id: str
    suite: str
    status: str
    verdict: str | None
    started_at: datetime
    ended_at: datetime | None
    preset: str
    headline: str
    notes: tuple[str, ...]
    tiles: tuple[Tile, ...]
    rules: tuple[RuleRow, ...]
    measures: tuple[MeasureRow, ...]
    tags: tuple[TagRow, ...]
    mark: RunMark
    settings: Mapping[str, str]
    provenance: Mapping[str, str]
    resume_command: str
    errors: int


def load_run(store: Store, run_id: str) -> RunDetail:
    """One run.

    Raises:
        UnknownNameError: no such run.
    """
    from engine.run_summaries import load_summary

    rows = store.query("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        known = [r["run_id"] for r in store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 5")]
        raise UnknownNameError("run", run_id, known, "Choose one on the Runs screen.")
    run = dict(rows[0])
    run["status"] = read_status(run)
    summary = load_summary(store, run_id)
    return RunDetail(
        run_id=run_id,
        suite=run["suite"],
        status=run["status"],
        verdict=summary["verdict"],
        errors=summary["errors"],
        started_at=run["started_at"],
        ended_at=run["ended_at"],
        preset=run["preset"] or "",
        headline=write_headline(summary),
        notes=(*write_notes(run, summary), *_find_changes(run)),
        tiles=build_tiles(summary),
        rules=tuple(build_rule(rule) for rule in summary["pass_rules"]),
        measures=_measures(summary["measures"]),
        tags=_tags(summary["tags"]),
        mark=RunMarkStore(store).load_mark(run_id),
        settings={name: setting_value(value) for name, value in run["settings"].items()},
        provenance=_provenance(run),
        resume_command=f"python -m engine run {run['suite']} --resume {run_id}"
        if run["status"] == "interrupted"
        else "",
    )


def _find_changes(run: Mapping[str, Any]) -> tuple[str, ...]:
    change = find_suite_change(run)
    return (change.words,) if change else ()


def _measures(measures: Mapping[str, Mapping[str, Any]]) -> tuple[MeasureRow, ...]:
    known = set(known_measures())
    return tuple(
        MeasureRow(
            name=name,
            mean=m["mean"],
            low=m["low"],
            high=m["high"],
            scored=m["scored"],
            applicable=m["total"] - m["not_applicable"],
            not_applicable=m["not_applicable"],
            failed=m["failed"],
            unjudged=m["unjudged"],
            judges=tuple(m["judges"]),
            reason=m["reason"],
            description=describe_measure(name) if name in known else "",
        )
        for name, m in measures.items()
    )


def _tags(tags: Mapping[str, Mapping[str, Any]]) -> tuple[TagRow, ...]:
    rows = [
        TagRow(
            tag=name,
            cases=t["cases"],
            passed=t["passed"],
            failed=t["failed"] + t["errors"],
            success=t["success_rate"]["value"],
            low=t["success_rate"]["low"],
            high=t["success_rate"]["high"],
        )
        for name, t in tags.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.success is None, row.success or 0.0, row.tag)))


def load_distributions(store: Store, run_id: str) -> Distributions:
    """How latency and context quality spread over the cases of a run."""
    row = store.query(
        """
        SELECT list(latency_ms ORDER BY position) FILTER (WHERE latency_ms IS NOT NULL) AS latencies,
               list(context_quality ORDER BY position) FILTER (WHERE context_quality IS NOT NULL) AS qualities,
               quantile_cont(latency_ms, [0.5, 0.95, 0.99]) AS marks
        FROM cases WHERE run_id = ?""",
        [run_id],
    )[0]
    return Distributions(
        latencies=tuple(row["latencies"] or ()),
        qualities=tuple(row["qualities"] or ()),
        marks=dict(zip(("p50", "p95", "p99"), row["marks"] or (), strict=False)),
    )


def _provenance(run: Mapping[str, Any]) -> dict[str, str]:
    shown = {"target": run["target"], "suite folder": run["suite_path"], "suite hash": run["suite_hash"][:16]}
    for name, value in (run["provenance"] or {}).items():
        shown[name.replace("_", " ")] = setting_value(value)
    return {name: value or DASH for name, value in shown.items()}
