"""Reports: choose a phase and formats, look at it, take it along."""

import streamlit as st

from engine.views.overview import load_roadmap_choices
from engine.views.phases import load_phase_names
from engine.views.report_preview import FORMAT_WORDS, load_preview, render_files
from pages.ui.choosing import choose
from pages.ui.markup import verdict_badge
from pages.ui.resources import get_store
from pages.ui.states import draw_title, shown_errors

store = get_store()
choices = load_roadmap_choices()
draw_title("Reports", "The same figures as on the screens and in the gate, for people and for pipelines.")
if not choices.titles:
    st.info("There is no roadmap to report on.", icon=":material/flag:")
    st.stop()
with st.container(horizontal=True, vertical_alignment="top"):
    roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
    phases = load_phase_names(roadmap)
    phase = int(choose("Phase", phases, key="phase", default=next(iter(phases))) or 1)
    policy = st.segmented_control(
        "Policy", ["point", "strict"], default="point", key="policy", bind="query-params", required=True
    )
formats = st.pills(
    "Formats",
    list(FORMAT_WORDS),
    selection_mode="multi",
    default=["html", "pdf"],
    key="formats",
    bind="query-params",
    format_func=str.upper,
)
st.caption("; ".join(FORMAT_WORDS[name] for name in formats) or "Choose at least one format.")

preview = load_preview(store, roadmap, phase, policy, formats)
made_for = (roadmap, phase, policy, tuple(formats))
with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("Make the files", type="primary", icon=":material/description:", disabled=not formats):
        with shown_errors(), st.spinner("Drawing the report …"):
            st.session_state["report-files"] = (made_for, render_files(store, roadmap, phase, policy, formats))
    made = st.session_state.get("report-files")
    for file in made[1] if made and made[0] == made_for else ():
        st.download_button(
            f"{file.name.upper()}, {file.size}",
            file.content,
            file.file_name,
            file.media_type,
            icon=":material/download:",
            key=f"download-{file.name}",
            on_click="ignore",
        )
st.markdown(f"{verdict_badge(preview.verdict)} **{preview.headline}**")
section = st.segmented_control(
    "Show",
    ["Preview", "From a shell", "In CI"],
    default="Preview",
    key="show",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
if section == "Preview":
    with st.container(border=True):
        st.markdown(preview.markdown)
else:
    st.code(preview.command if section == "From a shell" else preview.ci, language="bash")
