"""A report of a phase, a run or a comparison, as the Reports screen previews and hands it out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.reports import FORMATS, MEDIA_TYPES, build_report, build_run_report, render_formats, render_run
from engine.roadmap.types import Policy
from engine.store import Store

if TYPE_CHECKING:
    from engine.reports.comparison_rows import ComparisonReport

KINDS = {"Phase": "phase", "Run": "run", "Comparison": "comparison"}
"""Kinds of report by what the screen and its links call them."""
FORMAT_WORDS = {
    "phase": {
        "html": "HTML, one file with its charts, works offline",
        "pdf": "PDF with charts, for stakeholders",
        "md": "Markdown, for a wiki or a pull request",
        "json": "JSON, every figure for other programs",
        "csv": "CSV: kpi, value, verdict and more, for a spreadsheet",
        "junit": "JUnit XML, a test per goal, for CI",
    },
    "run": {
        "html": "HTML, one file with its charts, works offline",
        "pdf": "PDF with charts",
        "md": "Markdown, for a wiki or a pull request",
        "json": "JSON, every figure for other programs",
        "csv": "CSV: kpi, value, verdict, a line per measure",
        "junit": "JUnit XML, a test per case, the first 5,000 with failures before the rest",
    },
    "comparison": {
        "html": "HTML, one file with its charts, works offline",
        "pdf": "PDF with charts",
        "md": "Markdown, short, for a pull request",
        "json": "JSON, as compare prints it",
        "csv": "CSV: kpi, value, verdict, a line per measure",
    },
}
CI_SNIPPETS = {
    "phase": """\
# A CI step: exit code 0 when the phase passes, 1 when a goal is missed, 3 when evidence is missing.
python -m engine run {suite} --json > run.json
python -m engine gate --roadmap {roadmap} --phase {phase} --policy {policy} --json > gate.json
python -m engine report --roadmap {roadmap} --phase {phase} --policy {policy} --format junit,html --out reports
""",
    "run": """\
# A CI step: exit code 1 when a pass rule of the suite is missed.
python -m engine run {suite} --json > run.json
python -m engine report --run {run} --format junit,md --out reports
""",
    "comparison": """\
# A CI step: exit code 1 when the second run is worse beyond chance and tolerance. A baseline of another machine is a file.
python -m engine runs --import baseline.jsonl.gz
python -m engine compare {runs} --tolerance {tolerance:g} --format md,html --out reports
""",
}
_FOLD = re.compile(r"<details><summary>(.*?)</summary>\n\n(.*?)\n\n</details>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Which report. ``kind`` is phase, run or comparison; the other fields are read as it needs them."""

    kind: str
    roadmap: str = ""
    phase: int = 0
    policy: Policy = "point"
    run: str = ""
    runs: tuple[str, ...] = ()
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """One rendered format."""

    name: str
    file_name: str
    media_type: str
    content: bytes
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPart:
    """A stretch of Markdown; with a ``title`` it is folded away."""

    title: str
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPreview:
    """The report in words, and the command that makes it."""

    parts: tuple[PreviewPart, ...]
    command: str
    ci: str


def load_preview(store: Store, request: ReportRequest, formats: Sequence[str]) -> ReportPreview:
    """The Markdown of the report, and how to make it from a shell.

    Raises:
        UnknownNameError: no such roadmap or run.
        InputError: no such phase, or runs that cannot be compared.
    """
    content = _render(store, request, ["md"])["md"].decode()
    names = {
        "roadmap": request.roadmap,
        "phase": request.phase,
        "policy": request.policy,
        "run": request.run,
        "runs": " ".join(request.runs),
        "tolerance": request.tolerance,
        "suite": _find_suite(store, request),
    }
    asked = f"--format {','.join(formats) or 'html'} --out reports"
    return ReportPreview(
        parts=split_folds(content),
        command=f"python -m engine report {_arguments(request)} {asked}",
        ci=CI_SNIPPETS[request.kind].format(**names),
    )


def render_files(store: Store, request: ReportRequest, formats: Sequence[str]) -> tuple[ReportFile, ...]:
    """Every chosen format, rendered from the same report."""
    rendered = _render(store, request, formats)
    stem = {
        "phase": f"{_plain(request.roadmap)}-phase-{request.phase}",
        "run": f"run-{_plain(request.run)}",
        "comparison": f"comparison-{_plain(request.runs[0])}" if request.runs else "comparison",
    }[request.kind]
    return tuple(
        ReportFile(
            name=name,
            file_name=f"{stem}.{FORMATS[name]}",
            media_type=MEDIA_TYPES[name],
            content=content,
            size=f"{max(1, round(len(content) / 1024)):,} kB",
        )
        for name, content in rendered.items()
    )


def split_folds(markdown: str) -> tuple[PreviewPart, ...]:
    """The Markdown in order, what a reader opens apart from the rest."""
    markdown = re.sub(r"^(#{1,4} )", r"##\1", markdown, flags=re.MULTILINE)  # below the screen's own title
    parts, end = [], 0
    for found in _FOLD.finditer(markdown):
        parts.append(PreviewPart(title="", markdown=markdown[end : found.start()].strip()))
        parts.append(PreviewPart(title=found[1], markdown=found[2]))
        end = found.end()
    parts.append(PreviewPart(title="", markdown=markdown[end:].strip()))
    return tuple(part for part in parts if part.markdown)


def _render(store: Store, request: ReportRequest, formats: Sequence[str]) -> Mapping[str, bytes]:
    if request.kind == "phase":
        report = build_report(request.roadmap, request.phase, store, policy=request.policy)
        return render_formats(report, formats)
    if request.kind == "run":
        run = build_run_report(store, request.run)
        return {name: b"".join(render_run(store, run, name)) for name in formats}
    from engine.reports.comparison import render_comparison

    compared = _compare(store, request)
    return {name: render_comparison(compared, name) for name in formats}


def _compare(store: Store, request: ReportRequest) -> ComparisonReport:
    from engine.evaluation.comparing import compare_runs
    from engine.reports.comparison import build_comparison_report

    return build_comparison_report(store, compare_runs(store, list(request.runs), tolerance=request.tolerance))


def _arguments(request: ReportRequest) -> str:
    if request.kind == "phase":
        policy = "" if request.policy == "point" else f" --policy {request.policy}"
        return f"--roadmap {request.roadmap} --phase {request.phase}{policy}"
    if request.kind == "run":
        return f"--run {request.run}"
    tolerance = f" --tolerance {request.tolerance:g}" if request.tolerance else ""
    return " ".join(f"--compare {run}" for run in request.runs) + tolerance


def _find_suite(store: Store, request: ReportRequest) -> str:
    """The suite that a CI step would run: that of the run, or the first that a goal of the phase reads."""
    if request.kind == "run":
        rows = store.query("SELECT suite FROM runs WHERE run_id = ?", (request.run,))
        return str(rows[0]["suite"]) if rows else "SUITE"
    if request.kind == "comparison":
        return "SUITE"
    from engine.roadmap.gates import find_phase
    from engine.roadmap.roadmaps import load_roadmap

    plan = load_roadmap(request.roadmap)
    suites = (suite for goal in find_phase(plan, request.phase).goals for suite in plan.kpi(goal.kpi).evidence.suites)
    return next(suites, "SUITE")


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "report"
