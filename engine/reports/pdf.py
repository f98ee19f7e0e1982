"""The report as a PDF, by reportlab; charts are matplotlib's. No browser."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reportlab.lib.colors import Color
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from engine.reports.pdf_style import (
    MARGIN,
    PAGE_HEIGHT,
    TEXT_WIDTH,
    VERDICT_INK,
    VERDICT_SOFT,
    NumberedCanvas,
    VerdictShape,
    markup,
    paragraph_styles,
    table_style,
)
from engine.reports.report import PhaseReport, RunReport
from engine.reports.tables import (
    GoalRow,
    checklist_words,
    claim_rows,
    goal_rows,
    measure_rows,
    missing_rows,
    plain_facts,
    report_facts,
    run_facts,
)
from engine.reports.wording import BY_A_PERSON, VERDICT_WORDS, time_words

if TYPE_CHECKING:
    from engine.reports.figures import Chart

PADDING = 6  # that reportlab adds inside the margins
Charts = dict[str, list["Chart"]]
GOAL_NOTE = "Line: the goal. Shaded: the side that meets it. Point and bar: the measured value and its 95 % interval."
TREND_NOTE = "One point per run, oldest first. Band: 95 % interval. Dashed: the goal of this phase."


def render_pdf(report: PhaseReport, charts: Charts) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    styles = paragraph_styles()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=(TEXT_WIDTH + 2 * MARGIN, PAGE_HEIGHT),
        leftMargin=MARGIN - PADDING, rightMargin=MARGIN - PADDING, topMargin=MARGIN, bottomMargin=18 * 72 / 25.4,
        title=report.title, author="Phasegate", subject=report.headline, lang="en",
    )  # fmt: skip
    footer = f"{report.roadmap.name}, phase {report.phase.number}. Generated {time_words(report.generated_at)}"
    canvas = type("ReportCanvas", (NumberedCanvas,), {"footer": footer})
    write = _Writer(styles, charts)
    document.build(list(write.story(report)), canvasmaker=canvas)
    return buffer.getvalue()


class _Writer:
    """Makes the flowables of each section."""

    def __init__(self, styles: dict[str, ParagraphStyle], charts: Charts) -> None:
        self._styles, self._charts = styles, charts

    def story(self, report: PhaseReport) -> Iterable[Flowable]:
        """All sections in order."""
        goals = goal_rows(report)
        yield from self._cover(report)
        yield from self._goals(goals)
        yield from self._missing(report)
        yield from self._trends()
        yield from self._runs(report)
        yield from self._checklist(report)
        yield from self._claims(report)
        yield from self._provenance(report, goals)

    def _p(self, text: str, style: str = "body") -> Paragraph:
        look = self._styles[style]
        return Paragraph(markup(text, look.fontName), look)

    def _heading(self, text: str, need: float = 100, style: str = "h2") -> Iterable[Flowable]:
        """A heading that moves to the next page when less than ``need`` points are left under it."""
        yield CondPageBreak(need)
        yield self._p(text, style)

    def _cover(self, report: PhaseReport) -> Iterable[Flowable]:
        yield self._p("PHASE REPORT", "eyebrow")
        yield self._p(report.roadmap.title, "title")
        yield Spacer(0, 2)
        yield self._p(report.phase_name, "phase")
        if report.phase.goal_text:
            yield self._p(report.phase.goal_text)
        yield Spacer(0, 6)
        yield self._facts(report_facts(report))
        yield Spacer(0, 9)
        yield self._banner(report)

    def _banner(self, report: PhaseReport) -> Table:
        verdict = report.gate.verdict
        word = Paragraph(
            f'<font name="Sans-Bold" size="15" color="{_hex(VERDICT_INK[verdict])}">{VERDICT_WORDS[verdict]}</font>',
            self._styles["title"],
        )
        banner = Table([[VerdictShape(verdict, 30), [word, self._p(report.headline)]]], colWidths=[52, TEXT_WIDTH - 52])
        banner.setStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), VERDICT_SOFT[verdict]),
                ("LINEBEFORE", (0, 0), (0, -1), 5, VERDICT_INK[verdict], "butt"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (0, 0), 14),
                ("LEFTPADDING", (1, 0), (1, 0), 6),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
        return banner

    def _facts(self, facts: Sequence[tuple[str, str]]) -> Table:
        rows = [[self._p(name, "label"), self._p(words, "fact")] for name, words in facts]
        table = Table(rows, colWidths=[100, TEXT_WIDTH - 100], hAlign="LEFT", splitInRow=1)
        table.setStyle(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
        return table

    def _goals(self, goals: list[GoalRow]) -> Iterable[Flowable]:
        yield from self._heading("Goals")
        if not goals:
            yield self._p("This phase sets no goals that can be measured.", "quiet")
            return
        head = ["Verdict", "KPI", "Goal", "Measured", "95 % interval", "Cases scored", "Remark"]
        rows = [[self._p(name, "head-right" if 2 <= i <= 5 else "head") for i, name in enumerate(head)]]
        for goal in goals:
            rows.append(
                [
                    self._verdict(goal.verdict),
                    [self._p(goal.title, "cell"), self._p(goal.kpi, "small")],
                    self._p(goal.goal, "cell-right"),
                    self._p(goal.value, "value"),
                    self._p(goal.interval, "cell-right"),
                    self._p(goal.cases, "cell-right"),
                    self._p(goal.remark, "small"),
                ]
            )
        yield from (KeepTogether(part) for part in self._chart("goals", GOAL_NOTE))
        yield Spacer(0, 8)
        yield _table(rows, [58, 98, 62, 52, 70, 56, None])

    def _verdict(self, verdict: str) -> Table:
        word = Paragraph(
            f'<font name="Sans-Bold" color="{_hex(VERDICT_INK[verdict])}">{VERDICT_WORDS[verdict]}</font>',
            self._styles["cell"],
        )
        cell = Table([[VerdictShape(verdict, 9), word]], colWidths=[13, 45])
        cell.setStyle(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
        return cell

    def _missing(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.missing:
            return
        yield from self._heading("Evidence still missing")
        rows = [[self._p("What gives it", "head"), self._p("Goals without data", "head")]]
        for command, titles in missing_rows(report):
            gives = self._p(command, "mono") if command else self._p(BY_A_PERSON, "cell")
            rows.append([gives, self._p(titles, "cell")])
        yield _table(rows, [TEXT_WIDTH * 0.5, None])

    def _chart(self, name: str, note: str = "", width: float = TEXT_WIDTH) -> list[list[Flowable]]:
        """For each part of a chart what must stay together: finding, note, picture."""
        return [self._chart_part(chart, note, width) for chart in self._charts.get(name, [])]

    def _chart_part(self, chart: Chart, note: str, width: float) -> list[Flowable]:
        lines: list[Flowable] = [self._p(chart.title, "finding")] if chart.title else []
        if note and chart.title:
            lines.append(self._p(note, "note"))
        return [*lines, Spacer(0, 4), Image(io.BytesIO(chart.png), width=width, height=width * chart.aspect)]

    def _trends(self) -> Iterable[Flowable]:
        for i, part in enumerate(self._chart("trends", TREND_NOTE)):
            yield KeepTogether(part if i else [self._p("Over time", "h2"), *part])

    def _runs(self, report: PhaseReport) -> Iterable[Flowable]:
        count = len(report.runs)
        heading = self._p(f"Evidence: {count} {'run' if count == 1 else 'runs'}", "h2")
        if not report.runs:
            yield heading
            yield self._p("No run has been made yet. The commands under “Evidence still missing” make them.", "quiet")
        for i, run in enumerate(report.runs):
            yield from self._run(run, i, [] if i else [heading])

    def _run(self, run: RunReport, i: int, head: list[Flowable]) -> Iterable[Flowable]:
        about = f"Target {run.target}" + (f", preset {run.preset}" if run.preset else "") + f", {run.status}."
        head += [self._p(f"{run.suite}, run {run.run_id}", "h3"), self._p(about, "quiet"), self._facts(run_facts(run))]
        width = TEXT_WIDTH / 2 - 7
        names = (f"latency-{i}", f"tags-{i}")
        pair = [[flowable for part in self._chart(name, "", width) for flowable in part] for name in names]
        if any(pair):
            charts = Table([pair], colWidths=[TEXT_WIDTH / 2, TEXT_WIDTH / 2])
            charts.setStyle(
                [
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ]
            )
            head.append(charts)
        yield KeepTogether(head)
        if run.measures:
            yield from self._heading("Measures", 70, "finding")
            yield Spacer(0, 3)
            yield self._text_table(
                ("Measure", "Mean", "95 % interval", "Scored"), measure_rows(run), "lrrr", [None, 70, 110, 80]
            )
        if run.failing:
            yield from self._heading(f"Failing cases: {len(run.failing)} of {run.failing_total} shown", 80, "finding")
            yield Spacer(0, 3)
            rows = [(case.case_id, case.question, case.answer or "—", case.why) for case in run.failing]
            yield self._text_table(("Case", "Question", "Answer", "Why"), rows, "llll", [52, 150, None, 92])

    def _checklist(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.checklist:
            return
        yield from self._heading("Checklist")
        yield self._p(checklist_words(report), "quiet")
        yield Spacer(0, 4)
        for item in report.checklist:
            yield self._p(f"{'☑' if item.done_in_document else '☐'} {item.text}", "item")

    def _claims(self, report: PhaseReport) -> Iterable[Flowable]:
        if not report.claims:
            return
        yield from self._heading("Stated by the document, not measured here", 140)
        yield self._p(
            f"These figures stand in {report.roadmap.document}. None of them counts towards the verdict.", "quiet"
        )
        yield Spacer(0, 4)
        yield self._text_table(
            ("Topic", "Figure", "The document's words", "Where"), claim_rows(report), "lrll", [118, 58, None, 130]
        )

    def _provenance(self, report: PhaseReport, goals: list[GoalRow]) -> Iterable[Flowable]:
        yield from self._heading("Provenance")
        rows = [(goal.kpi, goal.source, goal.runs or "none") for goal in goals]
        if rows:
            yield self._text_table(("KPI", "Set by", "Runs read"), rows, "lll", [110, None, 130])
        for run in report.runs:
            yield from self._heading(f"Run {run.run_id}", 60, "h3")
            settings = ", ".join(f"{name} {words}" for name, words in plain_facts(run.settings))
            facts = [("suite", f"{run.suite}, content hash {run.suite_hash}"), *plain_facts(run.provenance)]
            yield self._facts([*facts, ("settings", settings)])

    def _text_table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], align: str, widths: Sequence[float | None]
    ) -> Table:
        looks = ["cell-right" if side == "r" else "cell" for side in align]
        heads = ["head-right" if side == "r" else "head" for side in align]
        cells = [[self._p(text, look) for text, look in zip(head, heads, strict=True)]]
        cells += [[self._p(text, look) for text, look in zip(row, looks, strict=True)] for row in rows]
        return _table(cells, widths)


def _table(rows: list[list[Any]], widths: Sequence[float | None]) -> Table:
    """A table as wide as the text whose head repeats on each page; the column without a width takes the rest."""
    rest = TEXT_WIDTH - sum(width or 0 for width in widths)
    table = Table(
        rows,
        colWidths=[rest if width is None else width for width in widths],
        repeatRows=1,
        hAlign="LEFT",
        splitInRow=1,
    )
    table.setStyle(table_style(("VALIGN", (0, 0), (-1, 0), "BOTTOM")))
    return table


def _hex(colour: Color) -> str:
    return f"#{colour.hexval()[2:]}"
