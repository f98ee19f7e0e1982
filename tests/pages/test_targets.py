"""The Targets screen: empty, filled, a new target, a trial, saving and deleting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.store import TargetStore, open_store
from tests.engine.evaluation.misbehaving import serve_misbehaving
from tests.pages.conftest import open_page, words_of

SECRET = "sk-live-1f2e3d4c5b"


def save(name: str, **config: Any) -> None:
    with open_store() as store:
        TargetStore(store).save_target(name, config, "Ada")


def saved(name: str) -> dict[str, Any]:
    with open_store() as store:
        config = TargetStore(store).load_target(name)["config"]
        assert isinstance(config, dict)
        return config


def said(app: AppTest) -> str:
    return words_of(app).replace("\\", "").replace("\u2060", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def fill(app: AppTest, label: str, value: str) -> None:
    fields = [*app.text_input, *app.text_area]
    next(field for field in fields if field.label == label).set_value(value)


def test_without_a_target_the_screen_says_what_one_is_and_how_to_set_one_up(empty_home: Path) -> None:
    app = open_page("targets")
    assert "No system of your own yet" in said(app)
    assert {"HTTP endpoint", "Python callable"} <= {button.label for button in app.button}


def test_saved_targets_are_listed_with_what_they_lack(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    save("bot", kind="http", url="http://bot/ask", headers={"Authorization": "Bearer ${BOT_TOKEN}"})
    save("broken", kind="http", url="ftp://bot")
    app = open_page("targets")
    assert not app.exception
    words = said(app)
    assert "http://bot/ask" in words
    assert "BOT_TOKEN is not set in the environment of this app" in words
    assert "expected an address that begins with http:// or https://" in words


def test_an_endpoint_is_tried_before_it_is_saved_and_then_saved(empty_home: Path) -> None:
    with serve_misbehaving() as server:
        app = open_page("targets", new="http")
        fill(app, "Name", "bot")
        fill(app, "Address", f"{server.address}/answer")
        fill(app, "Question", "Within how many days?")
        app.run()
        press(app, "Ask")
        assert not app.exception
        assert server.reply["answer"] in said(app)
        assert "No suite was chosen" in said(app)
        assert server.requests[-1]["body"] == {"question": "Within how many days?"}
        assert any("Within how many days?" in block.value for block in app.code)
        press(app, "Save")
        assert not app.exception
        assert "Saved." in said(app)
    assert saved("bot")["url"].endswith("/answer")


@pytest.mark.parametrize(
    ("path", "expected"), [("html", "expected JSON, found HTML"), ("error", "failed (HTTP status 500)")]
)
def test_a_trial_that_fails_says_why(path: str, expected: str, empty_home: Path) -> None:
    with serve_misbehaving() as server:
        save("bot", kind="http", url=f"{server.address}/{path}", limits={"attempts": 1})
        app = open_page("targets", target="bot")
        fill(app, "Question", "Within how many days?")
        app.run()
        press(app, "Ask")
        assert not app.exception
        assert expected in said(app)


def test_a_callable_is_tried_and_what_it_printed_is_shown(empty_home: Path, tmp_path: Path) -> None:
    (tmp_path / "page_bot.py").write_text("def answer(question):\n    print('noise')\n    return 'Nine.'\n")
    app = open_page("targets", new="callable")
    fill(app, "Callable", "page_bot:answer")
    fill(app, "Folder", str(tmp_path))
    fill(app, "Question", "When?")
    app.run()
    press(app, "Ask")
    assert not app.exception
    assert "Nine." in said(app)
    assert "Contexts: the target returns no contexts." in said(app)
    assert any("noise" in block.value for block in app.code)


@pytest.mark.parametrize(
    ("label", "value", "expected"),
    [
        ("Headers", f"Authorization: Bearer {SECRET}", "expected the value from an environment variable"),
        ("Headers", SECRET, "Headers, line 1: expected Name: value."),
        ("Request", "{broken", "expected JSON, found broken JSON"),
        ("Address", "bot", "expected an address that begins with http:// or https://"),
        ("Answer", "a[[", "expected a JMESPath expression"),
    ],
)
def test_a_form_that_cannot_be_used_is_not_saved(label: str, value: str, expected: str, empty_home: Path) -> None:
    save("bot", kind="http", url="http://bot/ask")
    before = saved("bot")
    app = open_page("targets", target="bot")
    fill(app, label, value)
    app.run()
    press(app, "Save")
    assert expected in said(app)
    assert SECRET not in said(app)
    assert saved("bot") == before


def test_what_a_file_said_survives_the_form(empty_home: Path) -> None:
    save(
        "bot", kind="http", url="http://bot/ask", preset="openai-chat", model="small", abstain_phrases=["No idea"],
        request={"model": "small", "messages": ["x", "{messages}"]}, reply={"answer": "text", "tokens": ""},
        limits={"longest_wait_s": 7, "requests_per_second": 2.5},
    )  # fmt: skip
    press(open_page("targets", target="bot"), "Save")
    kept = saved("bot")
    assert kept["request"] == {"model": "small", "messages": ["x", "{messages}"]}
    assert (kept["reply"]["answer"], kept["reply"]["tokens"]) == ("text", "")
    assert (kept["limits"]["longest_wait_s"], kept["limits"]["requests_per_second"]) == (7, 2.5)
    assert (kept["abstain_phrases"], kept["model"]) == (["No idea"], "small")


def test_a_target_is_deleted_only_when_that_is_confirmed(empty_home: Path) -> None:
    save("bot", kind="callable", callable="a:b")
    app = open_page("targets", target="bot")
    press(app, "Delete")
    assert saved("bot")
    app.button(key="delete-confirmed").click().run()
    with open_store() as store:
        assert TargetStore(store).load_configs() == {}


def test_an_unknown_target_is_an_error_with_a_way_back(empty_home: Path) -> None:
    app = open_page("targets", target="nope")
    assert not app.exception
    assert "There is no target called 'nope'" in said(app)
