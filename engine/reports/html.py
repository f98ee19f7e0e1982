"""The phase report as one HTML file: styles and charts inside, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.reports import decision_rows, phase_words
from engine.reports.method import method_rows
from engine.reports.report import PhaseReport
from engine.reports.run_words import failing_title, reason_words
from engine.reports.tables import (
    MEASURE_HEAD,
    claim_rows,
    goal_rows,
    measure_rows,
    missing_rows,
    plain_facts,
    report_facts,
    run_facts,
)
from engine.reports.wording import BY_A_PERSON, STATE_MARKS, VERDICT_WORDS, time_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.reports.figures import Chart

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: PhaseReport, charts: dict[str, list[Chart]]) -> bytes:
    """The page, UTF-8. All text of the report is escaped; only our own style sheet and charts are not."""
    return render_template(
        "report.html.j2",
        report=report,
        charts=charts,
        chart=lambda name, note: draw_figures(charts, name, note),
        goals=goal_rows(report),
        missing=missing_rows(report),
        by_a_person=BY_A_PERSON,
        claims=claim_rows(report),
        facts=report_facts(report),
        figures=phase_words.figure_lines(report),
        rest=phase_words.rest_words(report),
        missing_words=phase_words.missing_words(report),
        step=phase_words.find_next_step(report),
        said=decision_rows,
        method=method_rows(report),
        run_facts=run_facts,
        generated=time_words(report.generated_at),
    )


def render_template(name: str, **values: Any) -> bytes:
    """One of our pages, UTF-8, with the style sheet inside; whatever is put into it is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "marks": STATE_MARKS,
        "words": VERDICT_WORDS | {"waived": "WAIVED"},
        "measure_head": MEASURE_HEAD,
        "measure_rows": measure_rows,
        "plain_facts": plain_facts,
        "failing_title": failing_title,
        "reason_words": reason_words,
        "style": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
    }
    return environment.get_template(name).render(**values).encode("utf-8")


def draw_figures(charts: Mapping[str, Sequence[Chart]], name: str, note: str) -> Markup:
    """The parts of a chart, each with its finding above it."""
    return Markup("").join(_figure(part, note) for part in charts.get(name, []))


def _figure(chart: Chart, note: str) -> Markup:
    caption = Markup("<figcaption><b>{}</b><span>{}</span></figcaption>").format(chart.title, note)
    if not chart.title:
        caption = Markup("")
    return Markup("<figure>") + caption + Markup(chart.svg) + Markup("</figure>")
