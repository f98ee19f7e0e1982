"""The section Profile of the Settings screen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.profiles import ENVIRONMENTS, POLICIES
from engine.saved_profile import save_profile
from engine.store import Store
from engine.views.profile import PRECEDENCE, EditField, ProfileRow, ProfileView, load_profile_view
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import shown_errors
from pages.ui.tables import draw_words

_AS_IS = "not saved"


def draw_profile(store: Store) -> None:
    """What is in force, what may be changed here, and two profiles beside each other."""
    query = st.query_params
    view = load_profile_view(store, left=query.get("left", ""), right=query.get("right", ""), zone=get_zone())
    if view.problem:
        st.error(f"The profile cannot be used, and the shipped one is shown: {escape(view.problem)}")
    st.markdown(f"#### {escape(view.name)}", help="Environment and policy together name the profile.")
    st.markdown(f"{escape(view.environment)} · {escape(view.policy)}. {escape(view.note)}")
    with st.expander("Change it here", icon=":material/edit:"):
        _draw_form(store, view)
    _draw_rows(view.rows, "Profile alone")
    st.caption(f"● stands above the profile, ○ does not. The later wins: {', '.join(PRECEDENCE)}.")
    st.markdown("##### What this makes of the pipeline")
    _draw_rows(view.pipeline, "Shipped default")
    st.markdown("##### Model tiers")
    st.table([dict(row) for row in view.tiers], hide_index=True)
    _draw_comparison(view)
    if view.changes:
        st.markdown("##### Who changed it")
        draw_words(view.changes)


def _draw_rows(rows: tuple[ProfileRow, ...], other: str) -> None:
    draw_words(
        [
            {
                "field": row.name,
                "value": row.value,
                "origin": f"● {row.origin}" if row.overridden else f"○ {row.origin}",
                "other": row.profile_value,
                "meaning": row.meaning,
            }
            for row in rows
        ],
        {
            "field": "Field",
            "value": "In force",
            "origin": "Where it comes from",
            "other": other,
            "meaning": "What it does",
        },
    )


def _draw_form(store: Store, view: ProfileView) -> None:
    st.caption("Saved values stand above the profile; a variable of the environment stands above them.")
    with st.form("profile", border=False, enter_to_submit=False):
        left, right = st.columns(2)
        values: dict[str, Any] = {
            "environment": left.selectbox(
                "environment", [None, *ENVIRONMENTS], **_chosen("environment", ENVIRONMENTS, view)
            ),
            "policy": right.selectbox("policy", [None, *POLICIES], **_chosen("policy", POLICIES, view)),
        }
        for first in range(0, len(view.fields), 4):
            for column, field in zip(st.columns(4), view.fields[first : first + 4], strict=False):
                with column:
                    values[field.name] = _draw_field(field)
        left, right = st.columns(2)
        for column, name in ((left, "provider"), (right, "model")):
            help_text = next(row.meaning for row in view.rows if row.name == name)
            values[name] = column.text_input(name, view.saved.get(name, ""), placeholder=_AS_IS, help=help_text).strip()
        reason = st.text_input("Why", max_chars=200, help="Kept in the audit trail with your name.")
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            with shown_errors():
                save_profile(store, values, get_person(), reason.strip())
                st.toast("Saved. Limits and caches follow when the app is started anew.", icon=":material/check:")
                st.rerun()


def _chosen(name: str, options: tuple[str, ...], view: ProfileView) -> dict[str, Any]:
    saved = view.saved.get(name)
    return {
        "index": options.index(saved) + 1 if saved in options else 0,
        "format_func": lambda option: option or _AS_IS,
        "key": f"profile-{name}",
    }


def _draw_field(field: EditField) -> Any:
    shared: dict[str, Any] = {"help": f"{field.meaning} In force: {field.shown}.", "key": f"profile-{field.name}"}
    if field.several:
        saved = [] if field.saved is None else list(field.saved) or ["none"]
        options = ["none", *field.choices]
        picked = st.multiselect(field.name, options, saved, placeholder=field.shown or _AS_IS, **shared)
        return [p for p in picked if p != "none"] if picked else None
    if field.choices:
        options = [_AS_IS, *field.choices]
        index = options.index(field.saved) if field.saved in options else 0
        picked = st.selectbox(field.name, options, index, **shared)
        return None if picked == _AS_IS else picked
    cast = int if field.whole else float
    return st.number_input(
        field.name,
        cast(field.low or 0),
        cast(field.high or 0),
        None if field.saved is None else cast(field.saved),
        placeholder=field.shown,
        **shared,
    )


def _draw_comparison(view: ProfileView) -> None:
    st.markdown("##### Two profiles")
    labels = {name: name for name in view.names}
    with st.container(horizontal=True):
        choose("First", labels, key="left", default=view.left)
        choose("Second", labels, key="right", default=view.right)
    if not view.differences:
        st.caption("They do not differ.")
        return
    rows = [{"field": row["field"], view.left: row["left"], view.right: row["right"]} for row in view.differences]
    st.dataframe(rows, hide_index=True, key="profile-differences", height="content")
