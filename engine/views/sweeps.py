"""One sweep: its trials, fronts, importance, and the best held against unseen cases."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluation.suites import list_suites
from engine.evaluation.sweep_space import Dimension, restore_space
from engine.evaluation.sweep_words import describe_best, describe_difference, describe_skipped, format_p
from engine.settings import PipelineSettings
from engine.store import Store, SweepStore
from engine.store.literals import encode_json
from engine.sweep_results import load_summary
from engine.views.sweep_charts import FrontView, ImportanceRow, ParallelAxis, build_axes, build_front, build_importance
from engine.views.sweep_list import SEARCH_WORDS, VERDICT_WORDS, load_evidence
from engine.views.words import DASH, clock, count, decimal, duration, interval, plural, setting_value

Row = Mapping[str, Any]
MARKS = {"best": "★ best", "front": "◆ front", "start": "● start"}
MEASURE_WORDS = {
    "recall": "Share of the gold spans' characters that the context holds. 0 to 1, more is better.",
    "precision": "Share of the context's characters that belong to gold spans. 0 to 1, more is better.",
    "iou": "Characters in gold and context over those in either. 0 to 1, more is better.",
    "document_recall@5": "Share of the gold documents among the first five retrieved. 0 to 1, more is better.",
    "ndcg@10": "How near the top the gold documents stand among ten. 0 to 1, more is better.",
    "quality": "Calibrated probability that the context supports the answer, of the answerable questions. More is better.",
    "tokens": "Mean tokens of the context. Fewer are cheaper.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with what it means."""

    label: str
    value: str
    note: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepDetail:
    """One sweep, ready to be drawn.

    Attributes:
        reference: what to give to ``sweep`` for its suite.
        scored: whether any setting was scored yet; without one there is nothing below the headline.
        trials: cells by column, best first, skipped ones last.
        changes: what the best settings change of those that the sweep started from.
        saved: whether the saved defaults are this sweep's best now.
        tuning: query parameters that open the best settings in the Tuning lab.
    """

    sweep_id: str
    suite: str
    reference: str
    status: str
    goal: str
    title: str
    caption: str
    headline: str
    explanation: str
    error: str
    notes: tuple[str, ...]
    scored: bool
    tiles: tuple[Tile, ...]
    varied: tuple[str, ...]
    measures: tuple[str, ...]
    trials: tuple[Mapping[str, Any], ...]
    skipped: int
    reasons: tuple[str, ...]
    fronts: tuple[FrontView, ...]
    axes: tuple[ParallelAxis, ...]
    axes_title: str
    importance: tuple[ImportanceRow, ...]
    importance_title: str
    comparison: tuple[Mapping[str, Any], ...]
    changes: Mapping[str, tuple[str, str]]
    saved: bool
    tuning: Mapping[str, str]
    resume_command: str
    command: str
    facts: Mapping[str, str]
    summary: Mapping[str, Any]


def load_sweep_detail(store: Store, sweep_id: str, zone: str | None = None) -> SweepDetail:
    """One sweep.

    Raises:
        UnknownNameError: no such sweep.
    """
    row = SweepStore(store).load_sweep(sweep_id)
    summary = load_summary(store, sweep_id)
    space, goal, best = restore_space(row["space"]), row["goal"], summary["best"]
    finished = [t for t in summary["trials"] if t["status"] == "finished"]
    varied = tuple(dimension.name for dimension in space)
    scored = {name for t in finished for name, found in t["measures"].items() if found["mean"] is not None}
    measures = (goal, *(name for name in MEASURE_WORDS if name in scored and name != goal))
    axes, axes_title = build_axes(finished, space, goal)
    importance, importance_title = build_importance(summary["importance"], goal)
    resumable = row["status"] in ("interrupted", "failed")
    suite = row["suite"] if row["suite"] in list_suites() else row["suite_path"]
    reference = shlex.quote(suite)
    return SweepDetail(
        sweep_id=sweep_id,
        suite=row["suite"],
        reference=row["suite_path"],
        status=row["status"],
        goal=goal,
        title=f"Sweep of {row['suite']}",
        caption=f"{SEARCH_WORDS[row['search']]} over {', '.join(varied)} · {clock(row['started_at'], zone)}",
        headline=describe_best(summary) if best else "",
        explanation=describe_difference(summary) if best else "",
        error=row["error"] or "",
        notes=tuple(summary["notes"]),
        scored=best is not None,
        tiles=_tiles(summary) if best else (),
        varied=varied,
        measures=measures,
        trials=_trial_cells(summary, varied, measures),
        skipped=len(summary["trials"]) - len(finished),
        reasons=describe_skipped(summary["trials"]),
        fronts=(
            build_front(summary, "tokens", "tokens of context, mean"),
            build_front(summary, "latency", "predicted latency, ms"),
        )
        if best
        else (),
        axes=axes,
        axes_title=axes_title,
        importance=importance,
        importance_title=importance_title,
        comparison=_comparison_cells(summary) if best else (),
        changes=_changes(row["base"], best["settings"]) if best else {},
        saved=load_evidence(store)[1] == sweep_id,
        tuning={"suite": suite, **_link_tuning(row, best["settings"])} if best else {},
        resume_command=f"python -m engine sweep {reference} --resume {sweep_id}" if resumable else "",
        command=f"python -m engine sweep {reference} " + _options(row, space),
        facts=_facts(row, summary),
        summary=summary,
    )


def render_json(sweep: SweepDetail) -> str:
    """The JSON of ``sweep``, to be downloaded."""
    return encode_json(sweep.summary)


def _link_tuning(row: Row, settings: Row) -> dict[str, str]:
    defaults = PipelineSettings().as_dict()
    changed = {name: str(value) for name, value in (row["base"] | settings).items() if value != defaults[name]}
    return changed or {"base": "shipped"}


def _tiles(summary: Row) -> tuple[Tile, ...]:
    goal, best, start = summary["goal"], summary["best"], summary["baseline"] or {}
    found, before = best["held_out"].get(goal) or {}, start.get("held_out", {}).get(goal) or {}
    against = summary["comparison"].get(goal) or {}
    tokens, tokens_before = (side.get("held_out", {}).get("tokens", {}).get("mean") for side in (best, start))
    optimism = summary["optimism"]
    return (
        Tile(
            label=f"Best {goal}",
            value=decimal(found.get("mean")),
            note=interval(found.get("low"), found.get("high"), decimal) if found else "",
            help="On the held-out half of the questions, which took no part in the choice.",
        ),
        Tile(
            label="Where it started",
            value=decimal(before.get("mean")),
            note=interval(before.get("low"), before.get("high"), decimal) if before else "",
            help="The suite's own settings with what was fixed, on the same held-out questions.",
        ),
        Tile(
            label="Difference",
            value=DASH if against.get("difference") is None else f"{against['difference']:+.3f}",
            note=f"p = {format_p(against.get('p'))}, {plural(against.get('n', 0), 'question')}",
            help="Paired by question: bootstrap interval, sign-flip permutation p. "
            + VERDICT_WORDS.get(against.get("verdict", ""), ""),
        ),
        Tile(
            label="Tokens of context",
            value=DASH if tokens is None else count(round(tokens)),
            note="" if tokens_before is None else f"{count(round(tokens_before))} where it started",
            help="Mean of the held-out questions. Fewer are cheaper and quicker for a model.",
        ),
        Tile(
            label="Optimism",
            value=DASH if optimism is None else f"{optimism:+.3f}",
            note="choosing half less held-out half",
            help="The best of many is partly the luckiest: this is what the half that chose shows too much.",
        ),
        Tile(
            label="Tried",
            value=count(sum(t["status"] == "finished" for t in summary["trials"])),
            note=f"{plural(summary['cases'] or 0, 'question')} in {duration(summary['seconds'])}",
            help="Settings that were scored, the one that the sweep started from among them.",
        ),
    )


def _trial_cells(summary: Row, varied: Sequence[str], measures: Sequence[str]) -> tuple[dict[str, Any], ...]:
    goal = summary["goal"]
    order = sorted(summary["trials"], key=lambda t: (t["status"] != "finished", -_mean(t, goal), t["number"]))
    return tuple(
        {
            "mark": _mark(summary, t),
            **{name: t["settings"].get(name) for name in varied},
            **{name: (t["measures"].get(name) or {}).get("mean") for name in measures},
            "latency_ms": t["latency_ms"],
            "chunks": t["chunks"],
            "seconds": t["seconds"] if t["status"] == "finished" else None,
            "reason": t["reason"] or "",
            "number": t["number"],
        }
        for t in order
    )


def _mean(trial: Row, goal: str) -> float:
    return float((trial["measures"].get(goal) or {}).get("mean") or 0.0)


def _mark(summary: Row, trial: Row) -> str:
    if trial["status"] == "skipped":
        return "✘ skipped"
    holds = {
        "best": summary["best"] is not None and trial["number"] == summary["best"]["number"],
        "front": trial["on_front"],
        "start": summary["baseline"] is not None and trial["number"] == summary["baseline"]["number"],
    }
    return next((MARKS[name] for name, held in holds.items() if held), "")


def _comparison_cells(summary: Row) -> tuple[dict[str, Any], ...]:
    best, start = summary["best"]["held_out"], (summary["baseline"] or {}).get("held_out", {})
    return tuple(
        {
            "measure": name,
            "best": _figure(name, (best.get(name) or {}).get("mean")),
            "start": _figure(name, (start.get(name) or {}).get("mean")),
            "difference": _figure(name, found["difference"], "+"),
            "interval": f"{_figure(name, found['low'], '+')} to {_figure(name, found['high'], '+')}",
            "p": format_p(found["p"]),
            "verdict": VERDICT_WORDS[found["verdict"]],
            "questions": f"{found['wins']} / {found['ties']} / {found['losses']}",
        }
        for name, found in summary["comparison"].items()
        if found["n"]
    )


def _figure(name: str, value: float | None, sign: str = "") -> str:
    digits = 0 if name == "tokens" else 3
    return DASH if value is None else f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # + 0.0: no negative zero


def _changes(base: Row, settings: Row) -> dict[str, tuple[str, str]]:
    return {
        name: (setting_value(base[name]), setting_value(value))
        for name, value in settings.items()
        if base[name] != value
    }


def _options(row: Row, space: Sequence[Dimension]) -> str:
    options = row["options"]
    parts = [f"--grid {shlex.quote(f'{d.name}={d.words}')}" for d in space]
    parts += [f"--set {shlex.quote(f'{name}={value}')}" for name, value in options.get("overrides", {}).items()]
    parts += [f"--preset {options['preset']}"] if options.get("preset") else []
    parts += [f"--search {row['search']} --trials {options['trials']}"] if row["search"] != "grid" else []
    parts += [f"--measure {row['goal']}", f"--seed {options['seed']}"]
    parts += [f"--limit {options['limit']}"] if options["limit"] else []
    return " ".join(parts)


def _facts(row: Row, summary: Row) -> dict[str, str]:
    halves = (
        f"{summary['choosing']} choose, {summary['held_out']} held out (seed {row['options']['seed']})"
        if summary["choosing"] is not None
        else DASH
    )
    return {
        "Sweep": row["sweep_id"],
        "Suite": row["suite_path"],
        "Search": SEARCH_WORDS[row["search"]],
        "Settings": "; ".join(f"{d.name} {d.words}" for d in restore_space(row["space"])),
        "Questions": halves,
        "Documents": f"{count(summary['embedded'])} embedded, {count(summary['reused'])} from the token index",
        "Worked": duration(summary["seconds"]),
        **{name.replace("_", " ").capitalize(): setting_value(value) for name, value in row["provenance"].items()},
    }
