"""What people say of one case, and the buttons to say it; of a run, how the verdict agrees with them."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.store.labels import NOTE_LENGTH, LabelStore
from engine.views.case import CaseView
from engine.views.case_company import LabelLine
from engine.views.labels import load_label_summary
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import shown_errors

# Streamlit keeps R for itself: it draws the page anew.
KEYS = {"right": ("Right", "check", "Y"), "wrong": ("Wrong", "close", "W"), "unsure": ("Unsure", "question_mark", "U")}
BADGES = {"right": ":green-badge[:material/check: Right]", "wrong": ":red-badge[:material/close: Wrong]",
          "unsure": ":gray-badge[:material/question_mark: Unsure]"}  # fmt: skip


def draw_label_bar(store: Store, case: CaseView) -> None:
    """Right, wrong or unsure by a click or a key, a note, and everybody's labels."""
    mine = next((line for line in case.labels if line.author == get_person()), None)
    field = f"note-{case.run_id}-{case.case_id}"
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Is the answer right?**", width="content")
            for label, (word, icon, key) in KEYS.items():
                pressed = st.button(
                    word,
                    icon=f":material/{icon}:",
                    shortcut=key,
                    key=f"label-{label}",
                    type="primary" if mine and mine.label == label else "secondary",
                )
                if pressed:
                    _save(store, case, label, st.session_state.get(field))
            st.text_input(
                "Note",
                value=mine.note if mine else "",
                key=field,
                placeholder="Note: why? It is kept with your label",
                max_chars=NOTE_LENGTH,
                label_visibility="collapsed",
                width=340,
                on_change=_save_note,
                args=(store, case, mine, field),
            )
            if mine and st.button("Take back", icon=":material/undo:", type="tertiary", key="label-none"):
                LabelStore(store).remove_label(case.run_id, case.case_id, get_person())
                st.rerun()
        for line in case.labels:
            note = f" · {escape(line.note)}" if line.note else ""
            st.markdown(f"{BADGES[line.label]} {escape(line.author)} :gray[{line.when}]{note}")


def _save(store: Store, case: CaseView, label: str, note: str | None) -> None:
    with shown_errors():
        LabelStore(store).save_label(case.run_id, case.case_id, get_person(), label, note)
        st.rerun()


def _save_note(store: Store, case: CaseView, mine: LabelLine | None, field: str) -> None:
    """A note that changes after its label is kept at once; before, it goes with the label."""
    if mine:
        with shown_errors():
            LabelStore(store).save_label(case.run_id, case.case_id, mine.author, mine.label, st.session_state[field])


def draw_labels(store: Store, run_id: str) -> None:
    """The section Labels of a run's screen."""
    summary = load_label_summary(store, run_id, get_zone())
    if not summary.labels:
        st.info(
            "Nobody has labelled a case of this run yet. Open a case and say whether its answer is right: by a click, "
            "or with Y, W and U; N and P go to the next and the previous case.",
            icon=":material/rate_review:",
        )
        return
    st.markdown(f"**{summary.headline}**")
    for note in summary.notes:
        st.caption(note)
    column = st.column_config
    shown = {"rate": column.NumberColumn("agreement", format="percent"), "kappa": column.NumberColumn(format="%.2f")}
    st.markdown("##### People against the automatic verdict")
    st.dataframe(summary.people, hide_index=True, placeholder="–", height="content", column_config=shown)
    if summary.pairs:
        st.markdown("##### People against each other")
        st.dataframe(summary.pairs, hide_index=True, placeholder="–", height="content", column_config=shown)
    if summary.disagreements:
        st.markdown("##### Where a person contradicts the verdict")
        st.caption("Select a cell to open the case.")
        event = st.dataframe(
            summary.disagreements,
            hide_index=True,
            key="disagreements",
            on_select="rerun",
            selection_mode="single-cell",
            height="content" if len(summary.disagreements) < 12 else 420,
        )
        if event.selection.cells:
            case_id = summary.disagreeing_ids[event.selection.cells[0][0]]
            st.switch_page("pages/runs.py", query_params={"run": run_id, "case": case_id, "flags": "disagreeing"})
    st.markdown("##### All labels")
    st.dataframe(summary.labels, hide_index=True, height="content" if len(summary.labels) < 12 else 420)
