"""The report as one HTML file: styles and charts inside, nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.reports.report import PhaseReport
from engine.reports.tables import (
    checklist_words,
    claim_rows,
    goal_rows,
    measure_rows,
    missing_rows,
    plain_facts,
    report_facts,
    run_facts,
)
from engine.reports.wording import BY_A_PERSON, VERDICT_MARKS, VERDICT_WORDS, time_words

if TYPE_CHECKING:
    from engine.reports.figures import Chart

TEMPLATES = Path(__file__).parent / "templates"


def render_html(report: PhaseReport, charts: dict[str, list[Chart]]) -> bytes:
    """The page, UTF-8. All text of the report is escaped; only our own style sheet and charts are not."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    goals = goal_rows(report)
    page = environment.get_template("report.html.j2").render(
        report=report,
        charts=charts,
        chart=lambda name, note: Markup("").join(_figure(part, note) for part in charts.get(name, [])),
        style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        goals=goals,
        missing=missing_rows(report),
        by_a_person=BY_A_PERSON,
        claims=claim_rows(report),
        facts=report_facts(report),
        checklist_words=checklist_words(report),
        run_facts=run_facts,
        measure_rows=measure_rows,
        plain_facts=plain_facts,
        marks=VERDICT_MARKS,
        words=VERDICT_WORDS,
        generated=time_words(report.generated_at),
    )
    return page.encode("utf-8")


def _figure(chart: Chart, note: str) -> Markup:
    caption = Markup("<figcaption><b>{}</b><span>{}</span></figcaption>").format(chart.title, note)
    if not chart.title:
        caption = Markup("")
    return Markup("<figure>") + caption + Markup(chart.svg) + Markup("</figure>")
