"""Suite editor: write, import and generate cases with the document beside them; coverage and versions."""

import streamlit as st

from engine.views.suite_editor import load_editor
from pages.ui.choosing import choose_section
from pages.ui.resources import get_store
from pages.ui.states import draw_empty
from pages.ui.suite_case import NEW, draw_case
from pages.ui.suite_editor import draw_cases, draw_coverage, draw_head, draw_new, draw_versions
from pages.ui.suite_generate import draw_generate
from pages.ui.suite_import import draw_import

SECTIONS = ("Cases", "Import", "Generate", "Coverage", "Versions")

store = get_store()
reference, case = st.query_params.get("suite", ""), st.query_params.get("case", "")

if not reference:
    draw_new(store)
else:
    editor = load_editor(store, reference)
    draw_head(store, editor)
    if note := st.session_state.pop("editor-note", ""):
        st.success(note, icon=":material/check:")
    section = choose_section(SECTIONS)
    if section == "Cases" and case and case != NEW and case not in editor.cases:
        draw_empty("This case is not in the suite", "It was deleted or got another id.", icon="search_off")
        draw_cases(editor)
    elif section == "Cases" and case:
        draw_case(store, editor, case)
    elif section == "Cases":
        draw_cases(editor)
    elif section == "Import":
        draw_import(store, editor)
    elif section == "Generate":
        draw_generate(store, editor)
    elif section == "Coverage":
        draw_coverage(editor)
    else:
        draw_versions(store, editor)
