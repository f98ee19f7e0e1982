"""The question's side of the Tuning lab: choose or ask one, see its document, what was read, and the ranking."""

from __future__ import annotations

import streamlit as st

from engine.charts.tuning import build_document_strip
from engine.settings import PipelineSettings
from engine.views.labs import OpenLab
from engine.views.tuning_question import QuestionPanel, TextPart, build_question_panel
from engine.views.tuning_suite import order_cases
from pages.ui.charts import draw_chart
from pages.ui.markup import draw_pieces, escape
from pages.ui.tuning_state import ASKED, CASE

DOCUMENT = "tuning-document"
BADGES = {
    "passed": ":green-badge[:material/check_circle: Found]",
    "failed": ":red-badge[:material/cancel: Missed]",
    "unscored": ":gray-badge[:material/help: No gold]",
}


def draw_question(opened: OpenLab, settings: PipelineSettings) -> tuple[str, str]:
    """One question; its case's id and the typed question, one of them empty."""
    chosen, asked = _choose(opened, settings)
    shown = st.session_state.get(DOCUMENT)
    view = opened.ask(asked, settings, shown) if asked else opened.explain(chosen, settings, shown)
    panel = build_question_panel(view)
    _draw_verdict(panel)
    st.session_state[DOCUMENT] = panel.document
    if len(panel.documents) > 1:
        st.selectbox("Document", panel.documents, key=DOCUMENT, label_visibility="collapsed")
    draw_chart(build_document_strip(panel.strip), "tuning-strip")
    _draw_text(panel)
    _draw_ranks(panel)
    return ("" if asked else chosen), asked


def _choose(opened: OpenLab, settings: PipelineSettings) -> tuple[str, str]:
    questions = order_cases(opened, settings)
    ids = list(questions)
    for name in (CASE, ASKED):
        st.session_state.setdefault(f"tuning-{name}", st.query_params.get(name, ""))
    if st.session_state["tuning-case"] not in questions:
        st.session_state["tuning-case"] = ids[0]
    chosen = st.session_state["tuning-case"]
    place = ids.index(chosen)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xsmall"):
        st.markdown("**One question**", help="Failures first: cases whose gold spans are not in the context.")
        with st.container(horizontal=True, vertical_alignment="center", width="content", gap="xsmall"):
            _draw_step("Previous", "chevron_left", "Alt+ArrowLeft", ids[place - 1] if place else None)
            st.caption(f"{place + 1} of {len(ids)}", width="content")
            _draw_step("Next", "chevron_right", "Alt+ArrowRight", ids[place + 1] if place + 1 < len(ids) else None)
    left, right = st.columns(2, gap="xsmall")
    left.selectbox(
        "Case, failures first",
        ids,
        key="tuning-case",
        format_func=lambda i: f"{i}: {questions[i]}",
        label_visibility="collapsed",
        on_change=forget_document,
    )
    asked = right.text_input(
        "Your own question",
        key="tuning-ask",
        placeholder="or ask your own",
        label_visibility="collapsed",
        icon=":material/search:",
        on_change=forget_document,
    )
    return chosen, asked.strip()


def _draw_step(label: str, icon: str, shortcut: str, case: str | None) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"tuning-step-{label}",
        shortcut=shortcut,
        type="tertiary",
        disabled=case is None,
        on_click=open_case,
        args=(case,),
    )


def open_case(identifier: str) -> None:
    """Shows a case of the suite."""
    st.session_state["tuning-case"] = identifier
    st.session_state["tuning-ask"] = ""
    forget_document()


def forget_document() -> None:
    """Another question shows its own document first."""
    st.session_state.pop(DOCUMENT, None)


def _draw_verdict(panel: QuestionPanel) -> None:
    st.markdown(
        f"**{escape(panel.question)}**" if len(panel.question) < 400 else f"**{escape(panel.question[:400])} …**"
    )
    st.markdown(f"{BADGES[panel.state]} {escape(panel.finding)}")
    if panel.answer:
        st.markdown(f"> {escape(panel.answer)}")
    st.caption(
        f"Context quality {panel.quality} · {panel.tokens} tokens of context",
        help="\n\n".join(map(escape, panel.steps)) or None,
    )


def _draw_text(panel: QuestionPanel) -> None:
    st.caption(
        ":gray-badge[chunk] begins · :blue-badge[chunk · rank] was retrieved · :blue-background[context] · "
        ":orange-background[gold] · :green-background[gold in the context]"
    )
    with st.container(border=True, gap="xsmall"):
        if panel.before:
            st.caption(f"… {panel.before} characters before")
        for part in panel.parts:
            _draw_part(part)
        if panel.after:
            st.caption(f"{panel.after} characters after …")


def _draw_part(part: TextPart) -> None:
    badges = " ".join(
        f":gray-badge[{b.number}]" if b.rank is None else f":blue-badge[{b.number} · rank {b.rank}]"
        for b in part.begins
    )
    if badges:
        st.markdown(badges)
    if any(piece.text.strip() for piece in part.pieces):
        draw_pieces(part.pieces)


def _draw_ranks(panel: QuestionPanel) -> None:
    rows = [
        {
            "rank": r.rank,
            "document": r.document,
            "characters": r.characters,
            "score": r.score,
            "in context": "yes" if r.context else "",
            "gold": "★" if r.gold else "",
        }
        for r in panel.ranks
    ]
    st.markdown("**Retrieved, best first**", help="Chunks that were handed to context selection.")
    if rows:
        st.dataframe(rows, hide_index=True, height="content" if len(rows) < 8 else 300, key="tuning-ranks")
    else:
        st.caption("Nothing was retrieved.")
