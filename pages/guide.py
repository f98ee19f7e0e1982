"""The guide: what an error means and what to do about it."""

import streamlit as st

from engine.views.guide import load_guide
from pages.ui.states import draw_title

chosen = st.query_params.get("page", "errors")
guide = load_guide(chosen, st.query_params.get("section", ""))

draw_title("Guide")
with st.container(horizontal=True):
    for name in guide.pages:
        st.page_link("pages/guide.py", label=name.replace("-", " ").capitalize(), query_params={"page": name})
st.markdown(guide.text)
if guide.section:
    st.page_link(
        "pages/guide.py", label="The whole page", icon=":material/menu_book:", query_params={"page": guide.name}
    )
