"""Edit mode: change a part of the roadmap, see what it would do to the gates, give a reason, save."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.editing import StaleDraftError, list_edits, rebase_draft, save_draft
from engine.store import Store
from engine.views.roadmap import PhaseView
from engine.views.roadmap_edit import preview_changes
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.roadmap_desk import Desk, close_desk, open_desk
from pages.ui.roadmap_forms import draw_checklist_form, draw_goals_form, draw_heading_form, draw_phase_form
from pages.ui.roadmap_lists import draw_kpis_form, draw_risks_form
from pages.ui.roadmap_origin import draw_new, draw_revert
from pages.ui.states import shown_errors

PARTS = {
    "Goals": draw_goals_form,
    "Phase": draw_phase_form,
    "KPIs": draw_kpis_form,
    "Checklist": draw_checklist_form,
    "Risks": draw_risks_form,
    "Roadmap": draw_heading_form,
}


def draw_edit(store: Store, view: PhaseView) -> None:
    """The form of one part, and under it what all changes together would do."""
    name, phase = view.roadmap.name, view.phase.number
    part = st.segmented_control(
        "What to change",
        list(PARTS),
        default="Goals",
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    desk = open_desk(name, (part, str(phase)))
    with st.container(border=True):
        desk.draft = PARTS[part](desk, phase)
    _draw_saving(store, view, desk)
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_new(store, name)
        if list_edits(name):
            draw_revert(store, name)


def _draw_saving(store: Store, view: PhaseView, desk: Desk) -> None:
    if not desk.draft.changes:
        st.caption("Nothing is changed yet. What a change would do to the gate is shown here before it is saved.")
        return
    sound, changes = False, tuple(change.words for change in desk.draft.changes)
    with shown_errors():
        preview = preview_changes(store, desk.draft, view.phase.number, view.gate.policy)
        box = st.warning if preview.turned else st.info
        box(f"**{escape(preview.effect)}**", icon=":material/flag:")
        for goal in preview.goals:
            st.markdown(f"- {escape(goal)}")
        sound, changes = True, preview.changes
    words = "  \n".join(f"· {escape(change)}" for change in changes)
    st.markdown(f"**Changes that are not saved yet**  \n{words}")
    reason = st.text_input(
        "Why? It stands in the history with your name.",
        key=f"edit-reason-{desk.draft.name}",
        placeholder="At least three words, such as: agreed in the steering meeting",
    )
    if desk.stale:
        _draw_stale(desk)
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button(
            "Save the changes", type="primary", icon=":material/save:", key="edit-save", disabled=not sound
        )
        if st.button("Discard", icon=":material/delete:", key="edit-discard"):
            close_desk(desk.draft.name)
            st.rerun()
        st.caption(f"Saved as {escape(get_person())}.")
    if save:
        with shown_errors():
            _save(store, desk, reason)


def _save(store: Store, desk: Desk, reason: str) -> None:
    try:
        save_draft(store, desk.draft, who=get_person(), reason=reason)
    except StaleDraftError as error:
        desk.stale = error.message
        st.rerun()
    close_desk(desk.draft.name)
    st.session_state.pop(f"edit-reason-{desk.draft.name}", None)
    st.toast("Saved; the history has it.", icon=":material/check:")
    st.rerun()


def _draw_stale(desk: Desk) -> None:
    st.error(escape(desk.stale), icon=":material/sync_problem:")
    if st.button("Put my changes on top of theirs", icon=":material/merge:", key="edit-rebase"):
        with shown_errors():
            draft, clashes = rebase_draft(desk.draft)
            desk.stale = ""
            desk.begin_again(draft)
            if clashes:
                st.toast(
                    f"You both changed: {escape(', '.join(clashes))}. Your version would be saved.",
                    icon=":material/warning:",
                )
            st.rerun()
