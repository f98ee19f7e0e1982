"""What a report says of one run, from the store: counted there, so that 100,000 cases stay cheap."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.reports.run_model import (
    Estimate,
    FailingCase,
    Histogram,
    JudgeUse,
    MeasureFigures,
    PassRule,
    RunReport,
    TagCount,
)
from engine.run_summaries import load_summary
from engine.store import RunStore, Store
from engine.store.run_audits import RunAuditStore

FAILING_SHOWN = 20
REASONS_SHOWN = 8
TEXT_SHOWN = 240
BINS = 24


def load_run_report(store: Store, run_id: str, *, failing_shown: int = FAILING_SHOWN) -> RunReport:
    """One run: the figures of its summary, its cases by tag, a histogram of its latencies, failing cases.

    Raises:
        UnknownNameError: no such run.
    """
    with RunStore(store) as runs:
        row = runs.load_run(run_id)
    summary = load_summary(store, run_id)
    total = summary["cases"]
    intervals = summary["latency_ms"].get("intervals") or {}
    latencies = store.query("SELECT list(latency_ms) AS values FROM cases WHERE run_id = ?", (run_id,))[0]["values"]
    audit = RunAuditStore(store).load_audits([run_id]).get(run_id, {})
    return RunReport(
        run_id=run_id,
        suite=row["suite"],
        suite_hash=row["suite_hash"],
        suite_cases=row["suite_cases"],
        target=row["target"],
        preset=row["preset"] or "",
        status=row["status"],
        error=row["error"] or "",
        verdict=summary["verdict"],
        started_at=row["started_at"],
        seconds=row["seconds"],
        cost_usd=row["cost_usd"],
        cases=total,
        passed=summary["passed"],
        failed=summary["failed"],
        errors=summary["errors"],
        unscored=summary["unscored"],
        success_rate=_estimate(summary["success_rate"], total),
        context_quality=_estimate(summary["context_quality"], total),
        latency_ms={key: summary["latency_ms"].get(key) for key in ("p50", "p95", "p99")},
        latency_intervals={key: (end["low"], end["high"]) for key, end in intervals.items()},
        latencies=count_histogram([value for value in latencies or () if value is not None]),
        memory={name: value for name, value in summary["memory"].items() if value is not None},
        measures=_load_measures(store, run_id, summary["measures"]),
        pass_rules=tuple(_pass_rule(rule) for rule in summary["pass_rules"]),
        tags=count_tags(summary["tags"] or summary["kinds"]),
        failing=_load_failing(store, run_id, failing_shown),
        failing_total=summary["failed"] + summary["errors"],
        failing_reasons=_count_reasons(store, run_id),
        audit={name: audit[name] for name in ("checked", "agreed") if name in audit},
        options=row["options"] or {},
        settings=row["settings"],
        provenance=row["provenance"],
        generated_at=datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0),
    )


def count_tags(tags: Mapping[str, Mapping[str, Any]]) -> tuple[TagCount, ...]:
    """The summary's counts by tag; most failures first, then the larger, then by name."""
    counted = [
        TagCount(tag=tag, **{name: c[name] for name in ("passed", "failed", "errors", "unscored")})
        for tag, c in tags.items()
    ]
    return tuple(sorted(counted, key=lambda tag: (-(tag.failed + tag.errors), -tag.total, tag.tag)))


def count_histogram(values: Sequence[float]) -> Histogram | None:
    """Equal bins from zero to the largest value, or to half as much again as p99 where that is less.

    None without values. So one case that hung does not press all others into the first bin.
    """
    if not values:
        return None
    top = min(max(values), 1.5 * float(np.quantile(values, 0.99))) or 1.0
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, top))
    return Histogram(
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
        beyond=len(values) - int(counts.sum()),
    )


def _estimate(figures: Mapping[str, Any], total: int) -> Estimate:
    value = figures["value"] if "value" in figures else figures["mean"]
    return Estimate(value=value, low=figures["low"], high=figures["high"], n=figures["n"], total=total)


def _load_measures(store: Store, run_id: str, summary: Mapping[str, Mapping[str, Any]]) -> dict[str, MeasureFigures]:
    """The summary's means, with who judged them and what was left unjudged."""
    rows = store.query(
        "SELECT measure, status, judge, prompt_hash, count(*) AS n, max(coalesce(len(repeats), 1)) AS repeats"
        " FROM scores WHERE run_id = ? AND (judge IS NOT NULL OR status = 'unjudged')"
        " GROUP BY measure, status, judge, prompt_hash ORDER BY measure, judge, prompt_hash",
        (run_id,),
    )
    judges: dict[str, list[JudgeUse]] = defaultdict(list)
    unjudged: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["status"] == "unjudged":
            unjudged[row["measure"]] += row["n"]
        elif row["status"] == "scored":
            hashed = row["prompt_hash"] or ""
            use = JudgeUse(judge=row["judge"], prompt_hash=hashed, repeats=int(row["repeats"]), cases=row["n"])
            judges[row["measure"]].append(use)
    return {
        name: MeasureFigures(
            value=m["mean"],
            low=m["low"],
            high=m["high"],
            n=m["scored"],
            total=m["total"],
            failed=m["failed"],
            unjudged=unjudged[name],
            not_applicable=m["not_applicable"],
            judges=tuple(judges[name]),
        )
        for name, m in summary.items()
    }


def _pass_rule(rule: Mapping[str, Any]) -> PassRule:
    return PassRule(**{name: rule[name] for name in ("name", "direction", "goal", "value", "verdict", "reason")})


def _load_failing(store: Store, run_id: str, shown: int) -> tuple[FailingCase, ...]:
    rows = store.query(
        "SELECT case_id, status, left(question, 1000) AS question, left(answer, 1000) AS answer, checks,"
        " detail -> '$.expected' AS expected, left(detail ->> '$.error', 1000) AS error FROM cases"
        " WHERE run_id = ? AND status IN ('failed', 'error') ORDER BY status, position, case_id LIMIT ?",
        (run_id, shown),
    )
    return tuple(
        FailingCase(
            case_id=row["case_id"],
            status=row["status"],
            question=shorten(row["question"]),
            answer=shorten(row["answer"] or ""),
            expected=shorten(describe_expected(row["expected"])),
            why=shorten(explain_failure(row["status"], row["checks"], row["error"])),
        )
        for row in rows
    )


def _count_reasons(store: Store, run_id: str) -> dict[str, int]:
    """How many cases failed each check, and how many broke; most first. A case that fails two counts under both."""
    rows = store.query(
        """
        WITH named AS (SELECT case_id, unnest(json_keys(checks)) AS name, checks FROM cases
                       WHERE run_id = ? AND status = 'failed')
        SELECT CASE WHEN regexp_matches(name, '^turn \\d+ correct$') THEN 'turn correct' ELSE name END AS name,
               count(DISTINCT case_id) AS n
        FROM named WHERE checks ->> ('$."' || replace(name, '"', '\\"') || '"') = 'false' GROUP BY 1 UNION ALL
        SELECT 'error', count(*) FROM cases WHERE run_id = ? AND status = 'error' ORDER BY n DESC, name LIMIT ?""",
        (run_id, run_id, REASONS_SHOWN + 1),
    )
    return {_words(row["name"]): row["n"] for row in rows if row["n"]}


def describe_expected(expected: Any) -> str:
    """What a case wanted: its answers and facts, an abstention, a content type; of a conversation turn by turn."""
    if isinstance(expected, list):
        return "; ".join(f"{i}. {describe_expected(turn)}" for i, turn in enumerate(expected, 1))
    if not isinstance(expected, dict):
        return ""
    if expected.get("unanswerable"):
        return "to abstain"
    if expected.get("content_type"):
        return str(expected["content_type"])
    parts = [" or ".join(map(str, expected.get("answers") or ()))]
    facts = expected.get("facts") or ()
    parts += [f"facts: {', '.join(map(str, facts))}"] if facts else []
    return "; ".join(part for part in parts if part)


def explain_failure(status: str, checks: Mapping[str, bool] | None, error: str | None) -> str:
    """Why a case counts as failed; empty for one that does not."""
    if status == "error":
        return f"error: {error or 'unknown'}"
    failed = [_words(name) for name, passed in (checks or {}).items() if not passed]
    if failed:
        return ", ".join(failed)
    return "failed" if status == "failed" else ""


def shorten(text: str) -> str:
    """One line of at most 240 characters."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_SHOWN else line[: TEXT_SHOWN - 1].rstrip() + "…"


def _words(check: str) -> str:
    """``not correct``, ``turn 4 not correct``; an error is one itself."""
    if check == "error":
        return check
    if check.startswith("turn ") and check.endswith("correct"):
        return f"{check.removesuffix('correct')}not correct"
    return f"not {check.replace('_', ' ')}"
