"""The phase report as Markdown (GitHub's flavour): the verdict in the first lines, what is long folded away."""

from __future__ import annotations

from collections.abc import Iterable

from engine.reports.decision_rows import (
    CHANGE_HEAD,
    EDIT_HEAD,
    SIGN_OFF_HEAD,
    WAIVER_HEAD,
    change_rows,
    changes_words,
    check_link,
    check_words,
    checklist_words,
    edit_rows,
    is_ticked,
    same_words,
    sign_off_rows,
    sign_off_words,
    waiver_rows,
)
from engine.reports.markdown_text import escape_text, fold, write_code, write_table
from engine.reports.method import method_rows
from engine.reports.phase_words import figure_lines, find_next_step, missing_words, rest_words
from engine.reports.report import PhaseReport
from engine.reports.run_markdown import write_failing, write_measures
from engine.reports.run_model import RunReport
from engine.reports.tables import claim_rows, goal_rows, missing_rows, plain_facts, report_facts, run_facts
from engine.reports.wording import BY_A_PERSON, STATE_MARKS, VERDICT_MARKS, VERDICT_WORDS


def render_markdown(report: PhaseReport) -> bytes:
    """The report's text and tables, UTF-8."""
    mark, word = VERDICT_MARKS[report.gate.verdict], VERDICT_WORDS[report.gate.verdict]
    lines = [
        f"# {mark} {word}: {escape_text(report.title)}",
        "",
        *_brief(report),
        *_goals(report),
        *_missing(report),
        *_changes(report),
        *_decisions(report),
        *(line for run in report.runs for line in _run(run)),
        *_checklist(report),
        *_method(report),
        *_claims(report),
        *_provenance(report),
    ]
    return ("\n".join(lines).rstrip() + "\n").encode("utf-8")


def _brief(report: PhaseReport) -> list[str]:
    step = find_next_step(report)
    lines = [f"**{escape_text(report.headline)}**", ""]
    lines += [
        f"- {STATE_MARKS[f.verdict]} {escape_text(f.title)}: {escape_text(f.words)}" for f in figure_lines(report)
    ]
    lines += [f"- {rest_words(report)}"] if rest_words(report) else []
    lines += ["", f"**Missing:** {escape_text(missing_words(report))}", ""]
    command = f" {write_code(step.command)}" if step.command else ""
    lines += [f"**Next step:** {escape_text(step.words)}{command}", ""]
    return [*lines, *(f"- {name}: {escape_text(words)}" for name, words in report_facts(report)), ""]


def _goals(report: PhaseReport) -> list[str]:
    rows = [
        (
            f"{VERDICT_MARKS[goal.verdict]} {VERDICT_WORDS[goal.verdict]}",
            f"{escape_text(goal.title)} ({write_code(goal.kpi)})",
            goal.goal,
            f"**{goal.value}**",
            goal.interval,
            goal.cases,
            escape_text(goal.remark),
        )
        for goal in goal_rows(report)
    ]
    head = ("Verdict", "KPI", "Goal", "Measured", "95 % interval", "Cases scored", "Remark")
    return ["## Goals", "", *write_table(head, rows, "llrrrrl"), ""]


def _missing(report: PhaseReport) -> list[str]:
    if not report.missing:
        return []
    rows = [
        (write_code(command) if command else BY_A_PERSON, escape_text(titles))
        for command, titles in missing_rows(report)
    ]
    return [
        "## Evidence still missing", "", *write_table(("What gives it", "Goals without data"), rows, "ll"), ""
    ]  # fmt: skip


def _changes(report: PhaseReport) -> list[str]:
    lines: list[str] = []
    for changes in report.changes:
        lines += [escape_text(changes_words(changes)), ""]
        rows = _escaped(change_rows(changes))
        lines += [*write_table(CHANGE_HEAD, rows, "lrrll"), ""] if rows else []
        lines += [same_words(changes), ""] if same_words(changes) and rows else []
        edits = _escaped(edit_rows(changes))
        lines += fold("Edits and decisions since then", write_table(EDIT_HEAD, edits, "lllll")) if edits else []
    return ["## What changed", "", *lines] if lines else []


def _decisions(report: PhaseReport) -> list[str]:
    lines = ["## Sign-offs", "", escape_text(sign_off_words(report)), ""]
    signed = _escaped(sign_off_rows(report))
    lines += [*write_table(SIGN_OFF_HEAD, signed, "lllll"), ""] if signed else []
    waivers = _escaped(waiver_rows(report))
    return [*lines, "## Waivers", "", *write_table(WAIVER_HEAD, waivers, "lllll"), ""] if waivers else lines


def _run(run: RunReport) -> list[str]:
    lines = [f"## Run {escape_text(run.suite)} ({write_code(run.run_id)})", ""]
    lines += [f"- {name}: {escape_text(words)}" for name, words in run_facts(run)]
    return [*lines, "", *write_measures(run), *write_failing(run)]


def _checklist(report: PhaseReport) -> list[str]:
    if not report.checklist:
        return []
    items = []
    for item in report.checklist:
        link = f" <{check_link(item)}>" if check_link(item) else ""
        box = "x" if is_ticked(item) else " "
        items.append(f"- [{box}] {escape_text(item.text)} ({escape_text(check_words(item))}){link}")
    return ["## Checklist", "", checklist_words(report), "", *items, ""]


def _method(report: PhaseReport) -> list[str]:
    return [
        "## Method and its limits",
        "",
        *(f"- **{name}.** {escape_text(words)}" for name, words in method_rows(report)),
        "",
    ]


def _claims(report: PhaseReport) -> list[str]:
    if not report.claims:
        return []
    note = f"These figures stand in {escape_text(report.roadmap.document)}. None of them counts towards the verdict."
    table = write_table(("Topic", "Figure", "The document's words", "Where"), _escaped(claim_rows(report)), "lrll")
    return ["## Stated by the document, not measured here", "", note, "", *fold("The document's figures", table)]


def _provenance(report: PhaseReport) -> list[str]:
    rows = [
        (write_code(goal.kpi), escape_text(goal.source), escape_text(goal.runs or "none")) for goal in goal_rows(report)
    ]
    lines = [*write_table(("KPI", "Set by", "Runs read"), rows, "lll"), ""]
    for run in report.runs:
        lines += [
            f"### Run {write_code(run.run_id)}", "", f"- suite: {escape_text(run.suite)}, content hash `{run.suite_hash}`"
        ]  # fmt: skip
        lines += [f"- {name}: {escape_text(words)}" for name, words in plain_facts(run.provenance)]
        settings = ", ".join(f"{name} {words}" for name, words in plain_facts(run.settings))
        lines += [f"- settings: {escape_text(settings)}", ""]
    return ["## Provenance", "", *fold("Sources of the goals, and what made the runs", lines)]


def _escaped(rows: Iterable[Iterable[str]]) -> list[tuple[str, ...]]:
    return [tuple(escape_text(cell) for cell in row) for row in rows]
