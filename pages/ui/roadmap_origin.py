"""Whose roadmap it is, going back to the shipped one, and making a new one."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.editing import create_roadmap, is_edited, revert_roadmap
from engine.store import Store
from engine.views.overview import RoadmapChoices
from engine.views.roadmap import PhaseView
from engine.views.roadmap_edit import Origin
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import shown_errors


def draw_origin(origin: Origin, view: PhaseView) -> None:
    """The phase's aim, its dates, and whether the roadmap is as it was shipped."""
    phase = view.phase
    dates = " to ".join(day.isoformat() for day in (phase.start, phase.end) if day)
    badge = f":blue-badge[:material/edit: {origin.words}] " if origin.edited else ""
    target = "" if view.roadmap.target == "pipeline" else f"Judges the target {escape(view.roadmap.target)}. "
    st.caption(f"{badge}{escape(dates)}{'. ' if dates else ''}{target}{escape(phase.goal_text)}")


def draw_broken(store: Store, choices: RoadmapChoices) -> None:
    """Files that cannot be read; an edited copy can be taken away."""
    for problem in choices.broken:
        st.error(escape(problem), icon=":material/error:")
    for name in choices.broken_names:
        if is_edited(name):
            draw_revert(store, name)


def draw_revert(store: Store, name: str) -> None:
    """Back to the shipped roadmap, with a reason."""
    with st.popover("Back to the shipped roadmap", icon=":material/restore:", key=f"revert-{name}"):
        st.markdown(f"Takes your edited copy of **{escape(name)}** away. The history keeps what it had changed.")
        reason = st.text_input("Why?", key=f"revert-why-{name}", placeholder="At least three words")
        if st.button("Go back to the shipped one", type="primary", key=f"revert-now-{name}"):
            with shown_errors():
                revert_roadmap(store, name, who=get_person(), reason=reason)
                st.session_state.pop("roadmap-desk", None)
                st.toast("The shipped roadmap stands again.", icon=":material/check:")
                st.rerun()


def draw_new(store: Store, current: str) -> None:
    """A roadmap of one's own, empty or as a copy."""
    with st.popover("New roadmap", icon=":material/add:", key="new-roadmap"), st.form("new-roadmap-form", border=False):
        name = st.text_input("Name (small letters, digits, hyphens)", key="new-name", placeholder="my-product")
        title = st.text_input("Title", key="new-title")
        like = st.radio("Begin with", ["one phase", f"a copy of {current}"], key="new-like")
        if st.form_submit_button("Make it", type="primary", icon=":material/add:"):
            with shown_errors():
                copy_of = "" if like == "one phase" else current
                made = create_roadmap(store, name.strip(), title, who=get_person(), copy_of=copy_of)
                st.session_state.pop("roadmap-desk", None)
                st.query_params["roadmap"] = made.name
                st.query_params.pop("phase", None)
                st.rerun()
