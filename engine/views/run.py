"""One run: summary, measures, distributions, cases, settings and what made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import UnknownNameError
from engine.evaluation.measures import describe_measure, known_measures
from engine.evaluation.summary import summarise_run
from engine.store import Store
from engine.views.run_figures import RuleRow, Tile, build_rule, build_tiles, write_headline, write_notes
from engine.views.run_states import read_status
from engine.views.words import DASH, sentence_list, setting_value

CASE_LIMIT = 2_000
STATUS_ORDER = {"error": 0, "failed": 1, "unscored": 2, "passed": 3}
CASE_WORDS = {"passed": "Passed", "failed": "Failed", "error": "Error", "unscored": "Unscored"}


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

    @property
    def cells(self) -> dict[str, Any]:
        """The line of the table."""
        bounds = "" if self.low is None or self.high is None else f"{self.low:.3f} – {self.high:.3f}"
        return {
            "measure": self.name,
            "mean": self.mean,
            "interval": bounds,
            "scored": f"{self.scored} of {self.applicable}",
            "what it is": self.description,
        }


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
class CaseRow:
    """One line of the list of cases."""

    case_id: str
    status: str
    kind: str
    question: str
    tags: tuple[str, ...]
    failed_checks: str
    quality: float | None
    latency_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """Everything that the screen of one run shows.

    Attributes:
        notes: what a reader must know before reading a figure: interrupted, limited, failed.
        latencies, qualities: (value, case id) of each case that has one.
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
    cases: tuple[CaseRow, ...]
    latencies: tuple[tuple[float, str], ...]
    qualities: tuple[tuple[float, str], ...]
    latency_marks: Mapping[str, float]
    settings: Mapping[str, str]
    provenance: Mapping[str, str]
    resume_command: str

    def select_cases(self, statuses: tuple[str, ...], tag: str = "", text: str = "") -> tuple[CaseRow, ...]:
        """The cases with one of these statuses (all when empty), a tag and a text in id or question."""
        needle = text.strip().lower()
        return tuple(
            c
            for c in self.cases
            if (not statuses or c.status in statuses)
            and (not tag or tag in c.tags)
            and (not needle or needle in c.question.lower() or needle in c.case_id.lower())
        )


def load_run(store: Store, run_id: str) -> RunDetail:
    """One run.

    Raises:
        UnknownNameError: no such run.
    """
    rows = store.query("SELECT * FROM runs WHERE run_id = ?", [run_id])
    if not rows:
        known = [r["run_id"] for r in store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 5")]
        raise UnknownNameError("run", run_id, known, "Choose one on the Runs screen.")
    run = dict(rows[0])
    run["status"] = read_status(run)
    cases = store.query(
        "SELECT case_id, position, kind, status, question, abstained, context_quality, latency_ms, tags, checks, ended_at "
        "FROM cases WHERE run_id = ? ORDER BY position",
        [run_id],
    )
    scores = store.query("SELECT case_id, measure, status, value FROM scores WHERE run_id = ?", [run_id])
    summary = summarise_run(run, cases, scores)
    latency = summary["latency_ms"]
    return RunDetail(
        run_id=run_id,
        suite=run["suite"],
        status=run["status"],
        verdict=summary["verdict"],
        started_at=run["started_at"],
        ended_at=run["ended_at"],
        preset=run["preset"] or "",
        headline=write_headline(summary),
        notes=write_notes(run, summary),
        tiles=build_tiles(summary),
        rules=tuple(build_rule(rule) for rule in summary["pass_rules"]),
        measures=_measures(summary["measures"]),
        tags=_tags(summary["tags"]),
        cases=_cases(cases),
        latencies=tuple((c["latency_ms"], c["case_id"]) for c in cases if c["latency_ms"] is not None),
        qualities=tuple((c["context_quality"], c["case_id"]) for c in cases if c["context_quality"] is not None),
        latency_marks={name: latency[name] for name in ("p50", "p95", "p99") if latency[name] is not None},
        settings={name: setting_value(value) for name, value in run["settings"].items()},
        provenance=_provenance(run),
        resume_command=f"python -m engine run {run['suite']} --resume {run_id}"
        if run["status"] == "interrupted"
        else "",
    )


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


def _cases(rows: list[dict[str, Any]]) -> tuple[CaseRow, ...]:
    ordered = sorted(rows, key=lambda r: (STATUS_ORDER.get(r["status"], 9), r["position"]))
    return tuple(
        CaseRow(
            case_id=r["case_id"],
            status=r["status"],
            kind=r["kind"],
            question=r["question"],
            tags=tuple(r["tags"]),
            failed_checks=sentence_list(name.replace("_", " ") for name, ok in r["checks"].items() if not ok),
            quality=r["context_quality"],
            latency_ms=r["latency_ms"],
        )
        for r in ordered[:CASE_LIMIT]
    )


def _provenance(run: Mapping[str, Any]) -> dict[str, str]:
    shown = {"target": run["target"], "suite folder": run["suite_path"], "suite hash": run["suite_hash"][:16]}
    for name, value in (run["provenance"] or {}).items():
        shown[name.replace("_", " ")] = setting_value(value)
    return {name: value or DASH for name, value in shown.items()}
