"""The report of one run as a PDF."""

from __future__ import annotations

from collections.abc import Iterable

from reportlab.platypus import Flowable, Spacer

from engine.reports.method import run_method_rows
from engine.reports.pdf_writer import Writer, build_document, lay_out_table
from engine.reports.run_charts import draw_run_charts
from engine.reports.run_model import RunReport
from engine.reports.run_words import (
    rule_rows,
    run_headline,
    run_lines,
    run_notes,
    run_setup,
    run_verdict,
    verdict_words,
)
from engine.reports.wording import time_words


def render_run_pdf(run: RunReport) -> bytes:
    """The PDF's bytes, A4, pages numbered ``n of m``."""
    footer = f"Run {run.run_id}. Generated {time_words(run.generated_at)}"
    return build_document(_Sections(draw_run_charts([run])).story(run), run.title, run_headline(run), footer)


class _Sections(Writer):
    """Makes the flowables of each section."""

    def story(self, run: RunReport) -> Iterable[Flowable]:
        """All sections in order."""
        yield self.text("RUN REPORT", "eyebrow")
        yield self.text(run.title, "title")
        yield Spacer(0, 2)
        yield self.text(run.run_id, "phase")
        yield Spacer(0, 6)
        yield self.banner(run_verdict(run), verdict_words(run), run_headline(run))
        yield Spacer(0, 8)
        yield self.facts(run_lines(run), 120)
        yield from (self.text(note, "quiet") for note in run_notes(run))
        yield Spacer(0, 8)
        yield self.facts(run_setup(run), 120)
        if run.pass_rules:
            yield from self.heading("Pass rules of the suite")
            yield self._rules(run)
        yield from self.heading("Cases", 160)
        yield from self.chart_pair(("tags-0", "latency-0"))
        yield from self.failing(run)
        if not run.failing:
            yield self.text("No case failed.")
        yield from self.measures(run)
        yield from self.method(run_method_rows(run))
        yield from self.heading("Settings and provenance")
        yield self.made_by(run)

    def _rules(self, run: RunReport) -> Flowable:
        rows = [[self.text(name, "head") for name in ("Verdict", "Rule", "Wanted", "Found")]]
        rows += [
            [self.verdict(verdict), *(self.text(words, "cell") for words in rest)] for verdict, *rest in rule_rows(run)
        ]
        return lay_out_table(rows, [64, 150, 100, None])
