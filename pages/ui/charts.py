"""A Plotly figure under its title. The title is text of the page: it wraps, and screen readers find it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.markup import escape


def draw_chart(figure: Any, key: str) -> None:
    """Draws the figure; its own title is lifted out of it."""
    title = figure.layout.title.text or ""
    figure.update_layout(title_text="", margin_t=16)
    st.markdown(f"**{escape(title)}**")
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=title)
