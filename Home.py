"""The app: navigation, status strip, HTTP routes. ``python -m engine serve`` starts it."""

import streamlit as st

if not st.runtime.exists():
    from streamlit.runtime.pages_manager import PagesManager

    from engine.api import ROUTES
    from engine.api.lifespan import watch_corpora

    # Streamlit takes a folder called pages for its old kind of navigation until the first st.navigation: a deep link that is
    # opened first after a start would run its page without the frame.
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, routes=ROUTES, lifespan=watch_corpora)
else:
    from pages.ui.frame import draw_frame

    draw_frame()
