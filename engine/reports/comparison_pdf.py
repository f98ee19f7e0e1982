"""A comparison as a PDF, by reportlab; the forest is matplotlib's."""

from __future__ import annotations

import io
from collections.abc import Iterable

from reportlab.platypus import Flowable, Image, KeepTogether, Spacer

from engine.evaluation.comparing.types import PairComparison
from engine.evaluation.comparing.wording import OUTCOME_WORDS
from engine.reports.comparison_charts import draw_forest
from engine.reports.comparison_html import BANNERS
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
from engine.reports.pdf_style import TEXT_WIDTH
from engine.reports.pdf_writer import Writer, build_document

_KEPT = (0, 1, 2, 3, 4, 5, 6, 9)  # the columns that fit on paper; pairs and noise stand in the text


def render_pdf(report: ComparisonReport) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    baseline = report.comparison.runs[0].run_id
    title = f"Comparison with {baseline}"
    subject = " ".join(pair.sentence for pair in report.comparison.pairs)
    return build_document(_Sections().story(report), title, subject, title)


class _Sections(Writer):
    """Makes the flowables of each section."""

    def story(self, report: ComparisonReport) -> Iterable[Flowable]:
        """All pairs in order."""
        found = report.comparison
        yield self.text("COMPARISON", "eyebrow")
        yield self.text(f"{len(found.runs)} runs of {found.runs[0].suite}", "title")
        for run in found.runs:
            yield self.text(f"{run.label}: {run.run_id}. {run_words(run)}.")
        for number, pair in enumerate(found.pairs):
            yield from self._pair(report, number, pair)

    def _pair(self, report: ComparisonReport, number: int, pair: PairComparison) -> Iterable[Flowable]:
        title = f"{pair.b.label} against {pair.a.label}: {OUTCOME_WORDS[pair.outcome]}"
        yield Spacer(0, 8)
        yield self.banner(BANNERS[pair.outcome][0], title, pair.sentence)
        yield Spacer(0, 6)
        yield from (self.text(words, "quiet") for words in pair.warnings)
        for chart in draw_forest(pair, f"forest-{number}"):
            picture = Image(io.BytesIO(chart.png), width=TEXT_WIDTH, height=TEXT_WIDTH * chart.aspect)
            yield KeepTogether([self.text(chart.title, "finding"), Spacer(0, 4), picture])
        yield Spacer(0, 8)
        rows = [[row[i] for i in _KEPT] for row in map(measure_row, pair.measures)]
        head = measure_head(pair)
        yield self.table([head[i] for i in _KEPT], rows, "lrrrrrll", [112, 42, 42, 58, 84, 48, 58, None])
        yield self.text(method_words(pair), "quiet")
        changes = setup_rows(pair)
        if changes:
            yield self.text("What differs between the runs", "h3")
            yield self.table(("Name", pair.a.label, pair.b.label), changes, "lll", [130, None, None])
        for kind, title in (("worse", "From pass to fail"), ("better", "From fail to pass")):
            flipped = flip_rows(report, number, kind)
            if flipped:
                yield self.text(f"{title}: {pair.flips[kind]:,} cases, {len(flipped)} shown", "h3")
                heads = ("Case", "Question", f"Answer {pair.a.label}", f"Answer {pair.b.label}")
                yield self.table(heads, flipped, "llll", [70, None, None, None])
        yield from (self.text(words) for words in one_sided_words(pair))
