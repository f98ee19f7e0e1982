"""Steps within a screen. A page link to the page that is open draws it anew but leaves the address as it was, so that the
next click would fall back to it; a switch of pages writes the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st


def draw_step(page: str, label: str, icon: str, query: Mapping[str, str], key: str = "") -> None:
    """A button that looks like a link, to another part of the same page."""
    if st.button(label, icon=f":material/{icon}:", type="tertiary", key=f"step-to-{key or label}"):
        st.switch_page(page, query_params=dict(query))
