"""What a screen shows when there is nothing to show, or something went wrong: what is missing, and the way on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from engine.errors import PhasegateError, UnknownNameError
from pages.ui.links import draw_step
from pages.ui.markup import escape


def draw_error(error: PhasegateError) -> None:
    """Message, what to do next, and the page of the guide."""
    st.error(f"{escape(error.message)}" + (f"\n\n{escape(error.hint)}" if error.hint else ""), icon=":material/error:")
    page, _, section = error.guide.rpartition("/")[2].partition("#")
    query = {"page": page.removesuffix(".md")} | ({"section": section} if section else {})
    st.page_link(
        "pages/guide.py", label="More about this in the guide", icon=":material/menu_book:", query_params=query
    )


@contextmanager
def shown_errors() -> Iterator[None]:
    """Errors of ours inside are shown where they happen; the rest of the screen goes on."""
    try:
        yield
    except PhasegateError as error:
        draw_error(error)


def draw_empty(
    title: str,
    text: str,
    *,
    page: str = "",
    label: str = "",
    query: Mapping[str, str] | None = None,
    icon: str = "inbox",
) -> None:
    """An empty state: what is missing, and the link that mends it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### :material/{icon}: {title}", text_alignment="center", anchors=False)
        st.markdown(text, text_alignment="center")
        if page:
            st.page_link(page, label=f"**{label}**", icon=":material/arrow_forward:", query_params=dict(query or {}))


def draw_gone(error: UnknownNameError, run_id: str = "") -> None:
    """A run or a case that is not there, or no longer: deleted while it was open, or a link of another home."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### :material/delete_sweep: This {error.kind} is gone", text_alignment="center", anchors=False)
        st.markdown(f"{escape(error.message)} {escape(error.hint)}", text_alignment="center")
        if run_id:
            draw_step("pages/runs.py", "Back to its run", "arrow_back", {"run": run_id})
        draw_step("pages/runs.py", "All runs", "science", {})


def draw_title(title: str, caption: str = "") -> None:
    """The heading of a screen, and what the screen is for."""
    with st.container(gap=None):
        st.title(title, anchor=False)
        if caption:
            st.caption(caption)
