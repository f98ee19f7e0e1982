"""How the figures of a report were made, and what they do not say, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.evaluation.measures import is_judged
from engine.reports.report import PhaseReport
from engine.reports.run_model import RunReport
from engine.reports.tables import judge_words
from engine.reports.wording import count_words
from engine.roadmap.goal_verdicts import COVERAGE_PERCENT

INTERVALS = (
    "All intervals are 95 %. Rates: Wilson. Means of up to 400 values: bootstrap (BCa); of more: Student's t. Percentiles: order "
    "statistics. An interval covers chance in the choice of cases, not a suite that asks the wrong questions."
)
POLICIES = {
    "point": "point: the measured value meets the goal, however wide its interval is.",
    "strict": "strict: the near end of the 95 % interval meets the goal; a figure without an interval has no data.",
}
Row = tuple[str, str]


def method_rows(report: PhaseReport) -> list[Row]:
    """Topic and words: evidence, coverage, policy, intervals, judges, benchmarks, people, limits."""
    gate = report.gate
    rows: list[Row] = [("Evidence", _evidence_words(report))]
    rows.append(
        (
            "Coverage",
            f"At least {COVERAGE_PERCENT} % of the cases must have been scored, else the goal has no data, however good its value is. "
            "An error of the target is a failed case.",
        )
    )
    rows.append(("Policy", POLICIES[gate.policy]))
    rows.append(
        (
            "Intervals",
            f"{INTERVALS} Each goal is judged by itself; {count_words(len(gate.goals), 'goal')} are not corrected for their number.",
        )
    )
    rows += judge_rows(report.runs)
    bench = _bench_words(report)
    rows += [("Benchmarks", bench)] if bench else []
    ticked = [goal.title for goal in gate.goals if goal.tick]
    if ticked:
        rows.append(("Said by people", f"{', '.join(ticked)}: confirmed by a person with a link, not measured here."))
    rows.append(("Limits", _limits(report.runs)))
    return rows


def run_method_rows(run: RunReport) -> list[Row]:
    """The same for the report of one run."""
    return [
        (
            "Success",
            "A case passes when all of its checks do; an error of the target is a failed case, an unscored one is not counted.",
        ),
        ("Intervals", INTERVALS),
        *judge_rows([run]),
        ("Limits", _limits([run])),
    ]


def judge_rows(runs: Sequence[RunReport]) -> list[Row]:
    """Which judge and prompt hash scored what, and which scores needed no model."""
    uses: dict[str, list[str]] = {}
    offline: dict[str, None] = {}
    waiting: dict[str, int] = {}
    for run in runs:
        for name, m in run.measures.items():
            for use in m.judges:
                cases = count_words(use.cases, "case")
                uses.setdefault(judge_words(use), []).append(f"{name} ({cases} of {run.suite})")
            if m.unjudged:
                waiting[name] = waiting.get(name, 0) + m.unjudged
            if m.n and not m.judges and not is_judged(name):
                offline[name] = None
    rows = [("Judge", f"{who}: {', '.join(what)}.") for who, what in uses.items()]
    if waiting:
        left = ", ".join(f"{name} ({count_words(n, 'case')})" for name, n in waiting.items())
        rows.append(
            ("Left unjudged", f"No judge was set up for {left}; these have no score, which is not a score of 0.")
        )
    if offline:
        rows.append(("Without a model", _offline_words(list(offline))))
    return rows


def _offline_words(names: Sequence[str]) -> str:
    ragas = [name for name in names if name.startswith("ragas.")]
    words = f"{count_words(len(names), 'measure')} computed offline, without a judge model"
    return (
        f"{words}; among them {', '.join(ragas)}, which compare texts and do not ask a model." if ragas else f"{words}."
    )


def _evidence_words(report: PhaseReport) -> str:
    gate = report.gate
    target = "the built-in pipeline" if gate.target == "pipeline" else f"target {gate.target}"
    which = f"run {gate.run_id} alone" if gate.run_id else "the newest finished and complete run of each suite"
    runs = ", ".join(f"{run.suite} ({count_words(run.cases, 'case')})" for run in gate.runs)
    return f"Read: {which}, of {target}{f': {runs}' if runs else '; there is none yet'}."


def _bench_words(report: PhaseReport) -> str:
    kpis = {kpi.id: kpi for kpi in report.roadmap.kpis}
    read, refused = [], []
    for goal in report.goals:
        kpi = kpis.get(goal.kpi)
        if kpi is None or kpi.evidence.kind != "bench":
            continue
        (refused if "scripted server" in goal.reason else read).append(f"{goal.title} (bench {kpi.evidence.bench})")
    parts = [f"From benchmarks on this machine: {', '.join(read)}."] if read else []
    parts += [f"Stand-in, measured on a scripted server and so no evidence: {', '.join(refused)}."] if refused else []
    return " ".join(parts)


def _limits(runs: Iterable[RunReport]) -> str:
    machines = dict.fromkeys(str(run.provenance.get("machine")) for run in runs if run.provenance.get("machine"))
    where = f" on {', '.join(machines)}" if machines else ""
    return (
        f"The figures hold for the cases of these suites; other questions may do better or worse. Times and memory were measured{where} "
        "and do not carry over to another machine. A value near its goal may change sides with the next run."
    )
