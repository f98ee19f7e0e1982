"""Settings: pipeline defaults, presets, models, this machine."""

import streamlit as st

from engine.views.settings import load_settings_view
from pages.ui.choosing import choose_section
from pages.ui.markup import escape
from pages.ui.resources import get_store
from pages.ui.settings import draw_machine, draw_pipeline, draw_presets
from pages.ui.states import draw_title

store = get_store()
draw_title("Settings", "Defaults of the pipeline, and what this installation stands on.")
section = choose_section(["Pipeline", "Presets", "Machine"])
view = load_settings_view(store)
if view.note:
    st.warning(escape(view.note), icon=":material/warning:")
{"Pipeline": draw_pipeline, "Presets": draw_presets, "Machine": draw_machine}[section](store, view)
