"""A comparison as one HTML file: styles and charts inside, nothing fetched from anywhere."""

from __future__ import annotations

from markupsafe import Markup

from engine.evaluation.comparing.wording import OUTCOME_WORDS
from engine.reports.comparison_charts import draw_forest
from engine.reports.comparison_rows import (
    ComparisonReport,
    flip_rows,
    measure_head,
    measure_row,
    method_words,
    one_sided_words,
    power_rows,
    run_words,
    setup_rows,
)
from engine.reports.html import render_template

BANNERS = {
    "worse": ("fail", "▼"),
    "worse_within_tolerance": ("fail", "▽"),
    "better": ("pass", "▲"),
    "no_difference": ("no_data", "="),
    "no_data": ("no_data", "○"),
}
CHIPS = {"better": "pass", "worse": "fail"}


def render_html(report: ComparisonReport) -> bytes:
    """The page, UTF-8. All text of the runs is escaped; only our own style sheet and charts are not."""
    return render_template(
        "comparison.html.j2",
        found=report.comparison,
        banners=BANNERS,
        chips=CHIPS,
        outcome_words=OUTCOME_WORDS,
        run_words=run_words,
        measure_head=measure_head,
        measure_row=measure_row,
        method_words=method_words,
        power_rows=power_rows,
        setup_rows=setup_rows,
        one_sided_words=one_sided_words,
        flips=lambda number, kind: flip_rows(report, number, kind),
        forest=lambda number, pair: [(c.title, Markup(c.svg)) for c in draw_forest(pair, f"forest-{number}")],
    )
