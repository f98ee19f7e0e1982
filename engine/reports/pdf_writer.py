"""The flowables that the PDF reports share: text, facts, tables, charts, verdicts, a run's measures and failing cases."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reportlab.lib.colors import Color
from reportlab.platypus import CondPageBreak, Flowable, Image, Paragraph, SimpleDocTemplate, Table

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
from engine.reports.run_model import RunReport
from engine.reports.run_words import failing_title, reason_words
from engine.reports.tables import MEASURE_HEAD, measure_rows, plain_facts
from engine.reports.wording import VERDICT_WORDS

if TYPE_CHECKING:
    from engine.reports.figures import Chart

PADDING = 6  # that reportlab adds inside the margins
LONGEST_WHOLE = 600  # characters: a row with a longer cell may not fit a page and is cut where the page ends
Charts = dict[str, list["Chart"]]
Widths = Sequence[float | None]


def build_document(story: Iterable[Flowable], title: str, subject: str, footer: str) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=(TEXT_WIDTH + 2 * MARGIN, PAGE_HEIGHT),
        leftMargin=MARGIN - PADDING, rightMargin=MARGIN - PADDING, topMargin=MARGIN, bottomMargin=18 * 72 / 25.4,
        title=title, author="Phasegate", subject=subject, lang="en",
    )  # fmt: skip
    canvas = type("ReportCanvas", (NumberedCanvas,), {"footer": footer})
    document.build(list(story), canvasmaker=canvas)
    return buffer.getvalue()


class Writer:
    """Makes flowables of words, rows and charts."""

    def __init__(self, charts: Charts | None = None) -> None:
        self._styles, self._charts = paragraph_styles(), charts or {}

    def text(self, text: str, style: str = "body") -> Paragraph:
        """A paragraph; nothing in the text is mark-up."""
        look = self._styles[style]
        return Paragraph(markup(text, look.fontName), look)

    def labelled(self, label: str, text: str, mono: str = "") -> Paragraph:
        """``label`` in bold, then the text, then ``mono`` in the font of commands."""
        look = self._styles["body"]
        code = f' <font name="Mono" size="7.6">{markup(mono, "Mono")}</font>' if mono else ""
        bold = f'<font name="Sans-Bold">{markup(label, "Sans-Bold")}</font>'
        return Paragraph(f"{bold} {markup(text, look.fontName)}{code}", look)

    def heading(self, text: str, need: float = 100, style: str = "h2") -> Iterable[Flowable]:
        """A heading that moves to the next page when less than ``need`` points are left under it."""
        yield CondPageBreak(need)
        yield self.text(text, style)

    def banner(self, verdict: str, word: str, headline: str) -> Table:
        """The verdict in colour, shape and word, with its sentence."""
        title = Paragraph(
            f'<font name="Sans-Bold" size="15" color="{_hex(VERDICT_INK[verdict])}">{word}</font>',
            self._styles["title"],
        )
        banner = Table([[VerdictShape(verdict, 30), [title, self.text(headline)]]], colWidths=[52, TEXT_WIDTH - 52])
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

    def facts(self, facts: Iterable[tuple[str, str]], label: float = 100) -> Table:
        """Names and words in two columns without lines."""
        rows = [[self.text(name, "label"), self.text(words, "fact")] for name, words in facts]
        table = Table(rows, colWidths=[label, TEXT_WIDTH - label], hAlign="LEFT", splitInRow=1)
        table.setStyle(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
        return table

    def figures(self, rows: Iterable[tuple[str, str, str]]) -> Table:
        """Verdict, title and words of a few figures, a hairline under each."""
        cells = [
            [
                VerdictShape("no_data" if verdict == "waived" else verdict, 8),
                self.text(title, "figure"),
                self.text(words),
            ]
            for verdict, title, words in rows
        ]
        table = Table(cells, colWidths=[16, 176, TEXT_WIDTH - 192], hAlign="LEFT")
        table.setStyle(table_style(("VALIGN", (0, 0), (-1, -1), "MIDDLE")))
        return table

    def verdict(self, verdict: str, note: str = "") -> Table:
        """Shape and word in a table's cell, ``note`` in small under it."""
        word = Paragraph(
            f'<font name="Sans-Bold" color="{_hex(VERDICT_INK[verdict])}">{VERDICT_WORDS[verdict]}</font>',
            self._styles["cell"],
        )
        rows: list[list[Any]] = [[VerdictShape(verdict, 9), word]]
        rows += [["", self.text(note, "small")]] if note else []
        cell = Table(rows, colWidths=[13, 45])
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

    def chart(self, name: str, note: str = "", width: float = TEXT_WIDTH) -> list[list[Flowable]]:
        """For each part of a chart what must stay together: finding, note, picture."""
        return [self._chart_part(chart, note, width) for chart in self._charts.get(name, [])]

    def _chart_part(self, chart: Chart, note: str, width: float) -> list[Flowable]:
        lines: list[Flowable] = [self.text(chart.title, "finding")] if chart.title else []
        if note and chart.title:
            lines.append(self.text(note, "note"))
        picture = Image(io.BytesIO(chart.png), width=width, height=width * chart.aspect)
        return [*lines, self.text("", "gap"), picture]

    def chart_pair(self, names: Sequence[str]) -> list[Table]:
        """Two charts side by side; nothing without any."""
        width = TEXT_WIDTH / 2 - 7
        pair = [[flowable for part in self.chart(name, "", width) for flowable in part] for name in names]
        if not any(pair):
            return []
        charts = Table([pair], colWidths=[TEXT_WIDTH / 2, TEXT_WIDTH / 2])
        charts.setStyle(
            [
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
        return [charts]

    def measures(self, run: RunReport) -> Iterable[Flowable]:
        """The table of a run's measures, with its heading."""
        if run.measures:
            yield from self.heading("Measures", 70, "finding")
            yield self.text("", "gap")
            yield self.table(MEASURE_HEAD, measure_rows(run), "lrrrrrl", [152, 42, 80, 64, 38, 48, None])

    def failing(self, run: RunReport) -> Iterable[Flowable]:
        """Failing cases of a run, with their heading and the counts of what they failed."""
        if not run.failing:
            return
        yield from self.heading(failing_title(run), 150, "finding")
        if run.failing_reasons:
            yield self.text(f"Why, over all of them: {reason_words(run)}.", "note")
        yield self.text("", "gap")
        rows = [(c.case_id, c.question, c.answer or "—", c.expected or "—", c.why) for c in run.failing]
        heads = ("Case", "Question", "Answer", "Expected", "Why")
        yield self.table(heads, rows, "lllll", [48, 120, None, 96, 76])

    def method(self, rows: Iterable[tuple[str, str]]) -> Iterable[Flowable]:
        """How the figures were made, with its heading."""
        yield from self.heading("Method and its limits")
        yield self.facts(rows)

    def made_by(self, run: RunReport) -> Table:
        """Suite, provenance, options and settings of a run."""
        facts = [("suite", f"{run.suite}, content hash {run.suite_hash}"), *plain_facts(run.provenance)]
        for name, values in (("options", run.options), ("settings", run.settings)):
            words = ", ".join(f"{key} {value}" for key, value in plain_facts(values))
            facts += [(name, words)] if words else []
        return self.facts(facts)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], align: str, widths: Widths) -> Table:
        """A table of text; ``align`` has ``l`` or ``r`` for each column."""
        looks = ["cell-right" if side == "r" else "cell" for side in align]
        heads = ["head-right" if side == "r" else "head" for side in align]
        cells = [[self.text(text, look) for text, look in zip(head, heads, strict=True)]]
        cells += [[self.text(text, look) for text, look in zip(row, looks, strict=True)] for row in rows]
        return lay_out_table(cells, widths)


def lay_out_table(rows: list[list[Any]], widths: Widths) -> Table:
    """A table as wide as the text whose head repeats on each page; columns without a width share the rest."""
    free = sum(width is None for width in widths)
    rest = (TEXT_WIDTH - sum(width or 0 for width in widths)) / (free or 1)
    table = Table(
        rows,
        colWidths=[rest if width is None else width for width in widths],
        repeatRows=1,
        hAlign="LEFT",
        splitInRow=int(any(_length(cell) > LONGEST_WHOLE for row in rows for cell in row)),
    )
    table.setStyle(table_style(("VALIGN", (0, 0), (-1, 0), "BOTTOM")))
    return table


def _length(cell: Any) -> int:
    return len(cell.getPlainText()) if isinstance(cell, Paragraph) else 0


def _hex(colour: Color) -> str:
    return f"#{colour.hexval()[2:]}"
