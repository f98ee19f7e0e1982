"""Real-world content: the suites that the phase's goals read, run where there is no complete current run of them."""

from __future__ import annotations

from pathlib import Path

from engine.errors import PhasegateError, UnknownNameError
from engine.evaluation.suites import hash_suite_files, load_suite
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import Evidence, EvidenceRun, Phase, Roadmap
from engine.runs import RunRequest, make_run_id, run_request
from engine.store import RunStore
from engine.validation.parts import Finding, Work, count_words, judge_steps


def needs_suites(roadmap: Roadmap, phase: Phase) -> str:
    """Empty when a goal of the phase reads a suite."""
    reads = any(roadmap.kpi(goal.kpi).evidence.kind == "run" for goal in phase.goals)
    return "" if reads else "no goal of this phase is measured by a suite"


def is_content(evidence: Evidence) -> bool:
    """Goals on the answers to a suite; latency is the integration part's, and an audit that of metric accuracy."""
    return evidence.kind == "run" and not is_latency(evidence) and evidence.measure != "metrics_accuracy"


def is_latency(evidence: Evidence) -> bool:
    """Goals on the time of answers."""
    return evidence.kind == "run" and evidence.measure.startswith(("latency", "processing_time"))


def run_content(work: Work) -> Finding:
    """Runs what is missing, resumes what was interrupted, then holds the phase's goals on content against it."""
    suites = work.suites()
    for done, suite in enumerate(suites):
        work.say(done, len(suites), f"suite {suite}")
        try:
            folder = find_folder(work, suite)
            run_id = ensure_run(work, suite, folder)
            found = work.part.figures[suite] = _describe(work, run_id)
            work.part.note("pass", f"suite {suite}: complete run, {found['passed']} of {found['cases']} cases passed")
        except PhasegateError as error:
            work.part.note("no_data", f"suite {suite} could not be run: {error.message}")
    for goal in work.check_goals(is_content):
        work.part.note(goal.counted, f"{goal.title} {goal.goal}: {goal.reason}")
    return Finding(verdict=judge_steps(work.part), reason=count_words(work.part))


def ensure_run(work: Work, suite: str, folder: Path) -> str:
    """Id of a complete run of the suite as it is now: one of this validation, an earlier one, or one made now.

    Raises:
        KeyboardInterrupt: it was interrupted; what was scored is kept.
    """
    started = [run_id for run_id in work.part.runs if _suite_of(work, run_id) == suite]
    if started and _state_of(work, started[-1]) == "finished":
        return started[-1]
    if not started:
        earlier = find_current_run(work, suite, folder)
        if earlier is not None and (not work.request.fresh or earlier.run_id in work.own_runs):
            _note_run(work, earlier.run_id)
            return earlier.run_id
    run_id = started[-1] if started else make_run_id(suite)
    _note_run(work, run_id)

    def report(done: int, total: int, message: str) -> None:
        work.say(done, total, f"{suite}: {message}")

    request = RunRequest(
        suite=str(folder),
        overrides={},
        target=work.roadmap.target,
        run_id=run_id,
        resume=run_id if started else None,
    )
    summary = run_request(work.store, request, report)
    if summary["status"] == "interrupted":
        raise KeyboardInterrupt
    return run_id


def find_current_run(work: Work, suite: str, folder: Path) -> EvidenceRun | None:
    """The newest complete run of a suite, when it asked the cases that the suite holds now."""
    reader = EvidenceReader(work.store, target=work.roadmap.target)
    current = hash_suite_files(folder)
    found = [run for run in reader.list_complete_runs([suite], 20) if run.cases_hash == current]
    return found[-1] if found else None


def find_folder(work: Work, suite: str) -> Path:
    """Where the suite is: by its name, or where its newest run found it.

    Raises:
        UnknownNameError: neither.
    """
    try:
        return load_suite(suite).path
    except UnknownNameError:
        sql = "SELECT suite_path FROM runs WHERE suite = ? ORDER BY started_at DESC LIMIT 1"
        rows = work.store.query(sql, [suite])
        if not rows:
            raise
        return load_suite(rows[0]["suite_path"]).path


def _note_run(work: Work, run_id: str) -> None:
    """Kept before the run begins, so that a resume finds it."""
    if run_id not in work.part.runs:
        work.part.runs.append(run_id)
    work.keep()


def _suite_of(work: Work, run_id: str) -> str:
    rows = work.store.query("SELECT suite FROM runs WHERE run_id = ?", [run_id])
    return rows[0]["suite"] if rows else ""


def _state_of(work: Work, run_id: str) -> str:
    with RunStore(work.store) as runs:
        return str(runs.load_run(run_id)["status"])


def _describe(work: Work, run_id: str) -> dict[str, object]:
    with RunStore(work.store) as runs:
        row = runs.load_run(run_id)
    counts = {name: row[name] for name in ("cases", "passed", "failed", "errors", "unscored")}
    return {"run_id": run_id, "success_rate": row["success_rate"]["value"], **counts}
