"""Settings: pipeline defaults, presets, models, this machine."""

import streamlit as st

from engine.views.settings import load_settings_view
from pages.ui.choosing import choose_section
from pages.ui.markup import escape
from pages.ui.profile import draw_profile
from pages.ui.prompts import draw_prompts
from pages.ui.providers import draw_models
from pages.ui.resources import get_store
from pages.ui.settings import draw_machine, draw_pipeline, draw_presets
from pages.ui.states import draw_title
from pages.ui.tokens import draw_api
from pages.ui.trail import draw_trail

store = get_store()
draw_title("Settings", "Defaults of the pipeline, and what this installation stands on.")
section = choose_section(["Pipeline", "Models", "Profile", "Presets", "Prompts", "API", "Audit trail", "Machine"])
view = load_settings_view(store)
if view.note:
    st.warning(escape(view.note), icon=":material/warning:")
{
    "Pipeline": draw_pipeline,
    "Models": lambda store, _: draw_models(store),
    "Profile": lambda store, _: draw_profile(store),
    "Presets": draw_presets,
    "Prompts": lambda store, _: draw_prompts(store),
    "API": lambda store, _: draw_api(store),
    "Audit trail": lambda store, _: draw_trail(store),
    "Machine": draw_machine,
}[section](store, view)
