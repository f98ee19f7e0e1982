"""The API section of the Settings screen: tokens, and how the API is called."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import streamlit as st

from engine.store import Store
from engine.store.tokens import TokenStore
from engine.views.tokens import LIFETIMES, ApiView, TokenRow, load_api_view
from engine.views.words import ago, clock
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, shown_errors

CREATED = "token-created"
_BADGES = {"live": ("green", "key"), "expired": ("orange", "hourglass_bottom"), "revoked": ("gray", "key_off")}


def draw_api(store: Store) -> None:
    """Who may come in, the tokens, a form for a new one, and examples."""
    view = load_api_view(store, _find_address())
    st.markdown("##### Access", help="The same as `python -m engine tokens`.")
    st.info(escape(view.access), icon=":material/lock:" if view.needs_token else ":material/lock_open:")
    _draw_created()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("##### Tokens")
        if view.live:
            _draw_rows(store, view.live)
        else:
            draw_empty(
                "No token", "Create one for each program or person, so that each can be ended by itself.", icon="key"
            )
        if view.ended:
            with st.expander(f"Ended ({len(view.ended)})", icon=":material/key_off:"):
                _draw_rows(store, view.ended)
    with right:
        _draw_form(store, view)
    st.markdown("##### How it is called")
    chosen = st.segmented_control(
        "Example", list(view.examples), default="Ask", required=True, label_visibility="collapsed", key="api-example"
    )
    st.code(view.examples[str(chosen)], language="bash", wrap_lines=True)
    st.page_link(
        "pages/guide.py", label="The guide to the API", icon=":material/menu_book:", query_params={"page": "api"}
    )


def _draw_created() -> None:
    """A token that was just made: shown until the next thing is done, and never again."""
    made = st.session_state.pop(CREATED, None)
    if made is None:
        return
    with st.container(border=True):
        st.markdown(
            f"**{escape(made[0])}** is ready. Copy the token now: only its hash is kept, so it is not shown again."
        )
        st.code(made[1], language=None)


def _draw_rows(store: Store, rows: Sequence[TokenRow]) -> None:
    zone = get_zone()
    for row in rows:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            colour, icon = _BADGES[row.state]
            with st.container(gap=None):
                scopes = " ".join(f":gray-badge[{scope}]" for scope in row.scopes)
                st.markdown(f"**{escape(row.name)}** :{colour}-badge[:material/{icon}: {row.state}] {scopes}")
                st.caption(_say_times(row), help=f"Id {row.token_id}, made {clock(row.made_at, zone)}.")
            if row.state == "live" and st.button("Revoke", icon=":material/key_off:", key=f"revoke-{row.token_id}"):
                _confirm_revoke(store, row)


def _say_times(row: TokenRow) -> str:
    used = f"last used {ago(row.used_at)}" if row.used_at else "never used"
    if row.expires_at is None:
        ends = "holds until it is revoked"
    else:
        ends = ("ended " if row.state == "expired" else "holds until ") + clock(row.expires_at, get_zone())
    warning = ":orange[:material/warning: soon over] · " if row.ends_soon else ""
    return f"{warning}made by {escape(row.made_by)} · {used} · {ends}"


def _draw_form(store: Store, view: ApiView) -> None:
    st.markdown("##### New token")
    with st.form("new-token", clear_on_submit=True):
        name = st.text_input("Name", placeholder="prometheus", help="Who or what will use it.", max_chars=60)
        scopes = st.pills(
            "May",
            list(view.scopes),
            default=["ask", "read"],
            selection_mode="multi",
            help=" ".join(f"**{scope}**: {words}." for scope, words in view.scopes.items()),
        )
        lifetime = st.selectbox("Holds", list(LIFETIMES), index=1)
        if st.form_submit_button("Create", type="primary", icon=":material/key:"):
            with shown_errors():
                made = TokenStore(store).create_token(name, scopes or [], get_person(), days=LIFETIMES[lifetime])
                st.session_state[CREATED] = (made[1].name, made[0])
                st.rerun()


@st.dialog("Revoke this token?")
def _confirm_revoke(store: Store, row: TokenRow) -> None:
    st.markdown(f"Whoever uses **{escape(row.name)}** is refused from now on. This cannot be undone.")
    confirmed = st.button(
        "Revoke",
        type="primary",
        icon=":material/key_off:",
        key="revoke-confirmed",
        on_click=_revoke,
        args=(store, row.token_id, get_person()),
    )
    if confirmed:
        st.rerun()


def _revoke(store: Store, token_id: str, who: str) -> None:
    TokenStore(store).revoke_token(token_id, who)


def _find_address() -> str:
    """The address that the browser sees this server under."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "http://127.0.0.1:8501"
