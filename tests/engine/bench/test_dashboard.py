"""The benchmark of the screens: its store is what the screens read, and every view answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.bench.dashboard import list_screens
from engine.bench.dashboard import measure as measure_dashboard
from engine.bench.dashboard_home import LARGE, ORDINARY, ROADMAP, build_home
from engine.bench.dashboard_views import failing_case, list_views
from engine.bench.measures import measure
from engine.cli import main
from engine.errors import InputError
from engine.evaluation.measures import DEFAULT_MEASURES
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import load_roadmap
from engine.run_summaries import load_summary
from engine.store import open_store
from engine.views.run import load_run


def test_the_large_run_is_evidence_and_every_view_answers(tmp_path: Path) -> None:
    with open_store(tmp_path / "home") as store:
        counts = build_home(store, 700)
        assert counts["runs"] == ORDINARY + 1 and counts["scores"] == counts["cases"] * len(DEFAULT_MEASURES)
        summary = load_summary(store, LARGE)
        assert summary["cases"] == 700 and sum(summary[k] for k in ("passed", "failed", "errors", "unscored")) == 700
        assert {run.run_id for run in check_gate(load_roadmap(ROADMAP), 1, store).runs} == {LARGE}
        assert all(view() is not None for view in list_views(store, LARGE, ROADMAP).values())
        assert failing_case(store, LARGE) in list_screens(LARGE, failing_case(store, LARGE), ROADMAP)["case"].path
        row = next(m for m in load_run(store, LARGE).measures if m.name == "groundedness")
        assert row.failed > 0 and row.cells["failed"] == row.failed and row.scored + row.failed == row.applicable


def test_every_measure_without_a_model_is_scored_and_compared_with_ragas() -> None:
    figures = measure(None, {"cases": 12})
    assert set(figures["seconds"]) == set(DEFAULT_MEASURES)
    assert {name for name, n in figures["scored"].items() if n == 0} <= {"content_type_correct"}
    assert figures["ragas_singly_cases"] == 12 and figures["ragas_singly_ratio"] > 0


@pytest.mark.parametrize("bench", [measure, measure_dashboard])
@pytest.mark.parametrize("cases", ["many", 0, "-5", 1.5, True, "²", ""])
def test_a_wrong_number_of_cases_is_refused(bench: Callable[..., Any], cases: object) -> None:
    with pytest.raises(InputError, match="cases"):
        bench(None, {"cases": cases})


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["engine", "bench", *arguments, "--no-record"])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_takes_the_options_of_its_benchmark_and_no_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_command(monkeypatch, "measures", "--set", "cases=3", "--json") == 0
    assert json.loads(capsys.readouterr().out)["figures"]["cases"] == 3
    assert run_command(monkeypatch, "dashboard", "--set", "screens=perhaps") == 2
    assert "true or false" in capsys.readouterr().err
    assert run_command(monkeypatch, "store", "--set", "cases=3") == 2


def test_the_dashboard_has_no_settings_of_the_pipeline() -> None:
    with pytest.raises(InputError, match="top_k"):
        measure_dashboard(None, {"top_k": 3})
