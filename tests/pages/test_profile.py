"""The section Profile of Settings: what is in force, and changing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.providers.specs import ProviderSpec
from engine.saved_profile import load_saved
from engine.store import AuditTrail, open_store
from engine.store.providers import ProviderStore
from engine.views.profile import load_profile_view
from engine.views.providers import let_models_answer
from tests.pages.conftest import open_page, words_of


def test_with_nothing_chosen_it_shows_the_default_and_why_answers_are_extractive(empty_home: Path) -> None:
    app = open_page("settings", show="Profile")
    assert not app.exception
    assert "nobody has chosen" in words_of(app)
    assert "dev\\_balanced" in words_of(app)


def test_it_says_that_models_answer_where_the_pipeline_s_setting_asks_them(empty_home: Path) -> None:
    with open_store() as store:
        ProviderStore(store).save_provider(ProviderSpec(name="house", model="openai/any"), "ann")
        let_models_answer(store, "ann")
        view = load_profile_view(store)
    assert view.note.startswith("Answers come from the saved providers") and "Settings screen" in view.note
    [validators] = [row for row in view.pipeline if row.name == "validators"]
    assert (validators.value, validators.origin, validators.profile_value) == ("2", "profile dev_balanced", "0")


def test_a_saved_environment_is_in_force_and_leaves_an_entry_with_its_reason(empty_home: Path) -> None:
    app = open_page("settings", show="Profile")
    app.selectbox(key="profile-environment").select("prod")
    app.number_input(key="profile-concurrency").set_value(7)
    next(field for field in app.text_input if field.label == "Why").input("rehearsal")
    next(button for button in app.button if button.label == "Save").click()
    app.run()
    assert not app.exception
    assert "prod\\_balanced" in words_of(app)
    with open_store() as store:
        assert load_saved(store) == {"environment": "prod", "concurrency": 7}
        assert AuditTrail(store).list_entries("profile")[0]["reason"] == "rehearsal"


def test_a_variable_that_cannot_be_is_shown_and_the_screen_goes_on(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_ENV", "production")
    app = open_page("settings", show="Profile")
    assert not app.exception
    assert "production" in words_of(app)
    assert "dev\\_balanced" in words_of(app)


def test_two_profiles_are_compared_from_the_address(empty_home: Path) -> None:
    app = open_page("settings", show="Profile", left="dev_cost", right="prod_quality")
    frames = [
        frame.value for frame in app.dataframe if list(frame.value.columns) == ["field", "dev_cost", "prod_quality"]
    ]
    assert frames and "validators" in list(frames[0]["field"])
