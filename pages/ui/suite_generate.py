"""Proposed cases: made from the corpus, taken or turned down one by one or many at once."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.suite_building.generation import propose_for
from engine.suite_building.proposing import Proposal, accept_proposals, edit_proposal, reject_proposals
from engine.views.suite_editor import SuiteEditor, load_open_proposals, view_evidence
from engine.views.words import plural
from pages.ui.markup import draw_pieces, escape, write_code
from pages.ui.person import get_person
from pages.ui.states import draw_empty, shown_errors

ORIGIN_WORDS = {
    "definition": "A definition", "number": "A number or a date", "table": "A table", "step": "A step", "heading": "The document's own question",
    "fact": "A field or a fact", "person": "A person", "unanswerable": "Unanswerable: the subject was exchanged for one that no document holds",
}  # fmt: skip


def draw_generate(store: Store, editor: SuiteEditor) -> None:
    """The form that proposes, then the proposals that wait."""
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        count = st.number_input("How many", 1, 500, 20, key="generate-count", width=120)
        model = st.text_input(
            "Chat model", key="generate-model", placeholder="none: from headings, tables, numbers", width=300,
            help="As litellm names it, such as ollama/llama3.2. Without one, questions come from the documents' form and wording.",
        )  # fmt: skip
        if st.button("Propose", type="primary", icon=":material/auto_awesome:", disabled=editor.read_only):
            with shown_errors(), st.spinner("Reading the corpus …", show_time=True):
                report = propose_for(store, editor.suite, int(count), who=get_person(), model=(model or "").strip())
                dropped = "; ".join(
                    f"{n} for: {why}" for why, n in sorted(report.dropped.items(), key=lambda pair: -pair[1])
                )
                st.session_state["generate-note"] = (
                    f"{plural(report.kept, 'case')} proposed of {report.considered} considered."
                    + (f" Dropped: {dropped}." if dropped else "")
                )
    if note := st.session_state.get("generate-note"):
        st.caption(escape(note))
    waiting = load_open_proposals(store, editor)
    if not waiting:
        draw_empty(
            "Nothing waits",
            "Propose some cases; they come here, and enter the suite only when you accept them.",
            icon="inbox",
        )
        return
    _draw_one(store, editor, waiting)
    _draw_many(store, editor, waiting)


def _draw_one(store: Store, editor: SuiteEditor, waiting: list[Proposal]) -> None:
    at = min(st.session_state.get("generate-at", 0), len(waiting) - 1)
    proposal = waiting[at]
    case = dict(proposal.case)
    with st.container(border=True):
        st.caption(
            f"Proposal {at + 1} of {len(waiting)} · {escape(ORIGIN_WORDS.get(proposal.origin, proposal.origin))}"
        )
        question = st.text_area("Question", case.get("question", ""), key=f"question-{proposal.proposal_id}", height=68)
        if not case.get("unanswerable"):
            answers = st.text_area(
                "Answers, one a line",
                "\n".join(case.get("answers", [])),
                key=f"answers-{proposal.proposal_id}",
                height=68,
            )
            case["answers"] = [line.strip() for line in answers.split("\n") if line.strip()]
            passage = view_evidence(editor, case)
            if passage is not None:
                st.caption(write_code(passage.document))
                with st.container(height=180):
                    draw_pieces(passage.pieces, before=passage.before, after=passage.after)
        case["question"] = question.strip()
        with st.container(horizontal=True):
            if st.button(
                "Accept", type="primary", icon=":material/check:", shortcut="Alt+A", disabled=editor.read_only
            ):
                _accept_edited(store, editor, proposal, case)
            if st.button("Reject", icon=":material/close:", shortcut="Alt+X", disabled=editor.read_only):
                reject_proposals(store, editor.suite.folder, [proposal], who=get_person())
                st.rerun()
            if st.button("Back", icon=":material/arrow_back:", shortcut="Alt+B", disabled=at == 0):
                st.session_state["generate-at"] = at - 1
                st.rerun()
            if st.button("Later", icon=":material/arrow_forward:", shortcut="Alt+L", disabled=at + 1 >= len(waiting)):
                st.session_state["generate-at"] = at + 1
                st.rerun()
        st.caption(
            "Alt+A accepts, Alt+X rejects, Alt+L leaves it for later. Change the words first where they could be better."
        )


def _accept_edited(store: Store, editor: SuiteEditor, proposal: Proposal, case: dict[str, object]) -> None:
    if case != dict(proposal.case):
        wrong = edit_proposal(store, proposal.proposal_id, case, editor.suite.texts)
        if wrong:
            st.error("Not accepted: " + escape("; ".join(p.words for p in wrong)), icon=":material/error:")
            return
    with shown_errors():
        edited = Proposal(proposal_id=proposal.proposal_id, case=case, origin=proposal.origin, status="open")
        accept_proposals(store, editor.suite.folder, [edited], expected=editor.suite.text.hash, who=get_person())
        st.rerun()


def _draw_many(store: Store, editor: SuiteEditor, waiting: list[Proposal]) -> None:
    st.markdown(f"**All {len(waiting)} that wait**")
    column = st.column_config
    chosen = st.dataframe(
        [
            {
                "question": p.case.get("question", ""),
                "answers": " | ".join(p.case.get("answers", [])) or "unanswerable",
                "document": next((s["document"] for s in p.case.get("relevant", [])), ""),
                "origin": p.origin,
            }
            for p in waiting
        ],
        hide_index=True,
        height="content" if len(waiting) < 12 else 420,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"proposals-{len(waiting)}-{waiting[0].proposal_id}",
        column_config={
            "question": column.TextColumn("Question", width="large"),
            "answers": column.TextColumn("Answer", width="medium"),
            "document": column.TextColumn("Document"),
            "origin": column.TextColumn("From", width="small"),
        },
    )
    picked = [waiting[i] for i in chosen.selection.rows if i < len(waiting)]
    many = picked or waiting
    words = plural(len(many), "chosen one", "chosen ones") if picked else f"all {len(many)}"
    with st.container(horizontal=True):
        if st.button(f"Accept {words}", icon=":material/done_all:", disabled=editor.read_only):
            with shown_errors():
                accept_proposals(store, editor.suite.folder, many, expected=editor.suite.text.hash, who=get_person())
                st.session_state["generate-note"] = f"{plural(len(many), 'case')} added to the suite."
                st.rerun()
        if st.button(f"Reject {words}", icon=":material/delete_sweep:", disabled=editor.read_only):
            reject_proposals(store, editor.suite.folder, many, who=get_person())
            st.rerun()
