"""A select box whose choice is an id in the URL. Streamlit's own binding would put the label there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st


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
    """The id that the URL names, else the default. ``options``: id to what is shown; no default means none is chosen."""
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
