"""Holds the documents to the code: commands, settings, errors, measures, figures, examples and links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from engine.bench import BENCHES
from engine.cli import app
from engine.errors import PhasegateError
from engine.evaluation.measures import known_measures
from engine.evaluation.suites import check_spans, load_suite
from engine.ingestion import load_documents
from engine.roadmap.types import GoalVerdict
from engine.settings import CHOICES, PRESETS, RANGES, ROOT, PipelineSettings
from engine.views.guide import find_section, link_pages

GUIDE = ROOT / "docs" / "guide"
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def _read(name: str) -> str:
    return (GUIDE / name).read_text(encoding="utf-8")


def _row(text: str, name: str) -> str:
    """The table row whose first cell is ``name`` in code marks."""
    return next((line for line in text.splitlines() if line.startswith(f"| `{name}` |")), "")


def _error_classes(root: type[PhasegateError] = PhasegateError) -> Iterator[type[PhasegateError]]:
    yield root
    for child in root.__subclasses__():
        yield from _error_classes(child)


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_described(command: str) -> None:
    section = find_section(_read("command-line.md"), command)
    assert section, f"command-line.md has no section on {command}"
    options = [
        o for p in COMMANDS[command].params if not getattr(p, "hidden", False) for o in (*p.opts, *p.secondary_opts)
    ]
    missing = [o for o in options if o.startswith("--") and o != "--help" and f"`{o}`" not in section]
    assert not missing


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_no_option_is_described_that_does_not_exist(command: str) -> None:
    section = find_section(_read("command-line.md"), command)
    known = {o for p in COMMANDS[command].params for o in (*p.opts, *p.secondary_opts)}
    described = {
        o
        for line in section.splitlines()
        if line.startswith("| `--")
        for o in re.findall(r"`(--[\w-]+)`", line.split("|")[1])
    }
    assert described <= known


def test_the_command_line_describes_every_field_of_a_goal() -> None:
    section = find_section(_read("command-line.md"), "gate")
    assert [field for field in GoalVerdict.__dataclass_fields__ if f"`{field}`" not in section] == []


@pytest.mark.parametrize(("name", "default"), PipelineSettings().as_dict().items())
def test_every_setting_is_described_with_its_default_and_range(name: str, default: object) -> None:
    row = _row(_read("settings.md"), name)
    assert f"| {f'`{default}`' if default != '' else 'empty'} |" in row
    assert all(choice in row for choice in CHOICES.get(name, ()))
    if name in RANGES:
        low, high = RANGES[name]
        assert f"{low:g} to {high:,g}" in row


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_described_with_its_values(preset: str) -> None:
    cells = [cell.strip() for cell in _row(_read("settings.md"), preset).strip("|").split("|")]
    assert cells[1:] == [str(value) for value in PRESETS[preset].values()]


@pytest.mark.parametrize("guide", sorted({kind.guide for kind in _error_classes()}))
def test_every_error_leads_to_its_section_of_the_guide(guide: str) -> None:
    path, _, anchor = guide.partition("#")
    text = (ROOT / path).read_text(encoding="utf-8")
    section = find_section(text, anchor) if anchor else text
    assert len(section.splitlines()) > 3, f"{path} says nothing under #{anchor}"
    assert "```" in section, "a section shows an example message"


def test_every_measure_is_described() -> None:
    text = _read("numbers.md")
    assert [name for name in known_measures() if f"`{name}`" not in text] == []


def test_the_calibration_that_is_stated_is_the_one_that_is_used() -> None:
    quality = json.loads((ROOT / "engine/context/coefficients.json").read_text())["provenance"]["held_out"]
    groundedness = json.loads((ROOT / "engine/grounding/groundedness.json").read_text())["provenance"]
    groundedness = groundedness["held_out"]
    text = find_section(_read("numbers.md"), "calibration")
    assert f"| AUC | {quality['auc']:.3f} | {groundedness['auc']:.3f} |" in text
    assert f"| expected calibration error | {quality['ece']:.3f} | {groundedness['ece']:.3f} |" in text
    for name, figure in (
        ("ragtruth_qa", "auroc_response"),
        ("mtrag_human_eval", "spearman"),
        ("summedits", "balanced_accuracy"),
        ("expertqa_attribution", "auroc_response"),
    ):
        both = [groundedness["sets"][label][figure] for label in (name, f"{name}, words alone")]
        assert f"| {both[0]:.3f} | {both[1]:.3f} |" in text, name
    for name, found in quality["sets"].items():
        row = (
            f"| {name} | {found['n']:,} | {100 * found['supported']:.0f} % | {found['auc']:.3f} | {found['ece']:.3f} |"
        )
        assert row in text, name


def test_the_abstention_threshold_that_is_explained_is_the_default() -> None:
    text = (ROOT / "docs/decisions/0006-abstention-threshold.md").read_text(encoding="utf-8")
    assert f"`min_quality` is {PipelineSettings().min_quality}." in text


def test_the_suite_of_the_guide_loads_and_its_spans_hold_the_answers(tmp_path: Path) -> None:
    files = re.findall(r"^`handbook/([\w./-]+)`:\n\n```\w*\n(.*?)^```", _read("suites.md"), re.M | re.S)
    assert {name for name, _ in files} == {"suite.yaml", "cases.jsonl", "docs/leave.md", "docs/rooms.csv"}
    (tmp_path / "docs").mkdir()
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    suite = load_suite(tmp_path)
    texts = {d.id: d.text for d in load_documents([tmp_path / "docs"]).documents}
    check_spans(suite, texts)
    for turn in (turn for case in suite.cases for turn in case.turns):
        for span in turn.relevant:
            gold = texts[span.document][span.start : span.end]
            assert all(fact in gold for fact in turn.facts)
            assert not turn.answers or any(answer in gold for answer in turn.answers)
    assert {case.kind for case in suite.cases} == {"qa", "conversation", "content"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(path)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.is_file(), target
        assert not anchor or find_section(file.read_text(encoding="utf-8"), anchor), target


def test_every_page_of_the_guide_and_every_decision_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if path.parent.name in ("guide", "decisions")]
    assert [page for page in pages if f"]({page})" not in text] == []


def test_pages_of_the_guide_link_to_pages_of_the_guide_alone() -> None:
    """The app shows them, and can show nothing else."""
    targets = {t for path in GUIDE.glob("*.md") for t in re.findall(r"\]\(([^)\s]+)\)", _prose(path)) if "://" not in t}
    assert [t for t in sorted(targets) if link_pages(f"]({t})") == f"]({t})"] == []


def test_links_of_the_guide_lead_to_pages_of_the_app() -> None:
    assert link_pages("[a](gates.md) [b](numbers.md#measures) [c](https://x.org/y.md)") == (
        "[a](guide?page=gates) [b](guide?page=numbers&section=measures) [c](https://x.org/y.md)"
    )


def test_a_comment_in_a_code_block_does_not_end_a_section() -> None:
    text = "## One\n\n```\n# a comment\n```\n\nmore\n\n## Two\n"
    assert find_section(text, "one").endswith("more\n")
    assert find_section(text, "a-comment") == ""


def test_every_benchmark_is_described() -> None:
    section = find_section(_read("command-line.md"), "bench")
    assert [name for name in BENCHES if f"| `{name}` |" not in section] == []
