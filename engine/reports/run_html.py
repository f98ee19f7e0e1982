"""The report of one run as one HTML file: styles and charts inside, nothing fetched from anywhere."""

from __future__ import annotations

from engine.reports import run_words
from engine.reports.html import draw_figures, render_template
from engine.reports.method import run_method_rows
from engine.reports.run_charts import draw_run_charts
from engine.reports.run_model import RunReport
from engine.reports.wording import time_words


def render_run_html(run: RunReport) -> bytes:
    """The page, UTF-8. All text of the run is escaped; only our own style sheet and charts are not."""
    charts = draw_run_charts([run])
    return render_template(
        "run.html.j2",
        run=run,
        verdict=run_words.run_verdict(run),
        verdict_words=run_words.verdict_words(run),
        headline=run_words.run_headline(run),
        notes=run_words.run_notes(run),
        lines=run_words.run_lines(run),
        setup=run_words.run_setup(run),
        rules=run_words.rule_rows(run),
        method=run_method_rows(run),
        charts=charts,
        chart=lambda name, note: draw_figures(charts, name, note),
        generated=time_words(run.generated_at),
    )
