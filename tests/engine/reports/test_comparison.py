"""A comparison in every format: the same figures, hostile text harmless, nothing half-written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.evaluation.comparing import compare_runs
from engine.reports.comparison import FORMATS, build_comparison_report, render_comparison, write_comparison
from engine.reports.comparison_rows import ComparisonReport
from engine.store import Store, open_store
from tests.engine.evaluation.comparing.seeded import add_run

HOSTILE = "<script>alert(1)</script> | *bold*"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        add_run(opened, "a", [True] * 50 + [False] * 10, {"recall": [0.5] * 60, "=cmd": [0.5] * 60})
        add_run(opened, "b", [False] * 30 + [True] * 30, {"recall": [0.4, 0.5, 0.6] * 20, "=cmd": [0.6] * 60})
        opened.execute("UPDATE cases SET answer = ? WHERE run_id = 'b' AND position = 0", (HOSTILE,))
        yield opened


@pytest.fixture
def report(store: Store) -> ComparisonReport:
    return build_comparison_report(store, compare_runs(store, ["a", "b"]))


def test_every_format_holds_the_finding(report: ComparisonReport) -> None:
    shown = {name: render_comparison(report, name) for name in FORMATS}
    assert shown["pdf"].startswith(b"%PDF")
    for name in ("html", "md", "json"):
        assert report.comparison.pairs[0].sentence.split(" (")[0] in shown[name].decode()
    assert json.loads(shown["json"])["verdict"] == "worse"


def test_text_of_a_run_is_never_markup(report: ComparisonReport) -> None:
    assert "<script>" not in render_comparison(report, "html").decode().split("</style>")[1]
    markdown = render_comparison(report, "md").decode()
    assert "<script>" not in markdown
    assert "\\|" in markdown


def test_the_csv_begins_with_kpi_value_verdict_and_runs_nothing(report: ComparisonReport) -> None:
    rows = list(csv.DictReader(io.StringIO(render_comparison(report, "csv").decode())))
    assert list(rows[0])[:3] == ["kpi", "value", "verdict"]
    by_name = {row["kpi"]: row for row in rows}
    assert float(by_name["success_rate"]["difference"]) == pytest.approx(-20 / 60)
    assert "'=cmd" in by_name


def test_files_are_written_whole_and_unknown_formats_refused(store: Store, tmp_path: Path) -> None:
    found = compare_runs(store, ["a", "b"])
    files = write_comparison(store, found, "html,md", tmp_path / "out")
    assert [path.name for path in files] == ["comparison-a.html", "comparison-a.md"]
    assert all(path.is_absolute() and path.stat().st_size > 500 for path in files)
    with pytest.raises(InputError, match="docx"):
        write_comparison(store, found, "html,docx", tmp_path / "other")
    assert not (tmp_path / "other").exists()
