"""Phase reports: one object built from the store, rendered as HTML, PDF, Markdown, JSON, CSV and JUnit XML.

Importing this is cheap: matplotlib, reportlab and jinja2 are imported when a format needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.reports.figures import Chart
    from engine.reports.report import PhaseReport
    from engine.roadmap.types import Policy, Roadmap
    from engine.store import Store

FORMATS = {"html": "html", "pdf": "pdf", "md": "md", "json": "json", "csv": "csv", "junit": "xml"}
"""Format names and their file endings."""

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "junit": "application/xml",
}


def build_report(
    roadmap: Roadmap | str, phase: int, store: Store, *, run_id: str | None = None, policy: Policy = "point"
) -> PhaseReport:
    """Everything that a report of one phase says; see :func:`engine.reports.build.build_report`."""
    from engine.reports.build import build_report as build

    return build(roadmap, phase, store, run_id=run_id, policy=policy)


def render_report(report: PhaseReport, format: str) -> bytes:
    """One format of a report, as for a download.

    Raises:
        InputError: an unknown format; the message lists the known ones.
    """
    return render_formats(report, [format])[format]


def render_formats(report: PhaseReport, formats: str | Iterable[str]) -> dict[str, bytes]:
    """Several formats, by name; the charts are drawn once.

    Raises:
        InputError: an unknown format, or none.
    """
    names = parse_formats(formats)
    charts: dict[str, list[Chart]] = {}
    if {"html", "pdf"} & set(names):
        from engine.reports.charts import draw_charts

        charts = draw_charts(report)
    return {name: _render(report, name, charts) for name in names}


def write_report(
    roadmap: Roadmap | str,
    phase: int,
    formats: str | Iterable[str],
    out_dir: Path | str,
    store: Store,
    *,
    run_id: str | None = None,
    policy: Policy = "point",
) -> list[Path]:
    """Write ``<roadmap>-phase-<n>.<ending>`` for each format into ``out_dir``, which is made; absolute paths.

    Raises:
        InputError: an unknown format, or a folder that cannot be written.
        UnknownNameError: no such roadmap, phase or run.
        DiskFullError: no space left; nothing half-written stays.
    """
    from engine.reports.files import check_folder, write_files

    names = parse_formats(formats)
    folder = check_folder(Path(out_dir))
    report = build_report(roadmap, phase, store, run_id=run_id, policy=policy)
    rendered = render_formats(report, names)
    return write_files({folder / f"{report.file_stem}.{FORMATS[name]}": rendered[name] for name in names})


def parse_formats(formats: str | Iterable[str]) -> list[str]:
    """``"html,pdf"`` or a list of names, each once, checked.

    Raises:
        InputError: an unknown format, or none.
    """
    given = formats.split(",") if isinstance(formats, str) else formats
    names = list(dict.fromkeys(name.strip().lower() for name in given if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise InputError(
            f"There is no report format called {unknown[0]!r}. Known: {', '.join(FORMATS)}.",
            "Write, say, --format html,pdf.",
        )
    if not names:
        raise InputError(f"No report format was given. Known: {', '.join(FORMATS)}.", "Write, say, --format html,pdf.")
    return names


def _render(report: PhaseReport, name: str, charts: dict[str, list[Chart]]) -> bytes:
    if name == "html":
        from engine.reports.html import render_html

        return render_html(report, charts)
    if name == "pdf":
        from engine.reports.pdf import render_pdf

        return render_pdf(report, charts)
    if name == "md":
        from engine.reports.markdown import render_markdown

        return render_markdown(report)
    if name == "junit":
        from engine.reports.junit import render_junit

        return render_junit(report)
    from engine.reports.data import render_csv, render_json

    return render_json(report) if name == "json" else render_csv(report)
