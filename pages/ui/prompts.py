"""The Prompts section of the Settings screen: versions, the next one, differences, a trial."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from engine.prompt_library import LONGEST_NOTE, save_prompt
from engine.store import Store
from engine.views.prompts import PromptsView, compare_versions, load_prompts_view, try_draft
from engine.views.words import ago, clock
from pages.ui.answers import draw_answer
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import shown_errors


def draw_prompts(store: Store) -> None:
    """One template at a time: its versions beside the form of the next one."""
    view = load_prompts_view(store, st.query_params.get("prompt"))
    st.markdown("##### Prompts", help="The same as `python -m engine prompts`.")
    if saved := st.session_state.pop("prompt-saved", None):
        st.success(escape(saved), icon=":material/check:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose("Prompt", {name: name for name in view.names}, key="prompt", default=view.name)
        used = " The settings ask with this one." if view.in_use else ""
        st.caption(f"{view.about}{used}")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _draw_versions(view)
        _draw_difference(view)
    with right:
        fields = _draw_form(store, view)
    if view.purpose == "answer":
        _draw_trial(store, view, fields)


def _draw_versions(view: PromptsView) -> None:
    zone = get_zone()
    st.markdown("###### Versions, newest first")
    for version in view.versions:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{escape(version.label)}** `{version.hash}`  \n{escape(version.note)}")
            when = f" {ago(version.made_at)}" if version.made_at else ""
            st.caption(
                f"{escape(version.made_by)}{when}", help=clock(version.made_at, zone) if version.made_at else None
            )


def _draw_difference(view: PromptsView) -> None:
    if len(view.versions) < 2:
        return
    labels = {version.label: version for version in view.versions}
    st.markdown("###### What changed")
    with st.container(horizontal=True):
        before = st.selectbox("From", list(labels), index=1, key=f"diff-from-{view.name}", width=150)
        after = st.selectbox("To", list(labels), index=0, key=f"diff-to-{view.name}", width=150)
    difference = compare_versions(labels[before], labels[after])
    if difference:
        st.code(difference, language="diff", wrap_lines=True)
    else:
        st.caption("Their texts are the same.")


def _draw_form(store: Store, view: PromptsView) -> Mapping[str, str]:
    """The fields of the next version; what they hold now."""
    labels = {version.label: version for version in view.versions}
    st.markdown("###### The next version")
    start = labels[st.selectbox("Begin with", list(labels), key=f"begin-{view.name}")]
    key = f"{view.name}-{start.version}"
    values = {
        "name": st.text_input(
            "Name", view.name, key=f"name-{key}", help="Another name makes a template of its own, for the same purpose."
        ).strip(),
        "purpose": view.purpose,
        "system": st.text_area("System", start.template.system, key=f"system-{key}", height=220),
        "user": st.text_area("User", start.template.user, key=f"user-{key}", height=220),
    }
    with st.expander("Placeholders", icon=":material/data_object:"):
        for name, words in view.placeholders.items():
            st.markdown(f"`{{{name}}}` {escape(words)}")
    values["note"] = st.text_input(
        "What was changed", key=f"note-{key}", max_chars=LONGEST_NOTE, placeholder="Needed to save"
    )
    if st.button("Save as the next version", type="primary", icon=":material/save:", key=f"save-{key}"):
        with shown_errors():
            made = save_prompt(store, values, get_person())
            st.session_state["prompt-saved"] = f"Saved: {made.name}@{made.version} is asked from now on."
            st.query_params["prompt"] = made.name
            st.rerun()
    return values


def _draw_trial(store: Store, view: PromptsView, fields: Mapping[str, str]) -> None:
    st.markdown("###### Try the text above", help="With the saved settings and model. Nothing is kept.")
    if not view.corpora:
        st.caption("A trial needs a corpus. Ingest documents first.")
        return
    with st.form("try-prompt", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        corpus = st.selectbox("Corpus", view.corpora, width=220)
        question = st.text_input("Question", placeholder="What would you like to know?")
        asked = st.form_submit_button("Try it", icon=":material/play_arrow:")
    if asked and question.strip():
        with shown_errors(), st.spinner("Asking the model …"):
            draw_answer(try_draft(store, fields, corpus, question), "prompt-trial", compact=True)
