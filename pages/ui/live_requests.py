"""The requests of an interval: filter in the URL, sorted and paged in the database, a download of what is shown."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.store.liveness import utc_now
from engine.views.live_requests import KEPT_WORDS, RequestList, find_interval, load_requests, read_moment
from engine.views.tables import build_csv
from pages.ui.choosing import choose
from pages.ui.links import draw_step
from pages.ui.live_request import LISTED
from pages.ui.resources import get_zone
from pages.ui.states import draw_title
from pages.ui.tables import draw_opening_table

PAGE = "pages/live.py"
KEPT = ("window", "from", "to", "list")


def draw_requests(store: Store) -> None:
    """Filter, table, pages."""
    query = st.query_params
    window = query.get("window", "1h")
    begin, end = find_interval(window, read_moment(query.get("from", "")), read_moment(query.get("to", "")), utc_now())
    page = query.get("page", "1")
    requests = load_requests(
        store,
        begin,
        end,
        get_zone(),
        outcome=query.get("outcome", ""),
        door=query.get("door", ""),
        tier=query.get("tier", ""),
        provider=query.get("provider", ""),
        words=query.get("words", ""),
        sort=query.get("sort", "newest"),
        page=int(page) if page.isdecimal() else 1,
    )
    st.session_state[LISTED] = query.to_dict()
    draw_step(PAGE, "Back to Live", "arrow_back", {"window": window}, "live")
    draw_title("Requests", f"{requests.span}. Select a cell to see the request whole.")
    _draw_filter(requests)
    if not requests.rows:
        st.info("No request of this interval fits the filter.", icon=":material/filter_alt_off:")
        draw_step(PAGE, "Clear the filter", "close", {name: query[name] for name in KEPT if name in query})
        return
    _draw_rows(requests)
    _draw_foot(requests)


def _draw_filter(requests: RequestList) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, name in (("Outcome", "outcome"), ("Door", "door"), ("Cache", "tier"), ("Provider", "provider")):
            choose(label, requests.choices[name], key=name, width=190)
        choose("Order", requests.choices["sort"], key="sort", default="newest", width=170)
        st.text_input("Words of the question", key="words", bind="query-params", width=240)


def _draw_rows(requests: RequestList) -> None:
    column = st.column_config
    draw_opening_table(
        requests.rows,
        requests.ids,
        {
            "asked": column.DatetimeColumn("Asked", format="D MMM, HH:mm:ss", timezone=get_zone()),
            "question": column.TextColumn("Question", width=320),
            "outcome": column.TextColumn("Outcome"),
            "total_ms": column.NumberColumn("Took", format="%.1f ms"),
            "tier": column.TextColumn("Cache"),
            "provider": column.TextColumn("Provider"),
            "reason": column.TextColumn("Reason", width="medium"),
            "quality": column.NumberColumn("Context", format="%.3f", help="Context quality, 0 to 1."),
            "tokens": column.NumberColumn("Tokens"),
            "cost": column.NumberColumn("Cost", format="%.5f USD"),
            "door": column.TextColumn("Door"),
            "corpus": column.TextColumn("Corpus"),
            "request": column.TextColumn("Request"),
        },
        page=PAGE,
        parameter="request",
    )


def _draw_foot(requests: RequestList) -> None:
    query = st.query_params
    last = requests.first + len(requests.rows) - 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{requests.first:,} to {last:,} of {requests.total:,}")
        for label, icon, page in (("Page before", "chevron_left", -1), ("Next page", "chevron_right", 1)):
            wanted = requests.page + page
            if st.button(
                label, icon=f":material/{icon}:", disabled=not 1 <= wanted <= requests.pages, key=f"page-{page}"
            ):
                query["page"] = str(wanted)
                st.rerun()
        st.download_button(
            "CSV of this page",
            build_csv(requests.rows).encode(),
            "requests.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    st.caption(KEPT_WORDS)
