"""The score on the Readiness screen: the sentence, the bars, what to do next, every item with its evidence."""

from __future__ import annotations

import streamlit as st

from engine.charts.readiness import build_points_chart
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.views.readiness import GroupLine, ItemLine, ProofLine, ReadinessView, StepLine, load_readiness
from pages.ui.charts import draw_chart
from pages.ui.goals import draw_start_button
from pages.ui.markup import escape, write_code
from pages.ui.ticking import draw_tick_form

BADGES = {
    "earned": ":green-badge[:material/check_circle: Earned]",
    "waived": ":orange-badge[:material/pending_actions: Waived]",
    "undecided": ":gray-badge[:material/help: Not proven]",
    "lost": ":red-badge[:material/cancel: Missed]",
}
PROOF_BADGES = {
    "met": ":green[:material/check:]",
    "waived": ":orange[:material/pending_actions:]",
    "no data": ":gray[:material/help:]",
    "missed": ":red[:material/close:]",
}
WIDTHS = [4, 4.4, 2]


def draw_score(store: Store, roadmap: str) -> None:
    """The score, its parts and its evidence."""
    view = load_readiness(store, roadmap)
    box = {"pass": st.success, "fail": st.error, "no_data": st.info}[view.state]
    icon = {"pass": "check_circle", "fail": "cancel", "no_data": "help"}[view.state]
    box(f"**{escape(view.sentence)}**", icon=f":material/{icon}:")
    st.caption(escape(f"{view.meaning} {view.basis} {view.claimed}".strip()))
    draw_chart(build_points_chart(view), f"points-{roadmap}")
    _draw_steps(store, view)
    st.markdown("#### Item by item")
    for group in view.groups:
        _draw_group(store, view, group)
    st.code(f"python -m engine readiness --roadmap {roadmap}", language="bash")


def _draw_steps(store: Store, view: ReadinessView) -> None:
    if not view.steps:
        return
    st.markdown("#### What would gain most", help="Points that would be there if it turns out well.")
    with st.container(border=True):
        for place, step in enumerate(view.steps):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f"**{step.points} points** · {escape(step.words)}", width="stretch")
                _draw_step_action(store, view, step, f"step-{view.roadmap.name}-{place}")


def _draw_step_action(store: Store, view: ReadinessView, step: StepLine, key: str) -> None:
    if step.suite:
        draw_start_button(step.suite, key, label="Run")
    elif step.tick_item:
        with st.popover("Tick", icon=":material/task_alt:", key=key):
            draw_tick_form(store, view.roadmap, step.tick_item, key)
    elif step.command:
        st.caption(write_code(step.command), width="content")
    elif step.phase is not None:
        query = {"roadmap": view.roadmap.name, "phase": str(step.phase), "kpi": step.kpi, "show": "KPIs"}
        st.page_link("pages/roadmap.py", label="See the KPI", icon=":material/show_chart:", query_params=query)


def _draw_group(store: Store, view: ReadinessView, group: GroupLine) -> None:
    st.markdown(f"##### {escape(group.title)} :small[:gray[{escape(group.words)}]]", anchors=False)
    with st.container(border=True, gap="small"):
        for item in group.items:
            _draw_item(store, view, item)


def _draw_item(store: Store, view: ReadinessView, item: ItemLine) -> None:
    for place, proof in enumerate(item.proofs):
        left, why, evidence = st.columns(WIDTHS, vertical_alignment="center")
        if not place:
            doubt = f" :orange[{escape(item.doubt)}]" if item.doubt else ""
            left.markdown(
                f"{BADGES[item.state]} **{escape(item.title)}**  \n:small[{escape(item.points)} points{doubt}]",
                help=f"From the document: {escape(item.source)}" if view.score.plan.stated else escape(item.source),
            )
        why.markdown(
            f":small[{PROOF_BADGES[proof.state]} {escape(proof.title)}, {escape(proof.wanted)}: :gray[{escape(proof.reason)}]]"
        )
        with evidence.container(horizontal=True, vertical_alignment="center", gap="small"):
            draw_proof_links(store, view.roadmap, proof, f"{view.roadmap.name}-{item.id}-{place}")


def draw_proof_links(store: Store, roadmap: Roadmap, proof: ProofLine, key: str) -> None:
    """The way to a piece of evidence, or to making it."""
    if proof.run:
        st.page_link("pages/runs.py", label="Run", icon=":material/science:", query_params={"run": proof.run})
    if proof.link:
        st.link_button("What shows it", proof.link, icon=":material/link:", type="tertiary")
    if proof.suite:
        draw_start_button(proof.suite, f"proof-{key}", label="Run")
    if proof.command:
        st.caption(write_code(proof.command))
    if proof.tick_item:
        with st.popover("Change" if proof.link else "Tick", icon=":material/task_alt:", key=f"proof-tick-{key}"):
            draw_tick_form(store, roadmap, proof.tick_item, f"proof-{key}")
