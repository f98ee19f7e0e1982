"""The phase report as a PDF, by reportlab; charts are matplotlib's. No browser."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.platypus import Flowable, KeepTogether, Spacer

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
from engine.reports.method import method_rows
from engine.reports.pdf_style import TEXT_WIDTH
from engine.reports.pdf_writer import Charts, Writer, build_document, lay_out_table
from engine.reports.phase_words import figure_lines, find_next_step, missing_words, rest_words
from engine.reports.report import PhaseReport
from engine.reports.run_model import RunReport
from engine.reports.tables import GoalRow, claim_rows, goal_rows, missing_rows, report_facts, run_facts
from engine.reports.wording import BY_A_PERSON, VERDICT_WORDS, time_words

GOAL_NOTE = "Line: the goal. Shaded: the side that meets it. Point and bar: the measured value and its 95 % interval."
TREND_NOTE = "One point per run, oldest first. Band: 95 % interval. Dashed: the goal of this phase."


def render_pdf(report: PhaseReport, charts: Charts) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    footer = f"{report.roadmap.name}, phase {report.phase.number}. Generated {time_words(report.generated_at)}"
    return build_document(_Sections(charts).story(report), report.title, report.headline, footer)


class _Sections(Writer):
    """Makes the flowables of each section."""

    def story(self, report: PhaseReport) -> Iterable[Flowable]:
        """All sections in order."""
        goals = goal_rows(report)
        yield from self._cover(report)
        yield from self._goals(goals)
        yield from self._missing(report)
        yield from self._changes(report)
        yield from self._trends()
        yield from self._decisions(report)
        yield from self._runs(report)
        yield from self._checklist(report)
        yield from self.method(method_rows(report))
        yield from self._claims(report)
        yield from self._provenance(report, goals)

    def _cover(self, report: PhaseReport) -> Iterable[Flowable]:
        yield self.text("PHASE REPORT", "eyebrow")
        yield self.text(report.roadmap.title, "title")
        yield Spacer(0, 2)
        yield self.text(report.phase_name, "phase")
        if report.phase.goal_text:
            yield self.text(report.phase.goal_text)
        yield Spacer(0, 7)
        yield self.banner(report.gate.verdict, VERDICT_WORDS[report.gate.verdict], report.headline)
        yield Spacer(0, 8)
        figures = [(line.verdict, line.title, line.words) for line in figure_lines(report)]
        if figures:
            yield self.figures(figures)
        if rest_words(report):
            yield self.text(rest_words(report), "quiet")
        step = find_next_step(report)
        yield Spacer(0, 4)
        yield self.labelled("Missing", missing_words(report))
        yield self.labelled("Next step", step.words, step.command)
        yield Spacer(0, 8)
        yield self.facts(report_facts(report))

    def _goals(self, goals: list[GoalRow]) -> Iterable[Flowable]:
        title = self.text("Goals", "h2")
        if not goals:
            yield title
            yield self.text("This phase sets no goals that can be measured.", "quiet")
            return
        head = ["Verdict", "KPI", "Goal", "Measured", "95 % interval", "Cases scored", "Remark"]
        rows = [[self.text(name, "head-right" if 2 <= i <= 5 else "head") for i, name in enumerate(head)]]
        for goal in goals:
            rows.append(
                [
                    self.verdict(goal.verdict, "waived" if goal.waived else ""),
                    [self.text(goal.title, "cell"), self.text(goal.kpi, "small")],
                    self.text(goal.goal, "cell-right"),
                    self.text(goal.value, "value"),
                    self.text(goal.interval, "cell-right"),
                    self.text(goal.cases, "cell-right"),
                    self.text(goal.remark, "small"),
                ]
            )
        for i, part in enumerate(self.chart("goals", GOAL_NOTE)):
            yield KeepTogether(part if i else [title, *part])
        yield Spacer(0, 8)
        yield lay_out_table(rows, [58, 116, 56, 52, 74, 54, None])

    def _missing(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.missing:
            return
        yield from self.heading("Evidence still missing")
        rows = [[self.text("What gives it", "head"), self.text("Goals without data", "head")]]
        for command, titles in missing_rows(report):
            gives = self.text(command, "mono") if command else self.text(BY_A_PERSON, "cell")
            rows.append([gives, self.text(titles, "cell")])
        yield lay_out_table(rows, [TEXT_WIDTH * 0.5, None])

    def _changes(self, report: PhaseReport) -> Iterable[Flowable]:
        if report.changes:
            yield from self.heading("What changed")
        for changes in report.changes:
            yield self.text(changes_words(changes))
            yield Spacer(0, 3)
            rows = change_rows(changes)
            if rows:
                yield self.table(CHANGE_HEAD, rows, "lrrll", [150, 60, 60, 90, None])
                if same_words(changes):
                    yield self.text(same_words(changes), "note")
            if changes.edits:
                yield from self.heading("Edits and decisions since then", 70, "finding")
                yield self.table(EDIT_HEAD, edit_rows(changes), "lllll", [62, 62, 130, 110, None])
            yield Spacer(0, 8)

    def _trends(self) -> Iterable[Flowable]:
        for i, part in enumerate(self.chart("trends", TREND_NOTE)):
            yield KeepTogether(part if i else [self.text("Over time", "h2"), *part])

    def _decisions(self, report: PhaseReport) -> Iterable[Flowable]:
        yield from self.heading("Sign-offs and waivers" if report.waivers else "Sign-offs", 60)
        yield self.text(sign_off_words(report))
        if report.sign_offs:
            yield Spacer(0, 4)
            yield self.table(SIGN_OFF_HEAD, sign_off_rows(report), "lllll", [96, 74, 92, None, 90])
        if report.waivers:
            yield from self.heading("Waivers", 70, "finding")
            yield self.table(WAIVER_HEAD, waiver_rows(report), "lllll", [130, 90, 60, 76, None])

    def _runs(self, report: PhaseReport) -> Iterable[Flowable]:
        count = len(report.runs)
        heading = self.text(f"Evidence: {count} {'run' if count == 1 else 'runs'}", "h2")
        if not report.runs:
            yield heading
            yield self.text("No run has been made yet. The commands under “Evidence still missing” make them.", "quiet")
        for i, run in enumerate(report.runs):
            yield from self._run(run, i, [] if i else [heading])

    def _run(self, run: RunReport, i: int, head: list[Flowable]) -> Iterable[Flowable]:
        about = f"Target {run.target}" + (f", preset {run.preset}" if run.preset else "") + f", {run.status}."
        head += [
            self.text(f"{run.suite}, run {run.run_id}", "h3"),
            self.text(about, "quiet"),
            self.facts(run_facts(run)),
        ]
        yield KeepTogether([*head, *self.chart_pair((f"latency-{i}", f"tags-{i}"))])
        yield from self.measures(run)
        yield from self.failing(run)

    def _checklist(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.checklist:
            return
        yield from self.heading("Checklist")
        yield self.text(checklist_words(report), "quiet")
        yield Spacer(0, 4)
        for item in report.checklist:
            link = f" {check_link(item)}" if check_link(item) else ""
            yield self.text(f"{'☑' if is_ticked(item) else '☐'} {item.text} ({check_words(item)}){link}", "item")

    def _claims(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.claims:
            return
        yield from self.heading("Stated by the document, not measured here", 140)
        yield self.text(
            f"These figures stand in {report.roadmap.document}. None of them counts towards the verdict.", "quiet"
        )
        yield Spacer(0, 4)
        head = ("Topic", "Figure", "The document's words", "Where")
        yield self.table(head, claim_rows(report), "lrll", [118, 58, None, 130])

    def _provenance(self, report: PhaseReport, goals: list[GoalRow]) -> Iterable[Flowable]:
        yield from self.heading("Provenance")
        rows = [(goal.kpi, goal.source, goal.runs or "none") for goal in goals]
        if rows:
            yield self.table(("KPI", "Set by", "Runs read"), rows, "lll", [116, None, 152])
        for run in report.runs:
            yield from self.heading(f"Run {run.run_id}", 60, "h3")
            yield self.made_by(run)
