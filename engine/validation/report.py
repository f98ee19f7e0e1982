"""The stakeholder report of a validation: the phase report, and what each part found, as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.reports import parse_formats, write_report
from engine.reports.files import write_files
from engine.roadmap.types import Roadmap
from engine.store import Store

WORDS = {"pass": "pass", "fail": "fail", "no_data": "no data"}


def write_validation(
    store: Store, roadmap: Roadmap, phase: int, summary: Mapping[str, Any], folder: Path, formats: Sequence[str]
) -> list[Path]:
    """Write the phase report in ``formats`` and ``<roadmap>-phase-<n>-validation.md`` and ``.json``; absolute paths.

    Raises:
        InputError, DiskFullError: see ``write_report``.
    """
    files = write_report(roadmap, phase, parse_formats(formats), folder, store, policy=summary["policy"])
    stem = f"{roadmap.name}-phase-{phase}-validation"
    text = json.dumps(dict(summary) | {"files": [str(path) for path in files]}, indent=2, ensure_ascii=False)
    own = {folder / f"{stem}.md": render_validation(summary, roadmap.title), folder / f"{stem}.json": f"{text}\n"}
    return [*files, *write_files({path: content.encode() for path, content in own.items()})]


def render_validation(summary: Mapping[str, Any], title: str) -> str:
    """The validation's own section in Markdown."""
    verdict = WORDS[summary["verdict"]]
    lines = [
        f"# {title}, phase {summary['phase']}: validation",
        "",
        f"**{verdict.capitalize()}.** Validation `{summary['validation_id']}`, policy {summary['policy']}.",
        "",
        "| part | verdict | counts | what was found | seconds |",
        "|---|---|---|---|---|",
    ]
    for part in summary["parts"]:
        counts = "required" if part["required"] else "not needed"
        reason = part["reason"].replace("|", "\\|")
        lines.append(f"| {part['title']} | {WORDS[part['verdict']]} | {counts} | {reason} | {part['seconds']:.1f} |")
    for part in summary["parts"]:
        if part["steps"]:
            lines += ["", f"## {part['title']}", ""]
            lines += [f"- {WORDS[step['verdict']]}: {step['text']}" for step in part["steps"]]
        if part["runs"]:
            lines += ["", f"Runs: {', '.join(part['runs'])}"]
    return "\n".join(lines) + "\n"
