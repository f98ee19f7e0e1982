"""Reports: of a phase, a run or a comparison; look at it, take it along."""

import streamlit as st

from engine.errors import PhasegateError
from engine.views.report_preview import KINDS, load_preview
from pages.ui.choosing import choose_section
from pages.ui.reports import choose_formats, choose_report, draw_files, draw_preview
from pages.ui.resources import get_store
from pages.ui.states import draw_error, draw_title

store = get_store()
draw_title("Reports", "The same figures as on the screens and in the gate, for people and for pipelines.")
label = st.segmented_control(
    "Report of a", list(KINDS), default="Phase", key="kind", bind="query-params", required=True
)
kind = KINDS[label]
request = choose_report(store, kind)
if request is None:
    st.stop()
formats = choose_formats(kind)
try:
    preview = load_preview(store, request, formats)
except PhasegateError as error:
    draw_error(error)
    st.stop()
draw_files(store, request, formats)
section = choose_section(["Preview", "From a shell", "In CI"])
if section == "Preview":
    draw_preview(preview)
else:
    st.code(preview.command if section == "From a shell" else preview.ci, language="bash")
