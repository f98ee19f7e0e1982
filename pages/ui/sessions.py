"""Earlier conversations beside the Ask screen: open one, begin a new one, forget one."""

from __future__ import annotations

import uuid

import streamlit as st

from engine.store import Store
from engine.store.sessions import SessionStore
from engine.views.sessions import ConversationRow, ConversationTurn, is_kept, load_conversation, load_conversations
from engine.views.words import clock, plural
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_runtime, get_zone
from pages.ui.states import shown_errors

PARAMETER = "session"
_TITLE = 60


def draw_conversations(store: Store, owner: str = "") -> str:
    """The list of earlier conversations with its buttons; the id of the open one, which stands in the address.

    Args:
        owner: show only this person's; all of this installation's when empty.
    """
    opened = st.query_params.get(PARAMETER, "")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("New conversation", icon=":material/add_comment:", key="conversation-new"):
            _open(uuid.uuid4().hex[:12])
        if opened and is_kept(store, opened):
            _draw_forget(store, opened)
    if st.session_state.get(f"conversation-forgetting-{opened}"):
        st.caption(
            "Deletes its turns, the requests that asked them and the answers kept for them. It cannot be undone."
        )
    search = st.text_input(
        "Search conversations", key="conversation-search", placeholder="Words of a question or answer"
    )
    page = int(st.session_state.get("conversation-page", 1))
    view = load_conversations(store, owner, search=search, page=page)
    if not view.rows:
        st.caption(escape(view.empty))
    for row in view.rows:
        _draw_row(row, opened)
    if view.pages > 1:
        st.pagination(view.pages, key="conversation-page")
    return opened


def draw_turns(store: Store, session: str) -> tuple[ConversationTurn, ...]:
    """What was asked and answered so far in a conversation."""
    turns = load_conversation(store, session)
    for turn in turns:
        with st.chat_message("user"):
            st.markdown(escape(turn.question))
        with st.chat_message("assistant"):
            st.markdown(escape(turn.answer))
            if turn.standalone:
                st.caption(f"Searched as: {escape(turn.standalone)}")
    return turns


def _draw_row(row: ConversationRow, opened: str) -> None:
    title = row.title if len(row.title) <= _TITLE else row.title[:_TITLE] + " …"
    if st.button(
        escape(title) or "(no words)",
        key=f"conversation-{row.session}",
        type="secondary" if row.session == opened else "tertiary",
        icon=":material/chat:" if row.session == opened else ":material/chat_bubble:",
        help=f"{plural(row.turns, 'question')}, {escape(row.corpus) or 'no corpus'}, {clock(row.last_at, get_zone())}",
    ):
        _open(row.session)


def _draw_forget(store: Store, session: str) -> None:
    """Two clicks: the first one asks. The list may stand in a popover, which can hold no second one."""
    asking = f"conversation-forgetting-{session}"
    if not st.session_state.get(asking):
        if st.button("Forget", icon=":material/delete:", key="conversation-forget"):
            st.session_state[asking] = True
            st.rerun()
        return
    if st.button("Really forget", type="primary", icon=":material/delete_forever:", key="conversation-forget-now"):
        st.session_state.pop(asking)
        with shown_errors():
            gone = SessionStore(store).forget(session, get_person())
            get_runtime().cache.clear_memory()  # what it still holds was kept for some of these turns
            st.toast(f"Forgotten: {plural(gone.turns, 'turn')} and {plural(gone.requests, 'request')}.")
            _open("")
    if st.button("Keep it", key="conversation-keep"):
        st.session_state.pop(asking)
        st.rerun()


def _open(session: str) -> None:
    """Put the id into the address and begin anew with it."""
    if session:
        st.query_params[PARAMETER] = session
    else:
        st.query_params.pop(PARAMETER, None)
    st.rerun()
