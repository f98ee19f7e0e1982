"""What is done with several cases at once: save them as a suite, give all of them one label."""

from __future__ import annotations

import streamlit as st

from engine.case_selection import save_cases as save_as_suite
from engine.errors import PhasegateError
from engine.store.labels import NOTE_LENGTH, LabelStore
from engine.views.case_company import LABEL_WORDS
from engine.views.words import plural
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_store
from pages.ui.states import draw_error


@st.dialog("Save as suite")
def save_cases(run_id: str, case_ids: list[str], scope: str) -> None:
    """Asks for a name, then makes the suite; what is wrong with the name is said here."""
    st.markdown(f"{escape(scope[:1].upper() + scope[1:])}, with the run's corpus, settings and pass rules.")
    with st.form("save-cases", border=False):
        name = st.text_input("Name", max_chars=60, placeholder="refund-regressions", key="save-name")
        title = st.text_input("Title", max_chars=120, placeholder="What the cases have in common", key="save-title")
        sent = st.form_submit_button("Save", type="primary", icon=":material/library_add:")
    if not sent:
        return
    try:
        saved = save_as_suite(get_store(), run_id, case_ids, name, get_person(), title)
    except PhasegateError as error:
        draw_error(error)
        return
    st.success(f"{plural(saved.cases, 'case')} saved as the suite **{escape(saved.name)}**.", icon=":material/check:")
    if saved.source == "run":
        st.caption("The suite has changed since this run, so the cases are those that the run itself kept.")
    st.caption(escape(str(saved.folder)))
    st.page_link(
        "pages/suites.py",
        label=f"Open {saved.name}",
        icon=":material/arrow_forward:",
        query_params={"suite": saved.name},
    )


@st.dialog("Label all")
def label_cases(run_id: str, case_ids: list[str], scope: str) -> None:
    """One label for all of these cases. Labels of others stay; an earlier label of one's own is replaced."""
    st.markdown(
        f"One label for {escape(scope)}, as **{escape(get_person())}**. Your earlier labels of them are replaced."
    )
    with st.form("label-cases", border=False):
        label = st.segmented_control(
            "The answers are", list(LABEL_WORDS), format_func=LABEL_WORDS.get, key="label-all-as", required=True
        )
        note = st.text_input("Note", max_chars=NOTE_LENGTH, key="label-all-note")
        sent = st.form_submit_button(f"Label {plural(len(case_ids), 'case')}", type="primary")
    if not sent:
        return
    try:
        count = LabelStore(get_store()).save_labels(run_id, case_ids, get_person(), label or "", note or None)
    except PhasegateError as error:
        draw_error(error)
        return
    st.session_state["said"] = f"{plural(count, 'case')} labelled {LABEL_WORDS[label].lower()}."
    st.rerun()
