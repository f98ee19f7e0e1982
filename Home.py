"""The app: navigation, status strip, HTTP routes. ``python -m engine serve`` starts it."""

import streamlit as st

if not st.runtime.exists():
    from engine.api import ROUTES
    from engine.api.lifespan import watch_corpora

    app = st.App(__file__, routes=ROUTES, lifespan=watch_corpora)
else:
    from pages.ui.frame import draw_frame

    draw_frame()
