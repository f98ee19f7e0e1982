"""The app: navigation, status strip, HTTP routes. ``python -m engine serve`` starts it."""

import streamlit as st

if not st.runtime.exists():
    from streamlit.runtime.pages_manager import PagesManager

    from engine.api.door import guard_doors
    from engine.api.lifespan import keep_watch
    from engine.api.routes import ROUTES
    from pages.ui.fragments import hold_fragments_to_the_shown_page

    # Streamlit takes a folder called pages for its old kind of navigation until the first st.navigation: a deep link that is
    # opened first after a start would run its page without the frame.
    PagesManager.uses_pages_directory = False
    hold_fragments_to_the_shown_page()
    doors = guard_doors(st.get_option("server.address"))
    app = st.App(__file__, routes=ROUTES, middleware=doors, lifespan=keep_watch)
else:
    from pages.ui.frame import draw_frame

    draw_frame()
