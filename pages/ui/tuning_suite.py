"""The suite's side of the Tuning lab."""

from __future__ import annotations

import streamlit as st

from engine.charts.tuning import build_difference_chart
from engine.settings import PipelineSettings
from engine.views.labs import OpenLab
from engine.views.tuning_measures import MEASURES, Difference, measure_title, state_words
from engine.views.tuning_suite import CaseChange, SuitePanel, build_suite_panel
from engine.views.tuning_trust import build_trust_panel
from engine.views.words import plural
from engine.views.work import WorkState
from pages.ui.charts import draw_chart
from pages.ui.markup import escape
from pages.ui.states import draw_error
from pages.ui.tuning_question import open_case

SHOWN = 15
COLOURS = {"better": "green", "worse": "red"}
ARROWS = {"better": "▲", "worse": "▼", "unclear": "○", "same": "="}


def draw_suite(opened: OpenLab, settings: PipelineSettings, baseline: PipelineSettings, *, pinned: bool) -> None:
    """Finding, table, differences, cases that changed."""
    panel = build_suite_panel(opened, settings, baseline, st.session_state.get("tuning-by", "recall"))
    name = "the pinned baseline" if pinned else "the saved defaults"
    st.markdown(f"**The suite against {name}**  \n{escape(panel.finding)}")
    st.caption(("Changed: " + escape(", ".join(panel.changes))) if panel.changes else "Nothing is changed.")
    for note in panel.notes:
        st.info(escape(note), icon=":material/info:")
    st.table(
        [
            {"measure": r.title, "now": r.now, "baseline": r.baseline, "difference": _difference(r.difference)}
            for r in panel.rows
        ],
        hide_index=True,
        border="horizontal",
    )
    _draw_trust(opened, panel, settings, baseline)
    shown = [r.difference for r in panel.rows if r.name not in ("tokens", "latency_ms", "cost_usd")]
    draw_chart(build_difference_chart(shown, "Differences with their 95 % intervals"), "tuning-differences")
    _draw_changes(panel)


def _difference(difference: Difference) -> str:
    if difference.state == "none":
        return difference.words
    words = f"{ARROWS[difference.state]} {escape(difference.words)}"
    if difference.state in COLOURS:
        return f":{COLOURS[difference.state]}[**{words}**] {state_words(difference.state)}"
    return f":gray[{words} {state_words(difference.state)}]"


def _draw_trust(opened: OpenLab, panel: SuitePanel, settings: PipelineSettings, against: PipelineSettings) -> None:
    working = opened.look()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        badge = (
            ":green-badge[:material/verified: exact vectors]"
            if panel.exact
            else ":blue-badge[:material/bolt: quick view]"
        )
        st.markdown(badge, help=escape(panel.vectors), width="content")
        st.caption(panel.seconds, width="content")
        if not panel.exact:
            st.button(
                "Make exact",
                icon=":material/verified:",
                type="tertiary",
                disabled=bool(working and working.active),
                on_click=opened.begin_exact,
                args=(settings, against),
                help="Embeds the chunks of both settings one by one, in the background.",
            )
        with st.popover("How faithful?", type="tertiary"):
            _draw_faithfulness(opened, working)
        with st.popover("What these are", type="tertiary"):
            for row in panel.rows:
                st.markdown(f"**{row.title}**, {row.counts}. {escape(row.help)}")
            st.caption(
                "Differences are paired by case, with their 95 % interval. Unclear: the interval holds 0, so chance could "
                "have done it. Predicted figures have no interval."
            )
    if working and working.error:
        draw_error(working.error)
    elif working:
        _poll_work(opened)


@st.fragment(run_every=1.0)
def _poll_work(opened: OpenLab) -> None:
    working = opened.look()
    if not (working and working.active):
        st.rerun()
    st.progress(working.fraction, text=escape(working.message or "Starting …"))


def _draw_faithfulness(opened: OpenLab, working: WorkState | None) -> None:
    st.markdown(
        "The quick view pools chunk vectors instead of embedding every chunk. On this suite it can be held against six "
        "chunkings that are embedded one by one."
    )
    if opened.faithfulness:
        trust = build_trust_panel(opened.faithfulness)
        st.markdown(f"**{escape(trust.finding)}**")
        st.table([dict(row) for row in trust.rows], hide_index=True, border="horizontal")
    else:
        st.button(
            "Measure it on this suite",
            icon=":material/straighten:",
            disabled=bool(working and working.active),
            on_click=opened.begin_faithfulness,
            help="Takes as long as six ingests of the corpus; sliders keep working.",
        )


def _draw_changes(panel: SuitePanel) -> None:
    sides = {"better": panel.better, "worse": panel.worse}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        side = st.segmented_control(
            "Cases that changed",
            list(sides),
            default="worse",
            required=True,
            key="tuning-side",
            format_func=lambda s: f"{len(sides[s])} {s}",
        )
        st.selectbox("by", [m.name for m in MEASURES], format_func=measure_title, key="tuning-by", width=200)
    if not sides[side]:
        st.caption(f"No case is {side}; {plural(panel.ties, 'case')} kept the value.")
    with st.container(gap=None):
        for change in sides[side][:SHOWN]:
            _draw_change(change)
    if len(sides[side]) > SHOWN:
        st.caption(f"and {len(sides[side]) - SHOWN} more")


def _draw_change(change: CaseChange) -> None:
    st.button(
        f"**{escape(change.identifier)}** {escape(change.words)} · {escape(change.line)}",
        key=f"tuning-open-{change.case}",
        type="tertiary",
        wrap=False,
        on_click=open_case,
        args=(change.identifier,),
        help="Show this question.",
    )
