"""Every screen opens, empty and full, in each of its parts; errors of ours are shown, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.settings import ROOT
from tests.pages.conftest import open_page, words_of

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
PARTS = [
    ("overview", {}, "Are we ready?"),
    ("overview", {"step": "documents"}, "Which documents shall answer?"),
    ("overview", {"step": "model"}, "Who writes the answers?"),
    ("overview", {"step": "ask"}, "Ask your first question"),
    ("overview", {"step": "suite"}, "Run the first suite"),
    ("ask", {}, "Ask"),
    ("corpora", {}, "depot"),
    ("corpora", {"corpus": "depot"}, "1 markdown"),
    ("corpora", {"corpus": "depot", "document": "refunds.md"}, "chunk 0"),
    ("suites", {}, "Customer service"),
    ("suites", {"suite": "customer-service"}, "Pass rules"),
    ("suites", {"run": "run-seeded"}, "Finished"),
    ("suite_editor", {}, "New suite"),
    ("suite_editor", {"suite": "customer-service"}, "read-only"),
    ("suite_editor", {"suite": "runbooks", "case": "rb-q001"}, "Gold spans"),
    ("suite_editor", {"suite": "customer-service", "show": "Import"}, "Nothing is written before you have seen it"),
    ("suite_editor", {"suite": "customer-service", "show": "Generate"}, "Nothing waits"),
    ("suite_editor", {"suite": "runbooks", "show": "Coverage"}, "Headings without a case"),
    ("suite_editor", {"suite": "customer-service", "show": "Versions"}, "No versions yet"),
    ("compare", {"runs": "run-seeded"}, "Two finished runs are needed"),
    ("sweeps", {}, "Earlier sweeps"),
    ("sweeps", {"suite": "customer-service", "search": "Bayesian"}, "51 settings, the one that the sweep starts from"),
    ("sweeps", {"sweep": "sweep-seeded"}, "What the best setting changes"),
    ("sweeps", {"sweep": "sweep-seeded", "show": "Charts"}, "Recall against tokens"),
    ("sweeps", {"sweep": "sweep-seeded", "show": "Trials"}, "1 impossible one skipped"),
    ("sweeps", {"sweep": "sweep-seeded", "show": "What made it"}, "Best recall of 4 settings"),
    ("runs", {}, "Runs 1 to 1 of 1."),
    ("runs", {"status": "failed"}, "No run fits this filter."),
    ("runs", {"run": "run-seeded"}, "judged cases passed"),
    ("runs", {"run": "run-seeded", "states": "Failed"}, "judged cases passed"),
    ("runs", {"run": "run-seeded", "show": "Measures"}, "Means with their 95 % intervals"),
    ("runs", {"run": "run-seeded", "show": "Distributions"}, "Latency"),
    ("runs", {"run": "run-seeded", "show": "Tags"}, "Success rate by tag"),
    ("runs", {"run": "run-seeded", "show": "Settings"}, "What made this run"),
    *(("runs", {"run": "run-seeded", "case": case}, f"Case {case}") for case in ("refund", "wrong", "unknown", "talk", "kind")),
    ("roadmap", {"roadmap": "narrative-agent", "phase": "2"}, "Phase 2"),
    ("roadmap", {"roadmap": "customer-service-agent", "show": "KPIs"}, "What it is"),
    ("roadmap", {"roadmap": "multi-agent", "show": "Plan"}, "Roadmap"),
    ("roadmap", {"roadmap": "operations-agent", "show": "Document"}, "Nobody measured it"),
    ("roadmap", {"roadmap": "local-chat", "policy": "strict"}, "Roadmap"),
    ("reports", {"roadmap": "narrative-agent", "phase": "1"}, "Reports"),
    ("calibration", {}, "Context quality is off by"),
    ("calibration", {"figure": "Groundedness"}, "supports a sentence of the answer"),
    ("calibration", {"show": "Your runs"}, "are few"),
    ("alerts", {"show": "Rules"}, "Change a rule"),
    ("alerts", {"show": "Webhook"}, "Give an Alertmanager's address"),
    ("alerts", {"show": "Recoveries"}, "Nothing had to be mended"),
    ("alerts", {"show": "Health"}, "the embedding model"),
    ("guards", {}, "Personal data is replaced in logs"),
    ("guards", {"show": "Injection"}, "Instructions inside documents"),
    ("guards", {"show": "Try a text"}, "Guards"),
    ("settings", {"show": "Pipeline"}, "shipped defaults"),
    ("settings", {"show": "Presets"}, "balanced"),
    ("settings", {"show": "Machine"}, "Where state lives"),
]  # fmt: skip
REFUSED = [
    ("runs", {"run": "no-such-run"}, "There is no run called"),
    ("runs", {"run": "run-seeded", "case": "nope"}, "There is no case called"),
    ("corpora", {"corpus": "nope"}, "There is no corpus called"),
    ("corpora", {"corpus": "depot", "document": "nope.md"}, "There is no document called"),
    ("suites", {"suite": "/nowhere"}, "There is no suite called"),
    ("suite_editor", {"suite": "/nowhere"}, "There is no suite called"),
    ("sweeps", {"suite": "/nowhere"}, "There is no suite called"),
    ("sweeps", {"sweep": "nope"}, "There is no sweep with this id"),
    ("tuning", {"suite": "/nowhere"}, "There is no suite called"),
    ("guide", {"page": "nope"}, "There is no page of the guide called"),
]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_an_empty_home(page: str, empty_home: Path) -> None:
    app = open_page(page)
    assert not app.exception
    assert app.title or app.error


@pytest.mark.parametrize(("page", "query", "expected"), PARTS, ids=lambda value: str(value)[:60])
def test_every_part_of_a_page_opens_on_a_full_home(
    page: str, query: dict[str, str], expected: str, full_home: Path
) -> None:
    app = open_page(page, **query)
    assert not app.exception
    assert expected in words_of(app).replace("\\", "")


@pytest.mark.parametrize(("page", "query", "expected"), REFUSED, ids=lambda value: str(value)[:60])
def test_an_unknown_id_is_refused_with_a_message(
    page: str, query: dict[str, str], expected: str, full_home: Path
) -> None:
    app = open_page(page, **query)
    assert not app.exception
    assert expected in words_of(app).replace("\\", "")


def test_every_page_of_the_folder_is_tried() -> None:
    of_its_own = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert set(PAGES) - {page for page, _, _ in PARTS} - of_its_own == {"guide"}


def test_a_filled_home_answers_a_question_with_numbered_sources(full_home: Path) -> None:
    app = open_page("ask", corpus="depot")
    app.text_area(key="question").set_value("Within how many days is a defective item refunded?")
    app.button[-1].click().run()
    assert not app.exception
    assert "42 days" in words_of(app)
    assert "#ask-source-1" in words_of(app)


@pytest.mark.parametrize(("question", "expected"), [("   ", "empty or blank"), ("x" * 100_001, "100,001 characters")])
def test_a_question_that_is_none_is_refused(question: str, expected: str, full_home: Path) -> None:
    app = open_page("ask", corpus="depot")
    app.text_area(key="question").set_value(question)
    app.button[-1].click().run()
    assert not app.exception
    assert expected in app.error[0].value.replace("\\", "")


def test_saved_defaults_are_shown_and_can_be_taken_back(empty_home: Path) -> None:
    app = open_page("settings")
    app.number_input(key="field-top_k").set_value(7)
    app.button[-1].click().run()
    assert "**7**" in words_of(app)
    next(b for b in app.button if b.label.startswith("Back to")).click().run()
    assert "These are the shipped defaults" in words_of(app)


def test_settings_that_contradict_each_other_are_refused(empty_home: Path) -> None:
    app = open_page("settings")
    app.number_input(key="field-chunk_overlap").set_value(2000)
    app.button[-1].click().run()
    assert "must be smaller than chunk_size" in app.error[0].value.replace("\\", "")
