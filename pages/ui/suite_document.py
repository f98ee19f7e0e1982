"""The document beside a case: its text, its gold spans, and selecting new ones with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from engine.views.suite_editor import DocumentView
from pages.ui.markup import escape

FILES = Path(__file__).with_name("selecting")
SHOWN_FIRST = ("gold", "own", "other")


@st.cache_resource(show_spinner=False)
def _read_files() -> tuple[str, str, str]:
    return tuple((FILES / f"document.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))  # type: ignore[return-value]


def draw_selectable(view: DocumentView, key: str, on_select: Callable[[dict[str, Any]], None]) -> None:
    """The document; ``on_select`` gets ``document``, ``start``, ``end`` (code points) and ``answer`` of each selection."""
    html, css, js = _read_files()
    component = st.components.v2.component("phasegate_document", html=html, css=css, js=js, isolate_styles=False)

    def take() -> None:
        selected = st.session_state[key].get("selected")
        if selected:
            on_select(dict(selected))

    pieces = [[piece.text, next((name for name in SHOWN_FIRST if name in piece.marks), "")] for piece in view.pieces]
    component(key=key, data={"document": view.id, "pieces": pieces}, on_selected_change=take)
    st.caption(f"{escape(view.note)}. :orange-background[Gold spans of this question], other cases' spans are dotted.")
