"""Comparison reports: HTML, PDF, Markdown for a pull request, JSON and CSV of one comparison."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from engine.errors import InputError
from engine.evaluation.comparing.types import Comparison
from engine.evaluation.comparing.wording import VERDICT_WORDS
from engine.reports.comparison_rows import FLIPS_SHOWN, ComparisonReport
from engine.reports.csv_text import write_lines
from engine.reports.files import check_folder, write_files
from engine.store import Store
from engine.store.comparisons import ComparisonStore

FORMATS = {
    "html": "text/html",
    "pdf": "application/pdf",
    "md": "text/markdown",
    "json": "application/json",
    "csv": "text/csv",
}
"""Format names, which are the file endings too, and their media types."""


def parse_formats(formats: str | Iterable[str]) -> list[str]:
    """``"html,md"`` or a list of names, each once, checked.

    Raises:
        InputError: an unknown format, or none.
    """
    given = formats.split(",") if isinstance(formats, str) else formats
    names = list(dict.fromkeys(name.strip().lower() for name in given if name.strip()))
    unknown = next((name for name in names if name not in FORMATS), None)
    if unknown is not None or not names:
        problem = f"There is no comparison format called {unknown!r}" if unknown else "No format was given"
        raise InputError(f"{problem}. Known: {', '.join(FORMATS)}.", "Write, say, --format html,md.")
    return names


def build_comparison_report(store: Store, found: Comparison) -> ComparisonReport:
    """The comparison with the first flipped cases of each pair."""
    paired = ComparisonStore(store)
    flips = {
        (i, kind): paired.find_flips(pair.a.run_id, pair.b.run_id, kind, FLIPS_SHOWN)
        for i, pair in enumerate(found.pairs)
        for kind in ("worse", "better")
    }
    return ComparisonReport(comparison=found, flips=flips)


def write_comparison(store: Store, found: Comparison, formats: str | Iterable[str], out: Path | str) -> list[Path]:
    """Write ``comparison-<baseline>.<ending>`` for each format into ``out``, which is made; absolute paths.

    Raises:
        InputError: an unknown format, or a folder that cannot be written.
        DiskFullError: no space left; nothing half-written stays.
    """
    names = parse_formats(formats)
    folder = check_folder(Path(out))
    report = build_comparison_report(store, found)
    stem = f"comparison-{found.runs[0].run_id}"
    return write_files({folder / f"{stem}.{name}": render_comparison(report, name) for name in names})


def render_comparison(report: ComparisonReport, format: str) -> bytes:
    """One format.

    Raises:
        InputError: an unknown format.
    """
    (name,) = parse_formats([format])
    if name == "json":
        return (json.dumps(report.comparison.as_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    if name == "csv":
        return render_csv(report.comparison)
    if name == "md":
        from engine.reports.comparison_markdown import render_markdown

        return render_markdown(report)
    if name == "pdf":
        from engine.reports.comparison_pdf import render_pdf

        return render_pdf(report)
    from engine.reports.comparison_html import render_html

    return render_html(report)


def render_csv(found: Comparison) -> bytes:
    """One line per measure and pair: kpi, value (B's figure), verdict, then what stands behind them."""
    names = (
        "unit", "a", "b", "difference", "low", "high", "p", "p_adjusted", "n", "wins", "ties", "losses", "detectable",
        "more_cases", "regression",
    )  # fmt: skip
    head = ("kpi", "value", "verdict", "run_a", "run_b", *names, "noise", "reason")
    rows = (
        (
            *(m.measure, m.b, VERDICT_WORDS[m.verdict], pair.a.run_id, pair.b.run_id),
            *(getattr(m, name) for name in names),
            *(m.noise.band if m.noise else None, m.reason),
        )
        for pair in found.pairs
        for m in pair.measures
    )
    return b"".join(write_lines(head, rows))
