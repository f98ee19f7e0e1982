"""The Readiness screen: the score with its evidence, maturity, KPIs, confidence and checklists, and what each refuses."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.roadmap.checklists import tick_item
from engine.roadmap.roadmaps import home_roadmaps, load_roadmap
from engine.store import DecisionStore, open_store
from tests.engine.roadmap.seeded import insert_run
from tests.engine.roadmap.test_gates import MEMORY, stories
from tests.pages.conftest import open_page, words_of

LINK = "https://tickets.example.org/17"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two complete runs of the stories, the newer one better."""
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    monkeypatch.setenv("PHASEGATE_USER", "Ann")
    hours = itertools.count()
    with open_store() as store:
        insert_run(store, hours, "old", "stories", stories(passed=60), memory=MEMORY)
        insert_run(store, hours, "new", "stories", stories(passed=90), memory=MEMORY)
    return tmp_path


def said(app: AppTest) -> str:
    assert not app.exception
    return words_of(app).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("roadmap", "section", "words"),
    [
        ("customer-service-agent", "Score", "0 of 100 points proven, 100 more undecided; next:"),
        ("multi-agent", "Maturity", "a grade between E and A"),
        ("local-chat", "Maturity", "No maturity matrix"),
        ("multi-agent", "KPIs", "no difference is shown: the document's figures are claims"),
        ("operations-agent", "Confidence", "Nobody has said yet how sure the team is"),
        ("operations-agent", "Checklists", "A box that the document ticks decides nothing"),
    ],
)
def test_every_part_of_an_empty_home_says_what_is_missing(
    empty_home: Path, roadmap: str, section: str, words: str
) -> None:
    assert words in said(open_page("readiness", roadmap=roadmap, show=section))


def test_the_score_stands_with_its_range_and_its_evidence(home: Path) -> None:
    app = open_page("readiness", roadmap="narrative-agent")
    words = said(app)
    assert "of 100 points proven" in words and "points hold beyond chance" in words
    assert (
        "The document gives no weights" in words and "Earned" in words and "Missed" in words and "Not proven" in words
    )
    assert any(link.proto.label == "Run" and "new" in link.proto.query_string for link in app.get("page_link"))


def test_the_document_s_own_score_is_shown_as_a_claim(home: Path) -> None:
    assert "The document claims 55/100" in said(open_page("readiness", roadmap="customer-service-agent"))


def test_a_tick_on_the_screen_earns_points(home: Path) -> None:
    app = open_page("readiness", roadmap="customer-service-agent")
    key = "tick-proof-customer-service-agent-services-0-customer-service-agent-score-services"
    app.text_input(key=f"{key}-link").set_value(LINK)
    next(b for b in app.button if b.label == "Save" and b.form_id == key).click().run()
    words = said(app)
    assert "2.5 of 100 points proven" in words and "ticked by Ann" in words


def test_a_measured_level_stands_beside_the_claimed_one(home: Path) -> None:
    with open_store() as store:
        for item in ("p2-cache-tracking", "p2-metrics-history"):
            tick_item(store, load_roadmap("multi-agent"), item, who="Ann", link=LINK)
    app = open_page("readiness", roadmap="multi-agent", show="Maturity")
    assert "1 is still possible" in said(app)
    row = app.table[0].value.iloc[3].tolist()
    assert row[1] == "Good" and "Excellent" in row[2] and "●●○○ Good, at best Excellent" in row[3].replace("\\", "")


def test_kpis_are_held_against_a_chosen_run(home: Path) -> None:
    app = open_page("readiness", roadmap="narrative-agent", show="KPIs", against="old")
    words = said(app)
    assert "Held against run old" in words and "+21.4 points" in words and "better" in words
    assert "document: 33 %" in words  # the claim stays beside what was measured
    assert any(
        "runs=old%2Cnew" in link.proto.query_string for link in app.get("page_link") if link.proto.label == "Compare"
    )


def test_confidence_is_stated_and_drawn_against_the_plan(home: Path) -> None:
    app = open_page("readiness", roadmap="operations-agent", show="Confidence")
    app.number_input(key="confidence-operations-agent-value").set_value(90.0)
    app.text_input(key="confidence-operations-agent-note").set_value("load test passed")
    press(app, "Save")
    assert "Ann is 90.0 % sure" in said(app) and "2 points below the plan" in said(app)
    with open_store() as store:
        row = DecisionStore(store).list_confidence("operations-agent")[0]
    assert (row.value, row.note, row.who) == (0.9, "load test passed", "Ann")


def test_confidence_without_a_number_is_refused(home: Path) -> None:
    app = press(open_page("readiness", roadmap="operations-agent", show="Confidence"), "Save")
    assert "Give a number from 0 to 100" in said(app)
    with open_store() as store:
        assert DecisionStore(store).list_confidence("operations-agent") == []


def test_the_four_checklists_of_the_assessment_have_their_headings(home: Path) -> None:
    with open_store() as store:
        tick_item(store, load_roadmap("operations-agent"), "infrastructure-rbac", who="Ann", link=LINK)
    words = said(open_page("readiness", roadmap="operations-agent", show="Checklists"))
    assert all(f"##### {name}" in words for name in ("Performance", "Business", "Infrastructure", "Quality"))
    assert "1 of 5 done" in words and "ticked by Ann" in words and "needs the load drill" in words


def test_a_broken_roadmap_is_named_and_the_others_stay(home: Path) -> None:
    folder = home_roadmaps()
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("name: mine\n")
    words = said(open_page("readiness"))
    assert "mine.yaml" in words and "points proven" in words


def test_the_overview_leads_to_the_score(home: Path) -> None:
    app = open_page("overview")
    assert "of 100 points proven" in words_of(app).replace("\\", "")
    assert "See what counts" in [link.proto.label for link in app.get("page_link")]
