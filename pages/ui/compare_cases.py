"""Cases that flipped between two runs, pass to fail first."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.compare import FLIP_KINDS, CompareView, Flip, load_flips
from pages.ui.markup import escape, state_badge


def draw_flips(store: Store, view: CompareView) -> None:
    """One page of cases with both answers, each a link to the case in its run."""
    names = {f"{words} ({view.flips[kind]})": kind for kind, words in FLIP_KINDS.items()}
    picked = st.segmented_control(
        "Direction", list(names), default=next(iter(names)), key="flips", required=True, label_visibility="collapsed"
    )
    kind = names.get(picked or "", "worse")
    page = load_flips(store, view, kind, int(st.session_state.get("page", 1) or 1))
    if not page.flips:
        st.info(f"No case went {FLIP_KINDS[kind].lower()}.", icon=":material/check:")
    for flip in page.flips:
        _draw_flip(view, flip)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(page.caption)
        if page.pages > 1:
            st.pagination(page.pages, key="page", bind="query-params")
    for words in view.one_sided:
        st.caption(escape(words))


def _draw_flip(view: CompareView, flip: Flip) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{escape(flip.question)}**")
        sides = (
            (view.label_a, view.run_a, flip.state_a, flip.answer_a),
            (view.label_b, view.run_b, flip.state_b, flip.answer_b),
        )
        for column, (label, run, state, answer) in zip(st.columns(2, gap="medium"), sides, strict=True):
            with column:
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.markdown(f"**{label}** {state_badge(state)}")
                    st.page_link(
                        "pages/runs.py",
                        label=escape(flip.case_id),
                        icon=":material/open_in_new:",
                        query_params={"run": run, "case": flip.case_id},
                    )
                st.markdown(escape(answer))
