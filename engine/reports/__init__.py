"""Reports of a phase, of a run and of a comparison: one object built from the store, rendered in every format.

Importing this is cheap: matplotlib, reportlab and jinja2 are imported when a format needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.reports.figures import Chart
    from engine.reports.report import PhaseReport
    from engine.reports.run_model import RunReport
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


def build_run_report(store: Store, run_id: str) -> RunReport:
    """Everything that a report of one run says.

    Raises:
        UnknownNameError: no such run.
    """
    from engine.reports.build_run import load_run_report

    return load_run_report(store, run_id)


def render_run(store: Store, run: RunReport, format: str, *, all_cases: bool = False) -> Iterable[bytes]:
    """One format of a run's report, in parts; only JUnit reads the store again, for its cases.

    Args:
        all_cases: a test case for every case in JUnit, not for the first 5,000 alone.

    Raises:
        InputError: an unknown format; the message lists the known ones.
    """
    (name,) = parse_formats([format])
    if name == "junit":
        from engine.reports.run_cases import MOST_LISTED, stream_cases
        from engine.reports.run_junit import render_run_junit

        cases = stream_cases(store, run.run_id, all_cases=all_cases)
        return render_run_junit(run, cases, None if all_cases else MOST_LISTED)
    if name == "html":
        from engine.reports.run_html import render_run_html

        return (render_run_html(run),)
    if name == "pdf":
        from engine.reports.run_pdf import render_run_pdf

        return (render_run_pdf(run),)
    if name == "md":
        from engine.reports.run_markdown import render_run_markdown

        return (render_run_markdown(run),)
    from engine.reports.data import render_run_csv, render_run_json

    return (render_run_json(run) if name == "json" else render_run_csv(run),)


def write_run_report(
    store: Store, run_id: str, formats: str | Iterable[str], out_dir: Path | str, *, all_cases: bool = False
) -> list[Path]:
    """Write ``run-<id>.<ending>`` for each format into ``out_dir``, which is made; absolute paths.

    With ``all_cases`` JUnit lists every case, and beside the CSV stands ``run-<id>-cases.csv`` with a line for each.

    Raises:
        InputError: an unknown format, or a folder that cannot be written.
        UnknownNameError: no such run.
        DiskFullError: no space left; nothing half-written stays.
    """
    from engine.reports.data import render_cases_csv
    from engine.reports.files import check_folder, write_files
    from engine.reports.run_cases import stream_cases

    names = parse_formats(formats)
    run = build_run_report(store, run_id)
    folder = check_folder(Path(out_dir))
    files: dict[Path, bytes | Iterable[bytes]] = {
        folder / f"{run.file_stem}.{FORMATS[name]}": render_run(store, run, name, all_cases=all_cases) for name in names
    }
    if all_cases and "csv" in names:
        cases = stream_cases(store, run.run_id, all_cases=True)
        files[folder / f"{run.file_stem}-cases.csv"] = render_cases_csv(cases)
    return write_files(files)


def write_comparison_report(
    store: Store, run_ids: Sequence[str], formats: str | Iterable[str], out_dir: Path | str, *, tolerance: float = 0.0
) -> list[Path]:
    """Compare runs, the first is the baseline, and write ``comparison-<baseline>.<ending>``; absolute paths.

    Raises:
        InputError: see ``compare_runs``; an unknown format, or a folder that cannot be written.
    """
    from engine.evaluation.comparing import compare_runs
    from engine.reports.comparison import parse_formats as parse
    from engine.reports.comparison import write_comparison

    names = parse(formats)
    return write_comparison(store, compare_runs(store, list(run_ids), tolerance=tolerance), names, out_dir)


def check_request(
    roadmap: str | None, phase: int | None, run: str | None, compare: Sequence[str], formats: str
) -> Literal["phase", "run", "comparison"]:
    """Which report is asked for.

    Raises:
        InputError: none or several, or a format that there is not for it.
    """
    asked = [
        kind
        for kind, given in (("phase", roadmap or phase is not None), ("run", run), ("comparison", compare))
        if given
    ]
    hint = "Give --roadmap NAME --phase N, or --run RUN, or --compare A --compare B."
    if len(asked) != 1:
        found = " and ".join(asked) or "nothing"
        raise InputError(f"A report is of one phase, one run or one comparison; found {found}.", hint)
    if asked == ["phase"] and (not roadmap or phase is None):
        raise InputError(
            f"A phase report needs both --roadmap and --phase; found only {'--roadmap' if roadmap else '--phase'}.",
            hint,
        )
    if asked == ["comparison"]:
        from engine.reports.comparison import parse_formats as parse

        parse(formats)
        return "comparison"
    parse_formats(formats)
    return "run" if run else "phase"


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
