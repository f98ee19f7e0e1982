"""A comparison as a PDF, by reportlab; the forest is matplotlib's."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from engine.evaluation.comparing.types import PairComparison
from engine.evaluation.comparing.wording import OUTCOME_WORDS
from engine.reports.comparison_charts import draw_forest
from engine.reports.comparison_rows import (
    ComparisonReport,
    flip_rows,
    measure_head,
    measure_row,
    method_words,
    one_sided_words,
    run_words,
    setup_rows,
)
from engine.reports.pdf_style import (
    MARGIN,
    PAGE_HEIGHT,
    TEXT_WIDTH,
    NumberedCanvas,
    markup,
    paragraph_styles,
    table_style,
)

_KEPT = (0, 1, 2, 3, 4, 5, 6, 9)  # the columns that fit on paper; pairs and noise stand in the text


def render_pdf(report: ComparisonReport) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    buffer = io.BytesIO()
    baseline = report.comparison.runs[0].run_id
    document = SimpleDocTemplate(
        buffer,
        pagesize=(TEXT_WIDTH + 2 * MARGIN, PAGE_HEIGHT),
        leftMargin=MARGIN - 6, rightMargin=MARGIN - 6, topMargin=MARGIN, bottomMargin=18 * 72 / 25.4,
        title=f"Comparison with {baseline}", author="Phasegate", lang="en",
    )  # fmt: skip
    canvas = type("ComparisonCanvas", (NumberedCanvas,), {"footer": f"Comparison with {baseline}"})
    document.build(list(_Writer().story(report)), canvasmaker=canvas)
    return buffer.getvalue()


class _Writer:
    """Makes the flowables of each section."""

    def __init__(self) -> None:
        self._styles = paragraph_styles()

    def story(self, report: ComparisonReport) -> Iterable[Flowable]:
        """All pairs in order."""
        found = report.comparison
        yield self._p("COMPARISON", "eyebrow")
        yield self._p(f"{len(found.runs)} runs of {found.runs[0].suite}", "title")
        for run in found.runs:
            yield self._p(f"{run.label}: {run.run_id}. {run_words(run)}.")
        for number, pair in enumerate(found.pairs):
            yield from self._pair(report, number, pair)

    def _pair(self, report: ComparisonReport, number: int, pair: PairComparison) -> Iterable[Flowable]:
        yield self._p(f"{pair.b.label} against {pair.a.label}: {OUTCOME_WORDS[pair.outcome]}", "h2")
        yield self._p(pair.sentence)
        yield from (self._p(words, "quiet") for words in pair.warnings)
        for chart in draw_forest(pair, f"forest-{number}"):
            picture = Image(io.BytesIO(chart.png), width=TEXT_WIDTH, height=TEXT_WIDTH * chart.aspect)
            yield KeepTogether([self._p(chart.title, "finding"), Spacer(0, 4), picture])
        yield Spacer(0, 8)
        rows = [[row[i] for i in _KEPT] for row in map(measure_row, pair.measures)]
        head = measure_head(pair)
        yield self._table([head[i] for i in _KEPT], rows, [118, 42, 42, 54, 66, 42, 62, None])
        yield self._p(method_words(pair), "quiet")
        changes = setup_rows(pair)
        if changes:
            yield self._p("What differs between the runs", "h3")
            yield self._table(("Name", pair.a.label, pair.b.label), changes, [130, None, None])
        for kind, title in (("worse", "From pass to fail"), ("better", "From fail to pass")):
            flipped = flip_rows(report, number, kind)
            if flipped:
                yield self._p(f"{title}: {pair.flips[kind]:,} cases, {len(flipped)} shown", "h3")
                heads = ("Case", "Question", f"Answer {pair.a.label}", f"Answer {pair.b.label}")
                yield self._table(heads, flipped, [70, None, None, None])
        yield from (self._p(words) for words in one_sided_words(pair))

    def _p(self, text: str, style: str = "body") -> Paragraph:
        look = self._styles[style]
        return Paragraph(markup(text, look.fontName), look)

    def _table(self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float | None]) -> Table:
        rest = (TEXT_WIDTH - sum(w for w in widths if w)) / max(1, sum(w is None for w in widths))
        cells = [[self._p(cell, "head") for cell in head], *([self._p(cell, "cell") for cell in row] for row in rows)]
        return Table(cells, colWidths=[w or rest for w in widths], repeatRows=1, style=table_style(), splitInRow=1)
