"""KPIs now against the release before."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.readiness_kpis import KpiLine, load_kpi_table, load_sides
from pages.ui.choosing import choose
from pages.ui.markup import escape, verdict_badge
from pages.ui.states import shown_errors

CHANGES = {
    "better": ":green[:material/trending_up:]",
    "worse": ":red[:material/trending_down:]",
    "same": ":gray[:material/trending_flat:]",
    "unclear": ":gray[:material/question_mark:]",
    "unknown": ":gray[:material/remove:]",
}
WIDTHS = [2.6, 2.2, 2.4, 2.6]


def draw_kpis(store: Store, roadmap: str) -> None:
    """The table, and what it is held against."""
    sides = dict(load_sides(store, roadmap))
    against = choose("Held against", sides, key="against", placeholder="The newest signature before, else the document")
    with shown_errors():
        table = load_kpi_table(store, roadmap, against or "")
        st.markdown(f"**{escape(table.headline)}**")
        for line in table.lines:
            with st.container(border=True):
                _draw_line(line, roadmap)
        if not table.lines:
            st.info("Nothing is measured or stated of any KPI of this roadmap yet.", icon=":material/info:")
        if table.silent:
            st.caption(escape(f"Nothing is known on either side of: {', '.join(table.silent)}."))


def _draw_line(line: KpiLine, roadmap: str) -> None:
    title, before, now, change = st.columns(WIDTHS, vertical_alignment="center")
    query = {"roadmap": roadmap, "phase": str(line.phase or 1), "kpi": line.kpi, "show": "KPIs"}
    waived = " :orange-badge[waived]" if line.waived else ""
    title.markdown(
        f"{verdict_badge(line.verdict)}{waived} **{escape(line.title)}**  \n:small[goal {escape(line.goal)}]"
    )
    lines = [f":small[Before] **{escape(line.before)}**"] if line.before else [":small[Before: not measured]"]
    lines += [f":small[:gray[{escape(line.before_detail)}]]"] if line.before_detail else []
    lines += [f":small[:orange[:material/campaign: document: {escape(line.stated)}]]"] if line.stated else []
    before.markdown("  \n".join(lines), help=escape(line.stated_source) if line.stated_source else None)
    lines = [f":small[Now] **{escape(line.now)}**"]
    lines += [f":small[:gray[{escape(line.now_detail)}]]"] if line.now_detail else []
    lines += [f":small[:orange[:material/campaign: claimed: {escape(line.claimed)}]]"] if line.claimed else []
    now.markdown("  \n".join(lines), help=escape(line.claimed_source) if line.claimed_source else None)
    words = (
        f"**{escape(line.difference)}** {escape(line.change_words)}" if line.difference else escape(line.change_words)
    )
    lines = [f"{CHANGES[line.change]} {words}"]
    lines += [f":small[:gray[95 % {escape(line.difference_detail)}]]"] if line.difference_detail else []
    lines += [f":small[:gray[{escape(line.note)}]]"] if line.note and line.difference else []
    with change.container(gap="xxsmall"):
        st.markdown("  \n".join(lines))
        with st.container(horizontal=True, gap="small"):
            if line.run:
                st.page_link("pages/runs.py", label="Run", icon=":material/science:", query_params={"run": line.run})
            if line.run and line.run_before and line.run != line.run_before:
                pair = {"runs": f"{line.run_before},{line.run}"}
                st.page_link("pages/compare.py", label="Compare", icon=":material/compare_arrows:", query_params=pair)
            st.page_link("pages/roadmap.py", label="Trend", icon=":material/show_chart:", query_params=query)
