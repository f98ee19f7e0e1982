"""The list of sweeps, and what the saved defaults rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.evaluation.sweep_words import format_p
from engine.store import PreferenceStore, Store, SweepStore
from engine.views.run_states import STATE_MARKS, STATE_WORDS
from engine.views.words import decimal, in_zone, interval

Row = Mapping[str, Any]
SEARCH_WORDS = {"grid": "Grid", "random": "Random", "bayesian": "Bayesian"}
VERDICT_WORDS = {
    "better": "✔ better",
    "worse": "✘ worse",
    "unclear": "○ not told apart",
    "same": "= the same",
    "too_few": "○ too few to tell",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLine:
    """One sweep of the list."""

    sweep_id: str
    cells: Mapping[str, Any]


def load_sweeps(store: Store, zone: str | None = None, limit: int = 50) -> tuple[SweepLine, ...]:
    """The newest sweeps."""
    return tuple(
        SweepLine(sweep_id=row["sweep_id"], cells=_line(row, zone)) for row in SweepStore(store).list_sweeps(limit)
    )


def load_evidence(store: Store) -> tuple[str, str]:
    """Where the saved defaults come from: words and the sweep's id; empty when they are not a sweep's."""
    preferences = PreferenceStore(store)
    evidence = preferences.load_preference("pipeline_evidence")
    if not evidence or evidence["settings"] != (preferences.load_preference("pipeline") or {}):
        return "", ""
    found, against = evidence["held_out"].get(evidence["goal"]) or {}, evidence["comparison"] or {}
    words = f"The best of {evidence['trials']} settings in a sweep of {evidence['suite']}, {evidence['saved_at']}"
    if found.get("mean") is not None:
        bounds = interval(found["low"], found["high"], decimal)
        words += f": {evidence['goal']} {decimal(found['mean'])} on the held-out half ({bounds})"
    if against.get("difference") is not None:
        words += f", {against['difference']:+.3f} against where it started, p = {format_p(against['p'])}"
    return f"{words}.", str(evidence["sweep_id"])


def _line(row: Row, zone: str | None) -> dict[str, Any]:
    result, goal = row["result"] or {}, row["goal"]
    found = (result.get("estimates", {}).get(str(result.get("best"))) or {}).get(goal) or {}
    against = (result.get("comparison", {}).get(goal)) or {}
    return {
        "suite": row["suite"],
        "state": f"{STATE_MARKS.get(row['status'], '')} {STATE_WORDS.get(row['status'], row['status'])}",
        "started": in_zone(row["started_at"], zone),
        "search": SEARCH_WORDS[row["search"]],
        "settings": ", ".join(space["name"] for space in row["space"]),
        "trials": f"{row['done']} of {row['planned']}" if row["done"] < row["planned"] else str(row["done"]),
        "measure": goal,
        "held_out": found.get("mean"),
        "difference": against.get("difference"),
        "verdict": VERDICT_WORDS.get(against.get("verdict", ""), ""),
        "seconds": row["seconds"],
        "sweep": row["sweep_id"],
    }
