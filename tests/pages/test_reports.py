"""Reports: of a phase, a run, a comparison; empty, unknown, made."""

from __future__ import annotations

from pathlib import Path

from engine.store import open_store
from tests.engine.evaluation.comparing.seeded import add_run
from tests.pages.conftest import open_page, words_of


def labels_of(app: object) -> list[str]:
    return [item.label for item in app.get("expander")]  # type: ignore[attr-defined]


def test_a_phase_report_is_previewed_with_its_first_screen(full_home: Path) -> None:
    app = open_page("reports", roadmap="narrative-agent", phase="2")
    assert not app.exception
    words = words_of(app)
    assert "Next step:" in words and "Missing:" in words
    assert "<details>" not in words
    assert "Sources of the goals, and what made the runs" in labels_of(app)


def test_the_files_of_a_run_are_made_and_can_be_downloaded(full_home: Path) -> None:
    app = open_page("reports", kind="Run", run="run-seeded", **{"run-formats": "md"})
    assert not app.exception
    assert "Run of depot" in words_of(app)
    app.button[0].click().run()
    assert not app.exception
    files = app.session_state["report-files"][1]
    assert files and all(file.file_name.startswith("run-run-seeded.") and file.content for file in files)


def test_a_run_that_is_gone_is_named(full_home: Path) -> None:
    app = open_page("reports", kind="Run", run="nowhere")
    assert not app.exception
    assert "nowhere" in words_of(app)


def test_without_runs_the_screen_leads_to_the_suites(empty_home: Path) -> None:
    for kind, words in (("Run", "No run has ended yet"), ("Comparison", "Two finished runs are needed")):
        app = open_page("reports", kind=kind)
        assert not app.exception
        assert words in words_of(app)


def test_a_comparison_begins_with_its_finding(empty_home: Path) -> None:
    with open_store() as store:
        add_run(store, "a", [True] * 50 + [False] * 10)
        add_run(store, "b", [False] * 30 + [True] * 30)
        app = open_page("reports", kind="Comparison", runs="a,b")
    assert not app.exception
    assert "B against A: worse beyond chance and tolerance" in words_of(app)


def test_runs_of_nothing_in_common_say_so(empty_home: Path) -> None:
    with open_store() as store:
        add_run(store, "a", [True] * 5, prefix="x")
        add_run(store, "b", [True] * 5, prefix="y", suite="other")
        app = open_page("reports", kind="Comparison", runs="a,b")
    assert not app.exception
    assert app.error
