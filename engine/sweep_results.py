"""What came of a sweep: its summary, and its best settings as saved defaults with the evidence."""

from __future__ import annotations

from typing import Any

from engine.errors import InputError
from engine.evaluation.sweep_space import restore_space
from engine.evaluation.sweeps import conclude_sweep
from engine.identity import find_person
from engine.settings import PipelineSettings
from engine.store import AuditTrail, PreferenceStore, Store, SweepStore
from engine.store.liveness import utc_now


def conclude(sweeps: SweepStore, sweep_id: str) -> dict[str, Any] | None:
    """The result from what is journaled."""
    row = sweeps.load_sweep(sweep_id)
    if row["halves"] is None:
        return None
    return conclude_sweep(
        sweeps.load_trials(sweep_id),
        lambda numbers: sweeps.load_case_values(sweep_id, numbers),
        row["halves"],
        restore_space(row["space"]),
        goal=row["goal"],
        search=row["search"],
        seed=row["options"]["seed"],
    )


def load_summary(store: Store, sweep_id: str) -> dict[str, Any]:
    """The JSON of ``sweep``: every trial with its measures, the front, the best against the baseline.

    Raises:
        UnknownNameError: no such sweep.
    """
    sweeps = SweepStore(store)
    row = sweeps.load_sweep(sweep_id)
    result = row["result"] or conclude(sweeps, sweep_id) or {}
    trials = {t["number"]: t for t in sweeps.load_trials(sweep_id)}
    front, estimates = result.get("front", []), result.get("estimates", {})

    def describe(number: int | None) -> dict[str, Any] | None:
        if number is None or number not in trials:
            return None
        trial = trials[number]
        shown = {name: trial[name] for name in ("number", "settings", "latency_ms", "cost_usd")}
        return shown | {"choosing": trial["measures"], "held_out": estimates.get(str(number), {})}

    return {
        **{name: row[name] for name in ("sweep_id", "suite", "status", "search", "goal", "cases")},
        "choosing": result.get("choosing"),
        "held_out": result.get("held_out"),
        "space": row["space"],
        "planned": row["planned"],
        "trials": [t | {"on_front": number in front} for number, t in trials.items()],
        "pareto": [describe(number) for number in front],
        "pareto_latency": [describe(number) for number in result.get("front_latency", [])],
        "best": describe(result.get("best")),
        "baseline": describe(result.get("baseline")),
        "comparison": result.get("comparison", {}),
        "optimism": result.get("optimism"),
        "importance": result.get("importance", {}),
        "notes": result.get("notes", []),
        "embedded": row["embedded"] or 0,
        "reused": row["reused"] or 0,
        "seconds": round(row["seconds"] or 0.0, 3),
        "base": row["base"],
        "options": row["options"],
        "provenance": row["provenance"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        "error": row["error"],
    }


def save_best(store: Store, sweep_id: str, who: str = "") -> dict[str, Any]:
    """Make the best settings of a sweep the saved defaults, with the evidence beside them, and an entry in the audit trail.

    Returns:
        The evidence: sweep, suite, settings, held-out figures and the comparison with what the sweep started from.

    Raises:
        InputError: the sweep has no best setting yet.
    """
    summary = load_summary(store, sweep_id)
    best, goal = summary["best"], summary["goal"]
    if best is None:
        raise InputError(f"sweep {sweep_id}: no setting was scored, so there is none to save.")
    settings = PipelineSettings().with_values(summary["base"]).with_values(best["settings"]).as_dict()
    defaults = PipelineSettings().as_dict()
    changed = {name: value for name, value in settings.items() if value != defaults[name]}
    evidence = {
        "sweep_id": sweep_id,
        "suite": summary["suite"],
        "goal": goal,
        "settings": changed,
        "held_out": best["held_out"],
        "baseline_held_out": (summary["baseline"] or {}).get("held_out"),
        "comparison": summary["comparison"].get(goal),
        "trials": len(summary["trials"]),
        "saved_at": f"{utc_now():%Y-%m-%d %H:%M} UTC",
    }
    preferences = PreferenceStore(store)
    before = preferences.load_preference("pipeline", {}) or {}
    preferences.save_preference("pipeline", changed or None)
    preferences.save_preference("pipeline_evidence", evidence)
    if before != changed:
        AuditTrail(store).record_entry(
            who or find_person(),
            "settings changed",
            "settings/pipeline",
            before=before,
            after=changed,
            reason=f"best of sweep {sweep_id}",
        )
    return evidence
