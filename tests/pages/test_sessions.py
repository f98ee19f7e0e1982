"""Conversations beside the Ask screen: listed, opened, searched, forgotten."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from engine.store import open_store
from engine.store.sessions import SessionStore


def _draw() -> None:
    import streamlit as st

    from engine.store import open_store
    from pages.ui.sessions import draw_conversations, draw_turns

    with open_store() as store:
        session = draw_conversations(store)
        draw_turns(store, session)
        st.text(f"open: {session}")


def open_list(session: str = "") -> AppTest:
    app = AppTest.from_function(_draw, default_timeout=30)
    if session:
        app.query_params["session"] = session
    return app.run()


def address(app: AppTest) -> str:
    """The id in the address."""
    value = dict(app.query_params).get("session", "")
    return value if isinstance(value, str) else "".join(value)


def fill(count: int) -> None:
    with open_store() as store:
        for number in range(count):
            SessionStore(store).record_turn(
                f"s{number}", f"# Question *{number}*", "<script>a</script>", corpus="c", standalone="whole question"
            )


def test_without_conversations_it_says_so_and_a_new_one_can_begin(empty_home: Path) -> None:
    app = open_list()
    assert not app.exception and any("No conversations yet" in caption.value for caption in app.caption)
    app.button(key="conversation-new").click().run()
    assert not app.exception and len(address(app)) == 12 and app.text[0].value == f"open: {address(app)}"
    assert not [button for button in app.button if button.key == "conversation-forget"]


def test_a_conversation_is_opened_shown_and_forgotten_after_a_second_click(empty_home: Path) -> None:
    fill(12)
    app = open_list()
    assert not app.exception
    assert len([b for b in app.button if (b.key or "").startswith("conversation-s")]) == 10
    app.button(key="conversation-s11").click().run()
    assert address(app) == "s11" and app.text[0].value == "open: s11"
    assert any("Searched as: whole question" in caption.value for caption in app.caption)
    app.button(key="conversation-forget").click().run()
    app.button(key="conversation-keep").click().run()
    with open_store() as store:
        assert SessionStore(store).count_sessions() == 12
    app.button(key="conversation-forget").click().run()
    app.button(key="conversation-forget-now").click().run()
    assert not app.exception and address(app) == ""
    with open_store() as store:
        assert SessionStore(store).count_sessions() == 11 and SessionStore(store).load_history("s11") == []


def test_an_address_with_an_odd_id_opens_an_empty_conversation(empty_home: Path) -> None:
    for session in ("../../", "💬", "'; DROP TABLE turns; --", "x" * 10_000):
        app = open_list(session)
        assert not app.exception and app.text[0].value == f"open: {session}"
