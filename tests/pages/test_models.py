"""The Models section of Settings: providers are added, tested, ordered, switched and removed, and asked when told to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.bench.scripted_model import ScriptedModel
from engine.providers.chain import open_chain
from engine.store import open_store
from engine.store.liveness import utc_now
from engine.store.providers import ProviderStore
from engine.store.requests import RequestStore
from engine.views.providers import describe_answering, let_models_answer, load_form_fields, load_provider_cards
from tests.pages.conftest import open_page, words_of


def fill(app: AppTest, **fields: str) -> AppTest:
    for label, value in fields.items():
        next(f for f in app.text_input if f.label == label).set_value(value)
    return press(app, "Save")


def press(app: AppTest, label: str, key: str = "") -> AppTest:
    return next(b for b in app.button if b.label == label and key in (b.key or "")).click().run(timeout=60)


def said(app: AppTest) -> str:
    return words_of(app).replace("\\", "").replace("\u2060", "")


def names() -> list[str]:
    with open_store() as store:
        return [spec.name for spec in ProviderStore(store).list_providers()]


def test_a_provider_goes_through_its_life_on_the_screen(empty_home: Path) -> None:
    app = open_page("settings", show="Models")
    assert "No model is set up" in said(app)
    with ScriptedModel(reply="yes", model="as-answered") as server:
        fill(app)  # the preset of Ollama as it is
        app.selectbox(key="provider-preset").set_value("OpenAI-compatible address").run()
        fill(app, Name="mine", Model="hosted_vllm/x", Address=server.address)
        assert names() == ["ollama", "mine"] and "No model is asked yet" in said(app)
        press(app, "Test", "mine")
        assert "mine answers" in said(app) and "as-answered" in said(app)
        server.script.steady = "expired"
        press(app, "Test", "mine")
        assert "refused the key" in said(app) and "expired" in said(app)
    press(app, "Earlier", "mine")
    assert names() == ["mine", "ollama"]
    press(app, "Let these models answer")
    assert "Models answer, in this order." in said(app)
    press(app, "Switch off", "ollama")
    assert "switched off" in said(app)
    press(app, "Remove it", "ollama")
    assert names() == ["mine"] and not app.exception


def test_what_cannot_be_is_said_and_not_saved(empty_home: Path) -> None:
    app = open_page("settings", show="Models")
    for label, value, words in (
        ("Address", "localhost:1", "no http address"),
        ("Variable of the key", "sk-1 2", "not the name of an environment variable"),
        ("Name", "<b>", "cannot be called"),
        ("Model", "", "needs its model"),
    ):
        before = next(f for f in app.text_input if f.label == label).value
        fill(app, **{label: value})
        assert words in said(app) and names() == [] and not app.exception
        next(f for f in app.text_input if f.label == label).set_value(before)


def test_a_second_of_a_preset_gets_a_name_of_its_own_and_a_taken_name_is_refused(empty_home: Path) -> None:
    app = fill(open_page("settings", show="Models"))
    assert next(f for f in app.text_input if f.label == "Name").value == "ollama-2"
    fill(app, Name="ollama")
    assert "There is a provider called ollama already" in said(app) and names() == ["ollama"]
    assert load_form_fields("OpenAI", None, ("openai", "openai-2"))["name"] == "openai-3"


def test_who_answers_follows_settings_and_variables(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(open_page("settings", show="Models"))
    with open_store() as store:
        assert describe_answering(store).can_begin
        monkeypatch.setenv("PHASEGATE_PROVIDER", "extractive")
        forced = describe_answering(store)
        assert not forced.can_begin and "PHASEGATE_PROVIDER" in forced.words
        monkeypatch.delenv("PHASEGATE_PROVIDER")
        let_models_answer(store, "ann")
        assert describe_answering(store).by_model
        [card] = load_provider_cards(store)
        assert (card.state, card.first, card.last) == ("unused", True, True)


def test_an_open_breaker_of_another_process_is_left_alone_until_its_cool_down_is_over(empty_home: Path) -> None:
    fill(open_page("settings", show="Models"))
    with open_store() as store:
        opened = {"change_id": "1", "provider": "ollama", "state": "open", "reason": "5 of the last 5 calls failed"}
        RequestStore(store).add_rows("breaker_changes", [{**opened, "changed_at": utc_now() - timedelta(minutes=1)}])
        assert [card.state for card in load_provider_cards(store)] == ["due"]
        again = {**opened, "change_id": "2", "changed_at": utc_now() + timedelta(minutes=1)}
        RequestStore(store).add_rows("breaker_changes", [again])
        assert [card.state for card in load_provider_cards(store)] == ["open"]
    assert "left alone" in said(open_page("settings", show="Models"))


def test_a_model_that_was_opened_and_not_asked_is_not_said_to_be_answering(empty_home: Path) -> None:
    fill(open_page("settings", show="Models"))
    with open_store() as store:
        [spec] = ProviderStore(store).list_providers()
        chain = open_chain("", [spec])
        assert chain.describe()[0]["state"] == "closed"
        [card] = load_provider_cards(store)
        assert (card.state, card.figures) == ("unused", "No calls in the last 24 hours.")
