"""Metric accuracy: the audit of the runs that the phase's gate reads."""

from __future__ import annotations

from engine.errors import PhasegateError
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import Evidence
from engine.run_audits import audit_run
from engine.validation.parts import Finding, Work, count_words, judge_steps


def audit_phase(work: Work) -> Finding:
    """Audits each run; the phase's goal on metrics accuracy decides, without one the expected keys do."""
    runs = EvidenceReader(work.store, target=work.roadmap.target).list_complete_runs(work.suites(), 1)
    if not runs:
        return Finding(verdict="no_data", reason="there is no complete run to audit")
    keys: list[bool] = []
    for done, run in enumerate(runs):
        work.say(done, len(runs), f"audit of {run.run_id}")
        try:
            audit = audit_run(work.store, run.run_id)
        except PhasegateError as error:
            work.part.note("no_data", f"run {run.run_id}: {error.message}")
            continue
        work.part.runs.append(run.run_id)
        wrong = [finding["figure"] for finding in audit["findings"] if not finding["agrees"]]
        counted = {name: audit[name] for name in ("checked", "agreed", "metrics_accuracy")}
        work.part.figures[run.run_id] = counted | {"disagree": wrong}
        there = all(audit["expected_keys"].values()) and not any(name.startswith("key ") for name in wrong)
        keys.append(there)
        words = f"run {run.run_id}: {audit['agreed']} of {audit['checked']} figures agree"
        words += f", not {', '.join(wrong[:3])}" if wrong else ""
        work.part.note("pass" if there else "fail", words if there else f"{words}; an expected key is missing")
    for goal in work.check_goals(_is_accuracy):
        work.part.note(goal.counted, f"{goal.title} {goal.goal}: {goal.reason}")
    return Finding(verdict=judge_steps(work.part), reason=count_words(work.part))


def _is_accuracy(evidence: Evidence) -> bool:
    return evidence.measure == "metrics_accuracy"
