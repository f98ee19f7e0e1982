"""Confidence by week against the plan, and the form to say it."""

from __future__ import annotations

import streamlit as st

from engine.charts.readiness import build_confidence_chart
from engine.roadmap.confidence import state_confidence
from engine.store import Store
from engine.views.readiness_confidence import ConfidenceView, load_confidence_view
from pages.ui.charts import draw_chart
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import shown_errors
from pages.ui.tables import draw_words


def draw_confidence(store: Store, roadmap: str) -> None:
    """The chart, the weeks, the form."""
    view = load_confidence_view(store, roadmap)
    st.markdown(f"**{escape(view.headline)}**")
    left, right = st.columns([3, 1.3], gap="medium")
    with left:
        draw_chart(build_confidence_chart(view), f"confidence-{roadmap}")
        note = "The dotted line is computed: goals of all phases that the evidence of the week met. It is no opinion."
        st.caption(escape(f"{view.basis} {note}"))
    with right, st.container(border=True):
        _draw_form(store, view)
    if view.rows:
        draw_words(view.rows)
    st.code(f"python -m engine confidence --roadmap {roadmap} --value 0.92", language="bash")


def _draw_form(store: Store, view: ConfidenceView) -> None:
    key = f"confidence-{view.roadmap.name}"
    with st.form(key, border=False, enter_to_submit=False):
        st.markdown("**How sure is the team?**")
        value = st.number_input(
            "In %", 0.0, 100.0, view.known, 1.0, key=f"{key}-value", placeholder="0 to 100", format="%g"
        )
        week = st.date_input("A day of the week", view.today, max_value=view.today, key=f"{key}-week")
        note = st.text_input("Why (may stay empty)", key=f"{key}-note")
        st.caption(f"Said by {escape(get_person())}. It takes the place of what was said of that week before.")
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            if value is None:
                st.error("Give a number from 0 to 100.", icon=":material/error:")
                return
            with shown_errors():
                state_confidence(store, view.roadmap, week=week, value=value / 100, note=note, who=get_person())
                st.toast("Saved.", icon=":material/check:")
                st.rerun()
