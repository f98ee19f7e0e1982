"""The Live screen itself: figures, charts and tables that are read anew every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from engine.charts.live import build_cache, build_cost, build_latency, build_memory, build_tokens, build_traffic
from engine.errors import PhasegateError
from engine.store import Store
from engine.views.live import WINDOWS, LiveView, find_window, load_live
from engine.views.live_parts import PartRow
from engine.views.live_requests import FAILED
from pages.ui.links import draw_step
from pages.ui.markup import escape
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_empty, draw_title
from pages.ui.tables import draw_words

PAGE = "pages/live.py"
TILE_WIDTH = 170  # pixels: two beside each other on a phone of 390
TILES_IN_ROW = 4


def draw_live(store: Store) -> None:
    """Window, then the part that refreshes by itself."""
    draw_title("Live", "What is asked now at every door, how it goes, and how the parts of serving stand.")
    titles = {name: window.title for name, window in WINDOWS.items()}
    named = st.query_params.get("window", "")
    find_window(named or "1h")
    with st.container(horizontal=True, vertical_alignment="center"):
        window = st.segmented_control(
            "Window",
            list(titles),
            default=named or "1h",
            format_func=titles.__getitem__,
            key="live-window",
            required=True,
            label_visibility="collapsed",
        )
        follow = st.toggle("Refresh", value=True, key="live-follow", help="Reads anew by itself; off holds it still.")
    window = window or "1h"
    if window != (named or "1h"):
        st.query_params["window"] = window
    seconds = find_window(window).refresh_s
    st.fragment(_draw, run_every=seconds if follow else None)(window)


def read_process() -> Mapping[str, Any] | None:
    """What serving in this process says of itself; None where it cannot be opened, which Health explains."""
    from engine.serving.runtime import get_runtime

    try:
        return get_runtime().describe()
    except PhasegateError:
        return None


def _draw(window: str) -> None:
    if st.query_params.get("from"):
        st.rerun()  # intervals were selected: the whole page becomes the list of their requests
    view = load_live(get_store(), window, get_zone(), described=read_process())
    if not view.kept:
        draw_empty(
            "Nothing has been asked yet",
            "Requests appear here as soon as somebody asks: on the screen Ask, over `POST /api/ask`, or with "
            "`python -m engine ask`.",
            page="pages/ask.py",
            label="Ask a question",
            icon="monitoring",
        )
        _draw_parts(view)
        return
    _draw_alerts(view)
    if view.quiet:
        st.info(escape(view.quiet), icon=":material/bedtime:")
    for first in range(0, len(view.tiles), TILES_IN_ROW):
        with st.container(horizontal=True):
            for tile in view.tiles[first : first + TILES_IN_ROW]:
                st.metric(
                    tile.label,
                    tile.value,
                    tile.note,
                    delta_color="off",
                    delta_arrow="off",
                    help=tile.help,
                    border=True,
                    width=TILE_WIDTH,
                )
    if not view.quiet:
        _draw_charts(view)
    _draw_parts(view)


def _draw_alerts(view: LiveView) -> None:
    if view.alerts:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"##### :material/notifications_active: {view.alert_words}", width="content")
            st.page_link("pages/alerts.py", label="Take care of them", icon=":material/arrow_forward:")
        draw_words(view.alerts)


def _draw_charts(view: LiveView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Select intervals in a chart to see their requests. {view.sampled}")
        span = {"window": view.window, "from": str(view.begins), "to": str(view.ends)}
        draw_step(PAGE, "All requests", "list", span, "live-all")
        draw_step(PAGE, "Not answered in full", "error", span | {"outcome": FAILED}, "live-failed")
    for pair in (
        (("traffic", build_traffic), ("latency", build_latency)),
        (("cache", build_cache), ("tokens", build_tokens)),
        (("cost", build_cost), ("memory", build_memory)),
    ):
        for column, (name, build) in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=True):
            with column:
                _draw_chart(view, build, name)


def _draw_chart(view: LiveView, build: Callable[[LiveView], Any], name: str) -> None:
    if name == "memory" and not view.memory:
        return
    figure = build(view)
    title = figure.layout.title.text
    figure.update_layout(title_text="", margin_t=16)
    st.markdown(f"**{escape(title)}**")
    shared: dict[str, Any] = {"key": f"live-{name}", "config": {"displayModeBar": False}, "alt": title}
    if name == "memory":  # its points are of processes, not of requests
        st.plotly_chart(figure, **shared)
        return
    st.plotly_chart(
        figure,
        on_select=lambda: _open_selected(shared["key"], view),
        selection_mode=("points", "box"),
        **shared,
    )


def _open_selected(key: str, view: LiveView) -> None:
    """Before the charts are drawn anew, when the selection would be gone: name the chosen intervals in the address."""
    chosen = {point["point_index"] for point in st.session_state[key].selection.points}
    picked = [view.points[index] for index in chosen if index < len(view.points)]
    if picked:
        span = {"from": str(min(p.begins for p in picked)), "to": str(max(p.ends for p in picked))}
        st.query_params.from_dict({"window": view.window, **span})


def _draw_parts(view: LiveView) -> None:
    for title, rows, key, without in (
        ("Why requests were not answered in full", view.reasons, "", ""),
        ("Providers and their breakers", view.providers, "live-providers", "No model was called in this window."),
        ("Changes of breakers", view.breakers, "", ""),
        ("Cache by tier", view.tiers, "live-tiers", "No cache tier has done anything yet."),
        ("Limits of this app", view.gates, "", "This app's limits cannot be read now."),
        ("Work in the background", view.jobs, "", "Nothing works and nothing waits."),
    ):
        if rows or without:
            st.markdown(f"##### {title}")
        if rows and key:
            _draw_table(rows, key)
        elif rows:
            draw_words(rows, most=8)
        elif without:
            st.caption(without)


def _draw_table(rows: tuple[PartRow, ...], key: str) -> None:
    titles = {name: name[:1].upper() + name[1:] for name in rows[0]}
    st.dataframe(
        [dict(row) for row in rows], hide_index=True, placeholder="–", key=key, height="content", column_config=titles
    )
