"""The Roadmap screen: waiving, ticking, signing, editing, and what each of them refuses."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.roadmap.editing import open_draft, save_draft
from engine.roadmap.edits import edit_phase
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import home_roadmaps, load_roadmap
from engine.roadmap.sign_offs import sign_phase
from engine.roadmap.waivers import give_waiver
from engine.store import DecisionStore, open_store
from tests.engine.roadmap.seeded import insert_run
from tests.engine.roadmap.test_gates import MEMORY, stories
from tests.pages.conftest import open_page, words_of

NARRATIVE = {"roadmap": "narrative-agent", "phase": "2"}
LINK = "https://tickets.example.org/17"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which phase 2 of narrative-agent misses its success rate alone."""
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    monkeypatch.setenv("PHASEGATE_USER", "Ann")
    with open_store() as store:
        insert_run(store, itertools.count(), "r1", "stories", stories(passed=60), memory=MEMORY)
    return tmp_path


def said(app: AppTest) -> str:
    assert not app.exception
    return words_of(app).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def waive_success_rate() -> None:
    with open_store() as store:
        until = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=9)
        roadmap = load_roadmap("narrative-agent")
        give_waiver(store, roadmap, 2, "success_rate", who="Bob", reason="the pilot has ten users", until=until)


def test_a_missed_goal_is_waived_and_the_screen_says_so(home: Path) -> None:
    app = open_page("roadmap", **NARRATIVE)
    assert "6 of 7 goals met, 1 missed" in said(app) and "cannot be signed: of its 7 goals 1 missed" in said(app)
    app.text_area(key="narrative-agent-2-success_rate-reason").set_value("the pilot has ten users")
    press(app, "Give the waiver")
    assert "6 of 7 goals met, 1 waived" in said(app)
    assert "Waived until" in said(app) and "Waived by Ann" in said(app) and "Fail" in said(app)
    press(app, "End it now")
    assert "6 of 7 goals met, 1 missed" in said(app)


def test_a_waiver_without_a_reason_is_refused_on_the_screen(home: Path) -> None:
    app = press(open_page("roadmap", **NARRATIVE), "Give the waiver")
    assert "A waiver needs a reason of at least 3 words, found 0" in said(app)
    with open_store() as store:
        assert DecisionStore(store).list_waivers() == []


def test_a_passing_phase_is_signed_and_the_signature_is_shown_as_current(home: Path) -> None:
    waive_success_rate()
    app = open_page("roadmap", **NARRATIVE)
    assert "It passes with waivers: Success rate on real content" in said(app)
    app.text_input(key="sign-role").set_value("QA lead")
    press(app, "Sign")
    assert "Signed, current" in said(app) and "Ann**, QA lead" in said(app)
    press(app, "Sign")
    with open_store() as store:
        assert len(DecisionStore(store).list_sign_offs()) == 1


def test_evidence_that_changed_while_the_form_was_open_is_not_signed(home: Path) -> None:
    waive_success_rate()
    app = open_page("roadmap", **NARRATIVE)
    with open_store() as store:
        insert_run(store, itertools.count(1), "r2", "stories", stories(passed=61), memory=MEMORY)
    press(app, "Sign")
    assert "has changed since you saw it" in said(app) and "run r2 is newer" in said(app)
    with open_store() as store:
        assert DecisionStore(store).list_sign_offs() == []
    press(app, "Sign")
    assert "Signed, current" in said(app)


def test_a_signature_over_older_evidence_says_what_has_changed(home: Path) -> None:
    waive_success_rate()
    with open_store() as store:
        sign_phase(store, load_roadmap("narrative-agent"), 2, who="Bob")
        insert_run(store, itertools.count(1), "r2", "stories", stories(passed=61), memory=MEMORY)
    assert "Signed, evidence has changed" in said(open_page("roadmap", **NARRATIVE))
    assert "run r2 is newer" in said(open_page("roadmap", **NARRATIVE))


@pytest.mark.parametrize("show", ["Gate", "Checklist"])
def test_a_goal_that_a_person_confirms_is_ticked_with_a_link(home: Path, show: str) -> None:
    app = open_page("roadmap", roadmap="customer-service-agent", phase="2", show=show)
    key = f"tick-{'gate' if show == 'Gate' else 'list'}-customer-service-agent-order_flow"
    saves = [button for button in app.button if button.label == "Save" and str(button.proto.form_id) == key]
    saves[0].click().run()
    assert "a tick needs a link" in said(app)
    app.text_input(key=f"{key}-link").set_value("javascript:alert(1)")
    next(b for b in app.button if b.label == "Save" and str(b.proto.form_id) == key).click().run()
    assert "begins with http" in said(app)
    app.text_input(key=f"{key}-link").set_value(LINK)
    next(b for b in app.button if b.label == "Save" and str(b.proto.form_id) == key).click().run()
    assert "icked by Ann" in said(app)
    with open_store() as store:
        goals = check_gate(load_roadmap("customer-service-agent"), 2, store).goals
    assert next(g for g in goals if g.kpi == "order_flow").verdict == "pass"


def open_goals(**query: str) -> AppTest:
    return open_page("roadmap", **NARRATIVE, show="Edit", **query)


def change_goal(app: AppTest, value: float) -> AppTest:
    field = next(f for f in app.number_input if f.label == "Goal of Success rate on real content")
    field.set_value(value).run()
    assert not app.exception
    return app


def test_the_effect_of_an_edit_is_shown_before_it_is_saved(home: Path) -> None:
    app = open_goals()
    assert "Nothing is changed yet" in said(app)
    change_goal(app, 70)
    assert "This change would turn the gate of Phase 2: Performance optimisation from fail to pass" in said(app)
    assert "Success rate on real content of phase 2: > 0.75 → > 0.7" in said(app)
    press(app, "Save the changes")
    assert "A change of a roadmap needs a reason" in said(app)
    assert not list(home_roadmaps().glob("*.yaml"))
    app.text_input(key="edit-reason-narrative-agent").set_value("agreed in the meeting")
    press(app, "Save the changes")
    assert "Edited, differs from the shipped one" in said(app) and "7 of 7 goals met" in said(app)
    history = open_page("roadmap", **NARRATIVE, show="History")
    row = history.dataframe[0].value.iloc[0]
    assert (row["Who"], row["What"], row["Change"], row["Why"]) == ("Ann", "goal changed", "> 0.75 → > 0.7", "agreed in the meeting")  # fmt: skip


def test_an_edit_survives_a_look_at_another_part_and_discard_forgets_it(home: Path) -> None:
    app = change_goal(open_goals(), 70)
    app.segmented_control(key="part").set_value("Risks").run()
    assert "> 0.75 → > 0.7" in said(app)
    app.segmented_control(key="part").set_value("Goals").run()
    assert next(f for f in app.number_input if f.label.startswith("Goal of Success")).value == 70
    press(app, "Discard")
    assert "Nothing is changed yet" in said(app)


def test_the_second_of_two_editors_loses_nothing(home: Path) -> None:
    app = change_goal(open_goals(), 70)
    with open_store() as store:
        theirs = edit_phase(open_draft("narrative-agent"), 3, title="Theirs")
        save_draft(store, theirs, who="Bob", reason="agreed with the team")
    app.text_input(key="edit-reason-narrative-agent").set_value("agreed in the meeting")
    press(app, "Save the changes")
    assert "was saved by Bob" in said(app) and "> 0.75 → > 0.7" in said(app)
    press(app, "Put my changes on top of theirs")
    press(app, "Save the changes")
    saved = load_roadmap("narrative-agent")
    assert saved.phases[2].title == "Theirs"
    assert next(g.label for g in saved.phases[1].goals if g.kpi == "success_rate") == "> 0.7"


def test_a_goal_is_added_and_removed(home: Path) -> None:
    app = open_goals()
    app.selectbox(key=next(s.key for s in app.selectbox if s.label.startswith("Another goal"))).set_value(
        "critical_errors"
    ).run()
    press(app, "Add the goal")
    assert "goal added: Critical errors" in said(app)
    app.button(key=next(b.key for b in app.button if str(b.key).endswith("remove-critical_errors"))).click().run()
    assert "Nothing is changed yet" in said(app)


def test_every_part_of_the_form_opens_unchanged(home: Path) -> None:
    for roadmap in ("narrative-agent", "operations-agent"):
        app = open_page("roadmap", roadmap=roadmap, phase="2", show="Edit")
        for part in ("Phase", "KPIs", "Checklist", "Risks", "Roadmap", "Goals"):
            app.segmented_control(key="part").set_value(part).run()
            assert "Nothing is changed yet" in said(app), (roadmap, part)


def test_phase_kpis_risks_and_checklist_are_changed_by_their_forms(home: Path) -> None:
    app = open_goals(part="Risks")
    next(f for f in app.text_input if f.label == "Owner").set_value("Bob").run()
    app.segmented_control(key="part").set_value("KPIs").run()
    next(f for f in app.text_input if f.label == "Title").set_value("Cases that pass").run()
    app.selectbox(key="kpi-choice-narrative-agent").set_value("error_rate").run()
    next(f for f in app.text_input if f.label == "Title").set_value("Errors").run()
    app.segmented_control(key="part").set_value("Checklist").run()
    next(f for f in app.text_input if f.label == "Another item").set_value("Ask the lawyers").run()
    press(app, "Add the item")
    app.segmented_control(key="part").set_value("Phase").run()
    next(f for f in app.text_input if f.label == "Title").set_value("Faster").run()
    app.text_input(key="edit-reason-narrative-agent").set_value("agreed in the meeting")
    press(app, "Save the changes")
    saved = load_roadmap("narrative-agent")
    assert (saved.risks[0].owner, saved.phases[1].title) == ("Bob", "Faster")
    assert (saved.kpi("success_rate").title, saved.kpi("error_rate").title) == ("Cases that pass", "Errors")
    assert saved.phases[1].checklist[-1].text == "Ask the lawyers"


def test_a_change_that_breaks_the_format_is_named_and_can_be_discarded(home: Path) -> None:
    app = open_goals(part="KPIs")
    press(app, "Remove it")
    assert "expected one of the KPIs" in said(app)
    assert next(b for b in app.button if b.label == "Save the changes").disabled
    press(app, "Discard")
    assert "Nothing is changed yet" in said(app)


def test_a_broken_copy_is_shown_with_its_line_and_can_be_taken_away(home: Path) -> None:
    home_roadmaps().mkdir()
    (home_roadmaps() / "narrative-agent.yaml").write_text("name: narrative-agent\nmood: good\n")
    app = open_page("roadmap")
    assert "narrative-agent.yaml, line" in said(app)
    app.text_input(key="revert-why-narrative-agent").set_value("it cannot be read")
    press(app, "Go back to the shipped one")
    assert load_roadmap("narrative-agent").title == "Writing agent with long-form memory"


def test_a_new_roadmap_is_made_on_the_screen(home: Path) -> None:
    app = open_goals()
    app.text_input(key="new-name").set_value("my-plan")
    app.text_input(key="new-title").set_value("My plan")
    press(app, "Make it")
    assert load_roadmap("my-plan").title == "My plan"


def test_the_overview_names_the_phase_of_a_missed_goal(home: Path) -> None:
    """The tile of a KPI may pass in the phase at hand while the goal of a later phase is missed."""
    assert "**Success rate on real content** in phase 2:" in said(open_page("overview", roadmap="narrative-agent"))


def test_the_overview_tells_waived_goals_from_met_ones(home: Path) -> None:
    waive_success_rate()
    app = open_page("overview", roadmap="narrative-agent")
    assert "6 of 7 goals met, 1 waived" in said(app) and "Waived until" in said(app)
