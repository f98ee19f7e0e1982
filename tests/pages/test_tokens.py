"""The API section of Settings: no token, a new one shown once, revoking."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.store import open_store
from engine.store.tokens import TokenStore
from tests.pages.conftest import open_page, words_of


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))


def open_section() -> AppTest:
    app = open_page("settings", show="API")
    assert not app.exception
    return app


def test_without_a_token_it_says_who_may_come_in_and_how_it_is_called() -> None:
    app = open_section()
    assert "No token has been created" in app.info[0].value.replace("\\", "")
    assert "No token" in words_of(app)
    assert app.code[0].value.startswith("curl") and "Authorization" not in app.code[0].value


def test_a_new_token_is_shown_once_and_kept_as_a_hash() -> None:
    app = open_section()
    next(field for field in app.text_input if field.label == "Name").set_value("<b>ci</b>")
    app = next(button for button in app.button if button.label == "Create").click().run()
    assert not app.exception
    with open_store() as store:
        (record,) = TokenStore(store).list_tokens()
    assert (record.name, record.scopes) == ("<b>ci</b>", ("ask", "read")) and record.expires_at is not None
    shown = [block.value for block in app.code if block.value.startswith("pgt_")]
    assert len(shown) == 1 and "\\<b\\>ci" in words_of(app)
    assert not [block for block in app.run().code if block.value.startswith("pgt_")]


def test_a_name_that_is_missing_is_said_and_nothing_is_created() -> None:
    app = open_section()
    app = next(button for button in app.button if button.label == "Create").click().run()
    assert "name" in app.error[0].value
    with open_store() as store:
        assert TokenStore(store).list_tokens() == []


def test_a_token_is_revoked_once_that_is_confirmed() -> None:
    with open_store() as store:
        TokenStore(store).create_token("ci", ["ask"], "Ada")
    app = open_section()
    assert "1 token holds" in app.info[0].value
    app = next(button for button in app.button if button.label == "Revoke").click().run()
    app = app.button(key="revoke-confirmed").click().run()
    assert not app.exception
    with open_store() as store:
        assert TokenStore(store).list_tokens()[0].state() == "revoked"
