"""The parts of the Settings screen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.store import Store
from engine.views.settings import Check, Field, SettingsView, run_checks, save_settings
from engine.views.sweep_list import load_evidence
from pages.ui.markup import escape, state_badge
from pages.ui.person import get_person
from pages.ui.progress import draw_facts
from pages.ui.states import shown_errors


def draw_pipeline(store: Store, view: SettingsView) -> None:
    """One form over all fields; only what differs from the shipped defaults is saved."""
    if view.changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                "Changed: "
                + ", ".join(f"`{n}` {escape(old)} → **{escape(new)}**" for n, (old, new) in view.changed.items())
            )
            if st.button("Back to the shipped defaults", icon=":material/restart_alt:"):
                save_settings(store, {}, get_person(), "back to the shipped defaults")
                st.rerun()
    else:
        st.caption("These are the shipped defaults, on which the quality figures are reported.")
    evidence, sweep = load_evidence(store)
    if evidence:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/grain: {escape(evidence)}")
            st.page_link("pages/sweeps.py", label="See the sweep", query_params={"sweep": sweep})
    with st.form("pipeline"):
        values: dict[str, Any] = {}
        for name, fields in view.groups.items():
            st.markdown(f"##### {name}")
            for first in range(0, len(fields), 4):
                for column, field in zip(st.columns(4), fields[first : first + 4], strict=False):
                    with column:
                        values[field.name] = _draw_field(field)
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            with shown_errors():
                save_settings(store, values, get_person())
                st.toast("Saved. Ask uses it from now on; Suites offers it.", icon=":material/check:")
                st.rerun()
    st.markdown(
        "##### Keys of remote models", help="Taken from environment variables; never typed, shown or stored here."
    )
    st.markdown(
        " ".join(
            f":{'green' if is_set else 'gray'}-badge[:material/{'key' if is_set else 'key_off'}: {n} {'set' if is_set else 'not set'}]"
            for n, is_set in view.keys.items()
        )
    )


def _draw_field(field: Field) -> Any:
    note = f" Default: {field.default or 'empty'}." + (
        " Changing it embeds the corpora anew." if field.reindexes else ""
    )
    shared = {"help": field.help + note, "key": f"field-{field.name}"}
    if field.choices:
        return st.selectbox(field.name, field.choices, index=field.choices.index(field.value), **shared)
    if isinstance(field.value, str):
        return st.text_input(field.name, field.value, **shared)
    return st.number_input(field.name, field.low, field.high, field.value, step=field.step, **shared)


def draw_presets(store: Store, view: SettingsView) -> None:
    """What each preset sets."""
    st.table([dict(row) for row in view.presets], hide_index=True)
    st.caption(
        "fast for short documents and quick answers, balanced is the default, accurate reads more at every step."
    )


def draw_machine(store: Store, view: SettingsView) -> None:
    """Where state lives, versions, and the doctor."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Where state lives")
        draw_facts(view.places)
    with right:
        st.markdown("##### Versions")
        draw_facts(view.versions)
    st.markdown("##### Doctor", help="The same as `python -m engine doctor`.")
    if st.button("Examine this machine", icon=":material/stethoscope:"):
        with shown_errors(), st.spinner("Looking at model, store, disk and ports …"):
            st.session_state["doctor"] = run_checks()
    checks: tuple[Check, ...] | None = st.session_state.get("doctor")
    for check in checks or ():
        advice = f" **{escape(check.advice)}**" if check.advice and check.status != "ok" else ""
        st.markdown(
            f"{state_badge('failed' if check.status == 'fail' else check.status)} **{escape(check.name)}** {escape(check.detail)}{advice}"
        )
