"""The report as Markdown (GitHub's flavour)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.reports.report import PhaseReport, RunReport
from engine.reports.tables import (
    checklist_words,
    claim_rows,
    goal_rows,
    measure_rows,
    missing_rows,
    plain_facts,
    report_facts,
    run_facts,
)
from engine.reports.wording import BY_A_PERSON, VERDICT_MARKS, VERDICT_WORDS


def render_markdown(report: PhaseReport) -> bytes:
    """The report's text and tables, UTF-8."""
    mark, word = VERDICT_MARKS[report.gate.verdict], VERDICT_WORDS[report.gate.verdict]
    lines = [
        f"# {_text(report.title)}",
        "",
        f"**{mark} {word}.** {_text(report.headline)}",
        "",
        *(f"- {name}: {_text(words)}" for name, words in report_facts(report)),
        "",
        *_goals(report),
        *_missing(report),
        *(line for run in report.runs for line in _run(run)),
        *_checklist(report),
        *_claims(report),
        *_provenance(report),
    ]
    return ("\n".join(lines).rstrip() + "\n").encode("utf-8")


def _goals(report: PhaseReport) -> list[str]:
    rows = [
        (
            f"{VERDICT_MARKS[goal.verdict]} {VERDICT_WORDS[goal.verdict]}",
            f"{_text(goal.title)} (`{goal.kpi}`)",
            goal.goal,
            f"**{goal.value}**",
            goal.interval,
            goal.cases,
            _text(goal.remark),
        )
        for goal in goal_rows(report)
    ]
    head = ("Verdict", "KPI", "Goal", "Measured", "95 % interval", "Cases scored", "Remark")
    return ["## Goals", "", *_table(head, rows, "llrrrrl"), ""]


def _missing(report: PhaseReport) -> list[str]:
    if not report.missing:
        return []
    rows = [(f"`{command}`" if command else BY_A_PERSON, _text(titles)) for command, titles in missing_rows(report)]
    return ["## Evidence still missing", "", *_table(("What gives it", "Goals without data"), rows, "ll"), ""]


def _run(run: RunReport) -> list[str]:
    lines = [f"## Run {_text(run.suite)} (`{run.run_id}`)", ""]
    lines += [f"- {name}: {_text(words)}" for name, words in run_facts(run)]
    lines += (
        ["", *_table(("Measure", "Mean", "95 % interval", "Scored"), _measures(run), "lrrr"), ""]
        if run.measures
        else [""]
    )
    if run.failing:
        rows = [(f"`{c.case_id}`", _text(c.question), _text(c.answer or "—"), _text(c.why)) for c in run.failing]
        lines += [f"### Failing cases: {len(run.failing)} of {run.failing_total} shown", ""]
        lines += [*_table(("Case", "Question", "Answer", "Why"), rows, "llll"), ""]
    return lines


def _measures(run: RunReport) -> list[tuple[str, ...]]:
    return [(f"`{name}`", mean, interval, scored) for name, mean, interval, scored in measure_rows(run)]


def _checklist(report: PhaseReport) -> list[str]:
    if not report.checklist:
        return []
    items = [f"- [{'x' if item.done_in_document else ' '}] {_text(item.text)}" for item in report.checklist]
    return ["## Checklist", "", checklist_words(report), "", *items, ""]


def _claims(report: PhaseReport) -> list[str]:
    if not report.claims:
        return []
    rows = [tuple(_text(cell) for cell in row) for row in claim_rows(report)]
    note = f"These figures stand in {_text(report.roadmap.document)}. None of them counts towards the verdict."
    head = ("Topic", "Figure", "The document's words", "Where")
    return ["## Stated by the document, not measured here", "", note, "", *_table(head, rows, "lrll"), ""]


def _provenance(report: PhaseReport) -> list[str]:
    lines = ["## Provenance", ""]
    rows = [(f"`{goal.kpi}`", _text(goal.source), _text(goal.runs or "none")) for goal in goal_rows(report)]
    lines += [*_table(("KPI", "Set by", "Runs read"), rows, "lll"), ""]
    for run in report.runs:
        lines += [f"### Run `{run.run_id}`", "", f"- suite: {_text(run.suite)}, content hash `{run.suite_hash}`"]
        lines += [f"- {name}: {_text(words)}" for name, words in plain_facts(run.provenance)]
        settings = ", ".join(f"{name} {words}" for name, words in plain_facts(run.settings))
        lines += [f"- settings: {_text(settings)}", ""]
    return lines


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    rule = ["---:" if side == "r" else "---" for side in align]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _text(text: str) -> str:
    """Text that cannot end a cell, start a tag or become a mark-up character."""
    line = " ".join(text.split(" ")).replace("\r", " ").replace("\n", " ")
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", line)
