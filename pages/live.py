"""Live: what is asked now and how it goes; the requests of an interval; one request whole."""

import streamlit as st

from pages.ui.live import draw_live
from pages.ui.live_request import draw_request
from pages.ui.live_requests import draw_requests
from pages.ui.resources import get_store
from pages.ui.states import shown_errors

store = get_store()
query = st.query_params
with shown_errors():
    if query.get("request"):
        draw_request(store, query["request"])
    elif query.get("from") or query.get("list"):
        draw_requests(store)
    else:
        draw_live(store)
