"""A phase report as the Reports screen previews and hands it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.reports import FORMATS, MEDIA_TYPES, build_report, render_formats
from engine.roadmap.types import Policy
from engine.store import Store

FORMAT_WORDS = {
    "html": "HTML, one file with its charts, works offline",
    "pdf": "PDF with charts, for stakeholders",
    "md": "Markdown, for a wiki or a pull request",
    "json": "JSON, every figure for other programs",
    "csv": "CSV: kpi, value, verdict and more, for a spreadsheet",
    "junit": "JUnit XML, a test per goal, for CI",
}
CI_SNIPPET = """\
# A CI step: exit code 0 when the phase passes, 1 when a goal is missed, 3 when evidence is missing.
python -m engine run {suite} --json > run.json
python -m engine gate --roadmap {roadmap} --phase {phase} --policy {policy} --json > gate.json
python -m engine report --roadmap {roadmap} --phase {phase} --format junit,html --out reports
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """One rendered format."""

    name: str
    file_name: str
    media_type: str
    content: bytes
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPreview:
    """The report in words, and the command that makes it."""

    title: str
    headline: str
    verdict: str
    markdown: str
    command: str
    ci: str


def load_preview(store: Store, roadmap: str, phase: int, policy: Policy, formats: Sequence[str]) -> ReportPreview:
    """The Markdown of the report, and how to make it from a shell."""
    report = build_report(roadmap, phase, store, policy=policy)
    suites = [suite for goal in report.goals for suite in goal.suites]
    return ReportPreview(
        title=report.title,
        headline=report.headline,
        verdict=report.gate.verdict,
        markdown=render_formats(report, ["md"])["md"].decode(),
        command=f"python -m engine report --roadmap {roadmap} --phase {phase} --format {','.join(formats) or 'html'} --out reports",
        ci=CI_SNIPPET.format(suite=suites[0] if suites else "SUITE", roadmap=roadmap, phase=phase, policy=policy),
    )


def render_files(
    store: Store, roadmap: str, phase: int, policy: Policy, formats: Sequence[str]
) -> tuple[ReportFile, ...]:
    """Every chosen format, rendered from the same report."""
    report = build_report(roadmap, phase, store, policy=policy)
    return tuple(
        ReportFile(
            name=name,
            file_name=f"{report.file_stem}.{FORMATS[name]}",
            media_type=MEDIA_TYPES[name],
            content=content,
            size=f"{max(1, round(len(content) / 1024)):,} kB",
        )
        for name, content in render_formats(report, formats).items()
    )
