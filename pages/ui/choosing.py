"""Choices that stand in the URL: an id in a select box, and the sections of a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st


def choose_section(sections: Sequence[str]) -> str:
    """The section of a screen that is shown; the first unless the URL names another. Only it is drawn."""
    return str(
        st.segmented_control(
            "Show",
            list(sections),
            default=sections[0],
            key="show",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
    )


def choose(
    label: str,
    options: Mapping[str, str],
    *,
    key: str,
    default: str | None = None,
    width: int = 330,
    placeholder: str = "All",
    label_visibility: Literal["visible", "hidden", "collapsed"] = "visible",
) -> str | None:
    """The id that the URL names (Streamlit's own binding would put the label there), else the default. ``options``: id to what is shown; no default means none is chosen."""
    widget = f"choose-{key}"
    wanted = st.query_params.get(key)
    st.session_state[widget] = wanted if wanted in options else default

    def remember() -> None:
        chosen = st.session_state[widget]
        if chosen is None or chosen == default:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen

    return st.selectbox(
        label,
        list(options),
        index=None if default is None else 0,
        key=widget,
        format_func=lambda name: options.get(name, name),
        on_change=remember,
        placeholder=placeholder,
        width=width,
        label_visibility=label_visibility,
    )
