"""Who is at this browser. The name is kept for the session; the first guess is the name the app runs under."""

from __future__ import annotations

import streamlit as st

from engine.identity import find_person


def get_person() -> str:
    """The name that this browser's labels, edits and sign-offs carry."""
    return str(st.session_state.get("person") or find_person())


def draw_person() -> None:
    """A field in the sidebar to say who you are."""
    named = st.text_input(
        "You are",
        value=get_person(),
        max_chars=60,
        key="person-field",
        help="Labels, edits and sign-offs carry this name.",
    )
    st.session_state["person"] = named.strip() or find_person()
