"""What was measured for a KPI: value, interval and counts, read from finished and complete runs in the store."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import UnknownNameError
from engine.evaluation.suite_folders import find_named_folder
from engine.evaluation.suites import hash_suite_files
from engine.roadmap.case_values import CaseValues, ReadsStore
from engine.roadmap.estimates import Kind, count_more_cases, estimate_figure
from engine.roadmap.figures import RUN_FIGURES, Row, adjust_values, find_figure
from engine.roadmap.judged_evidence import explain_mixed_judges
from engine.roadmap.types import Evidence, EvidenceRun

__all__ = ["EvidenceReader", "Measured", "ReadsStore", "run_command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the store says of one piece of evidence. Without data ``value`` is None and ``reason`` says why.

    ``missing`` is how many cases were not scored in the best run there is, None when there is none.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    scored: int = 0
    total: int = 0
    reason: str = ""
    command: str = ""
    missing: int | None = None
    runs: tuple[EvidenceRun, ...] = ()
    kind: Kind | None = None
    values: Sequence[float] = ()

    def count_more_cases(self, threshold: float) -> int | None:
        """About how many more cases would decide a goal at ``threshold``."""
        return None if self.kind is None else count_more_cases(self.kind, self.values, threshold)


class EvidenceReader:
    """Reads evidence from the store; asks the store once for each run and measure, so keep one for a whole roadmap.

    Args:
        store: an open store.
        run_id: read this run alone.
        target: read runs of this target alone; None reads all.

    Raises:
        UnknownNameError: no run has that id.
    """

    def __init__(self, store: ReadsStore, run_id: str | None = None, target: str | None = None) -> None:
        self._store = store
        self.run_id = run_id
        self.target = target
        self._given = self._find_given(run_id) if run_id is not None else None
        self._found: dict[str, EvidenceRun | None] = {}
        self._listed: dict[tuple[tuple[str, ...], int], list[EvidenceRun]] = {}
        self._values = CaseValues(store)
        self._memory: dict[str, Row] = {}

    def measure(self, evidence: Evidence) -> Measured:
        """Value, interval and counts for one KPI, or the reason why there are none."""
        if evidence.kind == "bench" and self._given is None and self.target in (None, "pipeline"):
            from engine.roadmap.benchmark_evidence import measure_benchmark

            return measure_benchmark(self._store, evidence)
        if evidence.kind == "bench":
            what = f"run {self.run_id} alone" if self._given else f"target {self.target}"
            return Measured(reason=f"a benchmark measures the built-in pipeline; this gate judges {what}")
        if evidence.kind == "audit":
            from engine.roadmap.audit_evidence import measure_config_audit

            return measure_config_audit(self._store, evidence, self.target)
        if evidence.kind != "run":
            return Measured(reason=evidence.reason, command=evidence.command)
        suites = evidence.suites
        if self._given is not None:
            if self._given.suite not in suites:
                reason = f"run {self._given.run_id} is of suite {self._given.suite}; this KPI needs {_names(suites)}"
                return Measured(reason=reason, command=run_command(suites, self.target))
            if self.target not in (None, self._given.target):
                reason = f"run {self._given.run_id} is of target {self._given.target}; this gate judges {self.target}"
                return Measured(reason=reason, command=run_command(suites, self.target))
            suites = (self._given.suite,)
        runs = [self._find_run(suite) for suite in suites]
        without = [suite for suite, run in zip(suites, runs, strict=True) if run is None]
        if without:
            return self._explain_absence(without)
        return self.measure_runs(evidence, [run for run in runs if run is not None])

    def measure_runs(self, evidence: Evidence, runs: Sequence[EvidenceRun]) -> Measured:
        """The same over given complete runs, pooled by case."""
        command = run_command([run.suite for run in runs], self.target)
        if evidence.measure == "metrics_accuracy":
            from engine.roadmap.benchmark_evidence import measure_audits

            return measure_audits(self._store, runs)
        if evidence.measure in RUN_FIGURES:
            return self._measure_memory(evidence.measure, runs, command)
        mixed = explain_mixed_judges(self._store, evidence.measure, runs)
        if mixed:
            return Measured(reason=mixed, command=command, runs=tuple(runs))
        pooled = self._values.pool(evidence, runs)
        if not pooled.found:
            what = f"cases of kind {_names(evidence.kinds)}" if evidence.kinds else f"scores of {evidence.measure}"
            reason = f"no {what} in run {_names([run.run_id for run in runs])}"
            return Measured(reason=reason, command=command, runs=tuple(runs))
        kind = find_figure(evidence.measure).kind
        values, total = adjust_values(evidence, pooled.values), pooled.total
        estimate = estimate_figure(kind, values)
        return Measured(
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            n=estimate.n,
            scored=len(values),
            total=total,
            reason="" if estimate.value is not None else f"{len(values)} of {total} cases have a value",
            command=command,
            missing=total - len(values),
            runs=tuple(runs),
            kind=kind,
            values=values,
        )

    def _measure_memory(self, measure: str, runs: Sequence[EvidenceRun], command: str) -> Measured:
        key = measure.removeprefix("memory_")
        memories = [self._memory.get(run.run_id) or {} for run in runs]
        values = [float(memory[key]) for memory in memories if memory.get(key) is not None]
        if len(values) < len(runs):
            reason = next((str(m["reason"]) for m in memories if m.get("reason")), f"no {key} of memory was recorded")
            return Measured(reason=reason, command=command, runs=tuple(runs))
        samples = sum(int(memory.get(f"{key}_samples") or memory.get("samples") or 1) for memory in memories)
        value = min(values) if measure == "memory_accuracy" else max(values)
        return Measured(value=value, n=samples, scored=samples, total=samples, command=command, runs=tuple(runs))

    def _find_run(self, suite: str) -> EvidenceRun | None:
        """The newest finished and complete run of a suite."""
        if suite not in self._found:
            sql = f"SELECT {_RUN_COLUMNS} FROM runs r WHERE {_COMPLETE} AND {_SAME_CASES} AND suite = ?{self._restriction()}"
            current = _current_hash(suite)
            params = [current, current is None, *self._params(suite)]
            rows = self._store.query(f"{sql} ORDER BY started_at DESC, run_id DESC LIMIT 1", params)
            self._found[suite] = self._keep(rows[0]) if rows else None
        return self._found[suite]

    def list_complete_runs(self, suites: Sequence[str], limit: int) -> list[EvidenceRun]:
        """The newest ``limit`` finished and complete runs of each suite, oldest first."""
        key = (tuple(suites), limit)
        if key not in self._listed:
            sql = (
                f"SELECT {_RUN_COLUMNS} FROM runs r WHERE {_COMPLETE} AND suite IN ({', '.join('?' * len(suites))})"
                f"{_OF_TARGET}"
                " QUALIFY row_number() OVER (PARTITION BY suite ORDER BY started_at DESC, run_id DESC) <= ?"
                " ORDER BY started_at, run_id"
            )
            rows = self._store.query(sql, [*suites, self.target, self.target, limit]) if suites else []
            self._listed[key] = [self._keep(row) for row in rows]
        return self._listed[key]

    def load_ahead(self, evidence: Evidence, runs: Sequence[EvidenceRun]) -> None:
        """Read the values of many runs at once, before they are measured one by one."""
        if evidence.measure not in RUN_FIGURES:
            self._values.load(evidence, runs)

    def _explain_absence(self, suites: Sequence[str]) -> Measured:
        """Why there is no complete run: none at all, or one that was limited, interrupted, failed, still runs."""
        reasons, missing = [], 0
        known = True
        for suite in suites:
            sql = f"SELECT {_RUN_COLUMNS}, {_SCORED} AS scored FROM runs r WHERE suite = ?{self._restriction()}"
            rows = self._store.query(f"{sql} ORDER BY scored DESC, started_at DESC LIMIT 1", self._params(suite))
            current = _current_hash(suite)
            if rows and current and rows[0]["cases_hash"] != current:
                reasons.append(f"run {rows[0]['run_id']} asked other cases than the suite {suite} holds now")
                missing += rows[0]["suite_cases"]
            elif rows:
                reasons.append(_explain_run(rows[0]))
                missing += max(0, rows[0]["suite_cases"] - rows[0]["scored"])
            else:
                reasons.append(f"no run of suite {suite} yet" + self._name_target())
                known = False
        return Measured(
            reason="; ".join(reasons), command=run_command(suites, self.target), missing=missing if known else None
        )

    def _find_given(self, run_id: str) -> EvidenceRun:
        rows = self._store.query(f"SELECT {_RUN_COLUMNS} FROM runs r WHERE run_id = ?", [run_id])
        if not rows:
            recent = self._store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 10")
            known = [row["run_id"] for row in recent]
            raise UnknownNameError("run", run_id, known, "python -m engine runs lists them.")
        return _build_run(rows[0])

    def _restriction(self) -> str:
        return _OF_TARGET if self.run_id is None else f"{_OF_TARGET} AND run_id = ?"

    def _params(self, suite: str) -> list[str | None]:
        given = [] if self.run_id is None else [self.run_id]
        return [suite, self.target, self.target, *given]

    def _name_target(self) -> str:
        return "" if self.target in (None, "pipeline") else f" with target {self.target}"

    def _keep(self, row: Row) -> EvidenceRun:
        self._memory[row["run_id"]] = row["memory"] or {}
        return _build_run(row)


_RUN_COLUMNS = "run_id, suite, suite_path, suite_hash, suite_cases, target, status, cases, started_at, memory, json_extract_string(provenance, '$.cases_hash') AS cases_hash"
# A shipped suite's run counts while its cases are the ones that the suite holds now; NULL is a suite of one's own.
_SAME_CASES = "coalesce(json_extract_string(provenance, '$.cases_hash') = ?, ?)"
_OF_TARGET = " AND (? IS NULL OR target = ?)"
_SCORED = "(SELECT count(*) FROM cases c WHERE c.run_id = r.run_id AND c.status <> 'unscored')"
_ENDED = "(SELECT count(*) FROM cases c WHERE c.run_id = r.run_id)"
_COMPLETE = f"status = 'finished' AND cases = suite_cases AND {_ENDED} = suite_cases"


def _current_hash(suite: str) -> str | None:
    """What a run must have asked of a suite that is found by name; None for one that lies elsewhere."""
    folder = find_named_folder(suite)
    return hash_suite_files(folder) if folder and (folder / "cases.jsonl").is_file() else None


def run_command(suites: Sequence[str], target: str | None = None) -> str:
    """The command that runs suites one after the other. Exit 1 of ``run`` is a missed pass rule, not a failure."""
    option = "" if target in (None, "pipeline") else f" --target {target}"
    return "; ".join(f"python -m engine run {suite}{option}" for suite in dict.fromkeys(suites))


def _build_run(row: Row) -> EvidenceRun:
    started: datetime.datetime = row["started_at"]
    names = ("run_id", "suite", "suite_path", "suite_hash", "target", "status", "cases", "suite_cases", "cases_hash")
    return EvidenceRun(started_at=started, **{name: row[name] for name in names})


def _explain_run(row: Row) -> str:
    counts = f"only {row['scored']} of {row['suite_cases']} cases were scored"
    state = {"finished": "limited", "running": "it has not ended"}.get(row["status"], row["status"])
    return f"{counts} in run {row['run_id']} of suite {row['suite']} ({state})"


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)
