"""The Prompts section of Settings: versions, saving, differences, a trial."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from engine.bench.scripted_model import ScriptedModel
from engine.corpora import ingest_corpus, record_ingest
from engine.settings import PipelineSettings
from engine.store import PreferenceStore, open_store
from engine.store.prompts import PromptStore
from engine.store.providers import ProviderStore
from tests.pages.conftest import open_page, words_of

GOOD = "A customer may return unopened boxes within 42 days of delivery [1]."


def field(app: AppTest, label: str) -> object:
    return next(f for f in [*app.text_input, *app.text_area] if f.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> str:
    return words_of(app).replace("\\", "").replace("\u2060", "")


def test_a_changed_text_with_a_note_becomes_the_next_version_with_its_difference(empty_home: Path) -> None:
    app = open_page("settings", show="Prompts")
    system = field(app, "System")
    system.set_value(system.value.replace("at most three sentences", "one sentence"))  # type: ignore[attr-defined]
    field(app, "What was changed").set_value("Shorter answers.")  # type: ignore[attr-defined]
    app.run()
    press(app, "Save as the next version")
    assert "Saved: answer@2" in said(app) and "Shorter answers." in said(app)
    assert any("+chosen" in c.value or "one sentence" in c.value for c in app.code), "the difference is shown"
    with open_store() as store:
        assert PromptStore(store).list_prompts()[0]["version"] == 2


def test_a_text_that_cannot_be_asked_with_is_not_saved_and_says_why(empty_home: Path) -> None:
    app = open_page("settings", show="Prompts")
    field(app, "User").set_value("Question: {question} {colour}")  # type: ignore[attr-defined]
    field(app, "What was changed").set_value("A colour.")  # type: ignore[attr-defined]
    app.run()
    press(app, "Save as the next version")
    assert "{colour}" in said(app)
    with open_store() as store:
        assert PromptStore(store).list_prompts() == []


def test_a_text_is_tried_with_the_saved_model_before_it_is_saved(empty_home: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.txt").write_text("A customer may return unopened boxes within 42 days of delivery.\n")
    with ScriptedModel(reply=GOOD) as server, open_store() as store:
        record_ingest(store, ingest_corpus("shop", [tmp_path / "policy.txt"], PipelineSettings()), PipelineSettings())
        ProviderStore(store).save_provider(server.make_spec(), "Ada")
        PreferenceStore(store).save_preference("pipeline", {"provider": "litellm", "model": "scripted"})
        app = open_page("settings", show="Prompts")
        field(app, "Question").set_value("How long may a customer return unopened boxes?")  # type: ignore[attr-defined]
        press(app, "Try it")
        assert "within 42 days of delivery." in said(app)
        assert any("4 of 4 checks passed" in e.label for e in app.expander)
        assert len(server.calls) == 1
