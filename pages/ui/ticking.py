"""The form by which a person confirms what no run can measure."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.checklists import find_tickable, tick_item, untick_item
from engine.roadmap.types import Roadmap
from engine.store import Store
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import shown_errors


def draw_tick_form(store: Store, roadmap: Roadmap, item: str, place: str = "gate") -> None:
    """Done or not done, or a figure; a link to what shows it; a note."""
    row = find_tickable(roadmap, store, item)
    tick = row.tick
    key = f"tick-{place}-{roadmap.name}-{item}"
    st.markdown(f"**{escape(row.title)}**")
    with st.form(key, border=False, enter_to_submit=False):
        done, figure = True, None
        if row.unit == "done":
            done = (
                st.radio("It is", ["done", "not done"], index=int(bool(tick and not tick.done)), key=f"{key}-done")
                == "done"
            )
        else:
            label = "The figure in %" if row.unit == "share" else f"The figure ({row.unit})"
            scale = 100 if row.unit == "share" else 1
            known = tick.value * scale if tick and tick.value is not None else None
            figure = st.number_input(label, value=known, key=f"{key}-value", placeholder="a number")
            figure = None if figure is None else figure / scale
        words = "Link to what shows it" + ("" if row.counts else " (may stay empty)")
        link = st.text_input(words, tick.link if tick else "", key=f"{key}-link", placeholder="https://")
        note = st.text_input("Note (may stay empty)", tick.note if tick else "", key=f"{key}-note")
        st.caption(f"Said by {escape(get_person())}." + (" A gate reads it." if row.counts else " No gate reads it."))
        if st.form_submit_button("Save", type="primary", icon=":material/task_alt:"):
            with shown_errors():
                tick_item(store, roadmap, item, who=get_person(), done=done, value=figure, link=link, note=note)
                st.toast("Saved.", icon=":material/check:")
                st.rerun()
    if tick is not None and st.button("Take it back", icon=":material/undo:", key=f"{key}-undo"):
        with shown_errors():
            untick_item(store, roadmap, item, who=get_person())
            st.rerun()
