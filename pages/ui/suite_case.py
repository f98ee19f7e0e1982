"""The form of one case, with the document beside it. What is typed lives in the session until it is saved or left."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.errors import PhasegateError
from engine.store import Store
from engine.suite_building.files import open_text, save_text
from engine.views.suite_editor import (
    SuiteEditor,
    slice_document,
    suggest_document,
    view_document,
)
from pages.ui.markup import escape, write_code
from pages.ui.person import get_person
from pages.ui.states import draw_error
from pages.ui.suite_document import draw_selectable
from pages.ui.suite_fields import draw_fields, field_key, find_problems, forget_fields, seed_field

NEW = "new"


def draw_case(store: Store, editor: SuiteEditor, case_id: str) -> None:
    """The form on the left, the document on the right; read-only suites show no buttons that write."""
    draft = _open_draft(store, editor, case_id)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        turn = draw_fields(editor, draft, case_id)
        _draw_actions(store, editor, draft, case_id)
    with right:
        if draft["kind"] == "content":
            st.info("A passage of its own: no document stands beside it.", icon=":material/info:")
        else:
            _draw_document(editor, draft, case_id, turn)


def open_case(editor: SuiteEditor, case_id: str, draft: Mapping[str, Any] | None = None) -> None:
    """Goes to a case's form; ``draft`` is what it starts from."""
    st.session_state.pop(field_key(editor, case_id), None)
    if draft is not None:
        st.session_state[field_key(editor, case_id)] = {
            "case": copy.deepcopy(dict(draft)),
            "base": editor.suite.text.hash,
        }
    st.query_params["case"] = case_id


def _open_draft(store: Store, editor: SuiteEditor, case_id: str) -> dict[str, Any]:
    """What is being written; begun from the case, or from nothing."""
    state = st.session_state.get(field_key(editor, case_id))
    if state is None:
        if not editor.read_only:  # kept, so that what others change meanwhile can be told
            open_text(store, editor.suite.folder, get_person())
        case = (
            {"id": "", "kind": "qa", "question": ""} if case_id == NEW else copy.deepcopy(dict(editor.cases[case_id]))
        )
        state = st.session_state[field_key(editor, case_id)] = {"case": case, "base": editor.suite.text.hash}
    return state["case"]


def _draw_document(editor: SuiteEditor, draft: dict[str, Any], case_id: str, turn: int) -> None:
    names = [document.id for document in editor.suite.documents]
    if not names:
        st.warning("The corpus has no documents.", icon=":material/warning:")
        return
    suggested = suggest_document(editor, draft, turn)
    chosen = st.selectbox(
        "Document",
        names,
        key=seed_field(field_key(editor, case_id, "document"), suggested or names[0]),
        help="Type to search.",
    )

    def take(selected: dict[str, Any]) -> None:
        asked = draft["turns"][turn] if draft["kind"] == "conversation" else draft
        span = {name: selected[name] for name in ("document", "start", "end")}
        if span not in asked.setdefault("relevant", []):
            asked["relevant"].append(span)
        if selected["answer"] and not asked.get("unanswerable"):
            text = slice_document(editor.suite.texts, span["document"], span["start"], span["end"])
            answers = [*(asked.get("answers") or []), text]
            asked["answers"] = list(dict.fromkeys(answers))
            st.session_state[field_key(editor, case_id, "answers", turn)] = "\n".join(asked["answers"])

    draw_selectable(
        view_document(editor, chosen, draft, turn, case_id), field_key(editor, case_id, "text-of-document"), take
    )


def _draw_actions(store: Store, editor: SuiteEditor, draft: dict[str, Any], case_id: str) -> None:
    state = st.session_state[field_key(editor, case_id)]
    if state["base"] != editor.suite.text.hash:
        st.warning(
            "The suite was saved by somebody else since you opened this case. What you wrote is still here; "
            "saving puts it into the suite as it is now.", icon=":material/sync_problem:",
        )  # fmt: skip
    with st.container(horizontal=True):
        if st.button(
            "Save", type="primary", icon=":material/save:", disabled=editor.read_only, shortcut="Ctrl+S",
            help="Writes the suite as a new version.",
        ):  # fmt: skip
            _save(store, editor, draft, case_id)
        if case_id != NEW:
            if st.button("Duplicate", icon=":material/content_copy:", disabled=editor.read_only):
                open_case(editor, NEW, {**draft, "id": f"{draft['id']}-copy"})
                forget_fields(editor, NEW)
                st.rerun()
            if st.button("Delete", icon=":material/delete:", disabled=editor.read_only):
                _ask_delete(store, editor, case_id)
        if st.button("Close", icon=":material/close:", help="Leaves the form without saving."):
            _leave(editor, case_id)


def _save(store: Store, editor: SuiteEditor, draft: dict[str, Any], case_id: str) -> None:
    wrong = [p for p in find_problems(editor, draft, case_id) if not p.warning]
    if wrong:
        st.error("Not saved: " + escape("; ".join(p.words for p in wrong)), icon=":material/error:")
        return
    state, text = st.session_state[field_key(editor, case_id)], editor.suite.text
    try:
        replaces = "" if case_id == NEW else case_id
        note = f"case {draft['id']} {'written' if case_id == NEW else 'changed'}"
        save_text(
            store,
            editor.suite.folder,
            text.with_case(draft, replaces),
            expected=state["base"],
            who=get_person(),
            note=note,
            action=note,
        )
    except PhasegateError as error:
        state["base"] = text.hash
        draw_error(error)
        return
    st.toast(f"Saved {escape(draft['id'])}.", icon=":material/check:")
    _leave(editor, case_id, to=draft["id"])


@st.dialog("Delete this case?")
def _ask_delete(store: Store, editor: SuiteEditor, case_id: str) -> None:
    st.markdown(f"{write_code(case_id)} leaves the suite. Versions keep it; it can be taken back.")
    if st.button("Delete", type="primary", icon=":material/delete:"):
        try:
            text, note = editor.suite.text, f"case {case_id} deleted"
            save_text(
                store,
                editor.suite.folder,
                text.without_case(case_id),
                expected=text.hash,
                who=get_person(),
                note=note,
                action=note,
            )
        except PhasegateError as error:
            draw_error(error)
            return
        _leave(editor, case_id)


def _leave(editor: SuiteEditor, case_id: str, to: str = "") -> None:
    forget_fields(editor, case_id)
    st.session_state.pop(field_key(editor, case_id), None)
    st.query_params.pop("case", None)
    if to:
        forget_fields(editor, to)
        st.session_state.pop(field_key(editor, to), None)
        st.session_state["saved-case"] = to
    st.rerun()
