"""The signatures of a phase: who signed which evidence, whether it is still the same, and the form to sign."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.sign_offs import revoke_sign_off, sign_phase
from engine.store import Store
from engine.views.roadmap import PhaseView
from engine.views.roadmap_decisions import SignOffRow, SignOffView, load_sign_offs
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import shown_errors

BADGES = {
    "current": ":green-badge[:material/verified: Signed, current]",
    "changed": ":orange-badge[:material/history: Signed, evidence has changed]",
    "tampered": ":red-badge[:material/gpp_bad: Evidence was altered]",
    "revoked": ":gray-badge[:material/block: Revoked]",
}


def draw_sign_offs(store: Store, view: PhaseView) -> None:
    """The panel under the gate."""
    signing = load_sign_offs(store, view.roadmap, view.gate, get_zone())
    st.markdown(
        "#### Sign-off",
        help="A signature is put under a hash over goals, values, intervals, runs with the hashes of their suites, policy, "
        "waivers and ticks. A later change of any of these is seen.",
    )
    for row in signing.rows:
        _draw_row(store, row)
    if not signing.rows:
        st.caption("Nobody has signed this phase yet.")
    if signing.refusal:
        st.info(
            f"{escape(signing.refusal)} Give the missing evidence, or waive a goal by itself, with a reason and a day.",
            icon=":material/edit_off:",
        )
    else:
        _draw_form(store, view, signing)


def _draw_row(store: Store, row: SignOffRow) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        role = f", {escape(row.role)}" if row.role else ""
        lines = [f"{BADGES[row.state]} **{escape(row.who)}**{role} · {row.when} · evidence `{row.short_hash}`"]
        lines += [f":small[{escape(row.words)}]"]
        lines += [f":small[With waivers for {escape(row.waived)}.]"] if row.waived else []
        lines += [f":small[:gray[{escape(row.note)}]]"] if row.note else []
        st.markdown("  \n".join(lines), width="stretch")
        if row.state == "revoked":
            return
        with st.popover("Revoke", icon=":material/block:", key=f"revoke-{row.sign_off_id}"):
            reason = st.text_input(
                "Why is it taken back?", key=f"revoke-why-{row.sign_off_id}", placeholder="At least three words"
            )
            if st.button("Revoke the signature", type="primary", key=f"revoke-now-{row.sign_off_id}"):
                with shown_errors():
                    revoke_sign_off(store, row.sign_off_id, who=get_person(), reason=reason)
                    st.rerun()


def _draw_form(store: Store, view: PhaseView, signing: SignOffView) -> None:
    gate = view.gate
    # The form keeps what the person was shown: a change that comes in between must be refused, not signed unseen.
    seen_key = f"seen-{gate.roadmap}-{gate.phase}-{gate.policy}"
    with st.form(f"sign-{gate.roadmap}-{gate.phase}", enter_to_submit=False):
        st.markdown(f"**Sign {escape(view.phase_name)} as complete**")
        if signing.waived:
            st.warning(
                "It passes with waivers: " + escape("; ".join(signing.waived)), icon=":material/pending_actions:"
            )
        left, right = st.columns(2)
        role = left.text_input("Your role (may stay empty)", key="sign-role", placeholder="QA lead")
        note = right.text_input("Note (may stay empty)", key="sign-note")
        st.caption(
            f"Signed as {escape(get_person())} (change it in the sidebar), under evidence `{signing.evidence_hash[:16]}`, "
            f"policy {gate.policy}."
        )
        signed = st.form_submit_button("Sign", type="primary", icon=":material/draw:")
    seen = st.session_state.get(seen_key, signing)
    st.session_state[seen_key] = signing
    if signed:
        with shown_errors():
            sign_phase(
                store,
                view.roadmap,
                gate.phase,
                who=get_person(),
                role=role,
                note=note,
                policy=gate.policy,
                seen_hash=seen.evidence_hash,
                seen=seen.evidence,
            )
            st.toast("Signed.", icon=":material/verified:")
            st.rerun()
