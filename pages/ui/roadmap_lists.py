"""The forms for what a roadmap lists: KPIs and risks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.roadmap.editing import Draft
from engine.roadmap.edits import edit_kpis, edit_rows
from engine.views.roadmap_edit import EVIDENCE_WORDS, UNITS, EditOptions, load_edit_options
from pages.ui.markup import escape
from pages.ui.roadmap_desk import Desk

RISK_FIELDS = {
    "owner": "Owner",
    "likelihood": "Likelihood",
    "impact": "Impact",
    "mitigation": "Mitigation",
    "fallback": "Fallback",
    "contingency": "Contingency",
}
EVIDENCE_FIELDS = ("suites", "measure", "kinds", "baseline", "bench", "figure", "command")
NEW_KPI: dict[str, Any] = {
    "title": "New KPI",
    "unit": "share",
    "higher_is_better": True,
    "description": "Say here what is measured.",
    "evidence": {"type": "checklist", "reason": "a person has to confirm this; nobody has yet"},
}


def draw_kpis_form(desk: Desk, phase: int) -> Draft:
    """One KPI at a time: title, unit, which way is better, where its value comes from."""
    kpis = desk.draft.fields["kpis"]
    rows = [{"id": name, **kpi} for name, kpi in kpis.items()]
    choice = f"kpi-choice-{desk.draft.name}"
    if st.session_state.pop("kpi-added", False) or st.session_state.get(choice) not in kpis:
        st.session_state[choice] = list(kpis)[-1] if st.session_state.get(choice) else next(iter(kpis))
    if st.session_state[choice] != desk.chosen:  # what was typed for the one before is in the draft
        desk.chosen = st.session_state[choice]
        desk.begin_again(desk.draft)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "KPI",
            list(kpis),
            format_func=lambda name: kpis[name]["title"],
            key=choice,
            width=380,
        )
        add = st.button("Add a KPI", icon=":material/add:", key=desk.key("add-kpi"))
        remove = st.button("Remove it", icon=":material/delete:", key=desk.key("drop-kpi"), disabled=len(kpis) < 2)
    edited = _draw_kpi(desk, chosen, desk.seed.fields["kpis"][chosen], load_edit_options(desk.draft, phase))
    rows = [edited if row["id"] == chosen else row for row in rows]
    draft = edit_kpis(desk.draft, rows)
    if add:
        st.session_state["kpi-added"] = True
        desk.begin_again(edit_kpis(draft, [*rows, NEW_KPI]))
        st.rerun()
    if remove:
        desk.begin_again(edit_kpis(draft, [row for row in rows if row["id"] != chosen]))
        st.rerun()
    return draft


def _draw_kpi(desk: Desk, name: str, kpi: Mapping[str, Any], options: EditOptions) -> dict[str, Any]:
    def key(field: str) -> str:
        return desk.key(f"kpi-{name}-{field}")

    left, middle, right = st.columns([3, 1.2, 1.6], vertical_alignment="bottom")
    title = left.text_input("Title", kpi["title"], key=key("title"))
    units = UNITS if kpi["unit"] in UNITS else (*UNITS, kpi["unit"])
    unit = middle.selectbox(
        "Unit", units, index=units.index(kpi["unit"]), key=key("unit"), help="A share is shown in %."
    )
    better = right.toggle("Higher is better", kpi["higher_is_better"], key=key("better"))
    description = st.text_area("What is measured", str(kpi["description"]).strip(), key=key("description"), height=80)
    evidence = dict(kpi["evidence"])
    kinds = list(EVIDENCE_WORDS)
    kind = st.segmented_control(
        "Where its value comes from",
        kinds,
        default=evidence["type"],
        format_func=lambda k: EVIDENCE_WORDS.get(k, k),
        key=key("type"),
        required=True,
    )
    found = _draw_evidence(key, kind, evidence, options)
    return {
        "id": name,
        "title": title,
        "unit": unit,
        "higher_is_better": better,
        "description": description,
        "evidence": found,
    }


def _draw_evidence(key: Any, kind: str, evidence: Mapping[str, Any], options: EditOptions) -> dict[str, Any]:
    reason = str(evidence.get("reason", "")).strip()
    found: dict[str, Any] = {"type": kind} | ({} if kind == evidence["type"] else dict.fromkeys(EVIDENCE_FIELDS))
    if kind in ("readiness", "audit"):
        return found | {"reason": st.text_input("What to know of it (may stay empty)", reason, key=key("reason"))}
    if kind in ("checklist", "none"):
        return found | {"reason": st.text_input("Why there is no data until then", reason, key=key("reason"))}
    left, right = st.columns(2)
    if kind == "bench":
        benches = sorted({*options.benches, str(evidence.get("bench") or options.benches[0])})
        at = benches.index(evidence["bench"]) if evidence.get("bench") else 0
        found["bench"] = left.selectbox("Benchmark", benches, index=at, key=key("bench"))
        words = "As bench --json names it; a dot leads into a group."
        found["figure"] = right.text_input("Figure", evidence.get("figure", ""), key=key("figure"), help=words)
        return found
    known = [*options.suites, *(s for s in evidence.get("suites", []) if s not in options.suites)]
    suites = left.multiselect(
        "Suites whose cases are pooled", known, evidence.get("suites", []), key=key("suites"), accept_new_options=True
    )
    measures = list(options.measures)
    measure = str(evidence.get("measure") or measures[0])
    measures = measures if measure in measures else [measure, *measures]
    measure = right.selectbox("Figure or measure", measures, index=measures.index(measure), key=key("measure"))
    kinds = st.multiselect(
        "Kinds of cases (all when none is chosen)",
        ["qa", "conversation", "content"],
        evidence.get("kinds", []),
        key=key("kinds"),
    )
    found |= {"suites": suites, "measure": measure, "kinds": kinds}
    if measure == "processing_time_improvement":
        found["baseline"] = st.number_input("Baseline in ms", value=evidence.get("baseline"), key=key("baseline"))
    return found | {"reason": st.text_input("What to know of the value (may stay empty)", reason, key=key("reason"))}


def draw_risks_form(desk: Desk, phase: int) -> Draft:
    """Every risk with its owner and what is done about it."""
    rows, gone = [], None
    for i, risk in enumerate(desk.seed.fields.get("risks") or []):
        owner = risk.get("owner") or "no owner yet"
        with st.expander(f"**{escape(risk['title'])}** · {escape(owner)}"):
            columns = st.columns(2)
            row = {
                field: columns[j % 2].text_input(label, risk.get(field, ""), key=desk.key(f"risk-{i}-{field}"))
                for j, (field, label) in enumerate(RISK_FIELDS.items())
            }
            rows.append({"title": risk["title"], **row})
            if st.button("Remove the risk", icon=":material/delete:", key=desk.key(f"drop-risk-{i}")):
                gone = risk["title"]
    draft = edit_rows(desk.seed, "risks", rows)
    if gone:
        desk.begin_again(edit_rows(draft, "risks", [row for row in rows if row["title"] != gone]))
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Another risk", key=desk.key("new-risk"), placeholder="What may go wrong?")
        known = any(row["title"] == title.strip() for row in rows)
        disabled = not title.strip() or known
        if st.button("Add the risk", icon=":material/add:", key=desk.key("add-risk"), disabled=disabled):
            desk.begin_again(edit_rows(draft, "risks", [*rows, {"title": title.strip()}]))
            st.rerun()
    return draft
