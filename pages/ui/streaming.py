"""Text that is shown while it comes, and a button that stops it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import streamlit as st

from engine.types import Answer, Restarted
from pages.ui.markup import escape

# Between two drawings of the text: a browser shows no more than that as movement.
PAUSE_S = 0.05
PARTIAL = "partial-answer"


def stream_answer(pieces: Iterator[Any], key: str) -> Answer:
    """Draw the text as it comes, with a stop button beside it; the answer when it is complete.

    A click on the button, or on anything else, ends this rerun: the iterator is closed and the model's call with it.
    What had come by then is kept for ``draw_stopped``.
    """
    st.session_state[PARTIAL] = text = ""
    drawn = 0.0
    with st.container(border=True):
        st.button("Stop", key=f"{key}-stop", icon=":material/stop_circle:", help="Ends the model's call as well.")
        note, area = st.empty(), st.empty()
        area.caption(":material/search: Searching the documents …")
        with closing(pieces):  # type: ignore[type-var]
            for piece in pieces:
                if isinstance(piece, Answer):
                    del st.session_state[PARTIAL]
                    return piece
                if isinstance(piece, Restarted):
                    text = ""
                    note.caption(f":material/restart_alt: {escape(piece.reason)} The answer begins anew.")
                else:
                    text += piece
                    st.session_state[PARTIAL] = text
                if time.monotonic() - drawn > PAUSE_S:
                    area.markdown(escape(text))
                    drawn = time.monotonic()
    raise AssertionError("a stream of pieces ends with its answer")


def draw_stopped() -> None:
    """What had come of an answer that was stopped."""
    text = st.session_state.pop(PARTIAL, None)
    if text is not None:
        st.info("Stopped. Nothing of this answer was kept.", icon=":material/stop_circle:")
        if text:
            st.markdown(escape(text))
