"""One case whole: why it passed or failed, and everything that was read on the way."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.case import CaseView, Expected, TurnView, load_case
from engine.views.case_company import EarlierCase, Side
from engine.views.case_filter import CaseFilter, read_filter
from engine.views.differences import Difference
from engine.views.words import decimal
from pages.ui.answers import draw_answer, draw_contexts, draw_sources, draw_timings
from pages.ui.case_labels import draw_label_bar
from pages.ui.links import draw_step
from pages.ui.markup import escape, state_badge
from pages.ui.resources import get_zone
from pages.ui.states import draw_title

SIDES = {"both": ":green-background[{}]", "answer": "{}", "reference": ":red-background[~~{}~~]"}


def draw_case(store: Store, run_id: str, case_id: str) -> None:
    """The screen of one case."""
    chosen = read_filter(st.query_params)
    case = load_case(store, run_id, case_id, chosen, get_zone())
    _draw_head(case, chosen)
    draw_label_bar(store, case)
    if case.error:
        st.error(f"The case ended with an error: {escape(case.error)}", icon=":material/error:")
    if case.reason:
        st.info(escape(case.reason), icon=":material/info:")
    if case.checks:
        badges = (
            state_badge("passed" if ok else "failed").replace("Passed", escape(n)).replace("Failed", f"not {escape(n)}")
            for n, ok in case.checks.items()
        )
        st.markdown("**Checks:** " + " ".join(badges))
    if case.earlier and case.earlier.flipped:
        _draw_earlier(case.earlier)
    if case.kind == "content":
        _draw_content(case)
    for turn in case.turns if case.kind != "content" else ():
        _draw_turn(case, turn)
    if case.earlier and not case.earlier.flipped:
        _draw_earlier(case.earlier)
    if case.scores:
        st.markdown("#### Scores")
        rows = [
            {
                "measure": s.measure,
                "value": decimal(s.value),
                "status": s.status,
                "reason": s.reason,
                **({"judge": s.judge} if case.judged else {}),
                "what it is": s.description,
            }
            for s in case.scores
        ]
        wide = st.column_config.TextColumn(width="large")
        st.dataframe(
            rows,
            hide_index=True,
            height="content",
            column_config={"what it is": wide, "reason": st.column_config.TextColumn(width="medium")},
        )


def _draw_head(case: CaseView, chosen: CaseFilter) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        draw_step("pages/runs.py", f"Run of {case.suite}", "arrow_back", {"run": case.run_id} | chosen.address, "run")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _draw_step("Previous", case.place.previous, case.run_id, chosen, "chevron_left", "P")
            st.caption(escape(case.place.words), width="content")
            _draw_step("Next", case.place.next, case.run_id, chosen, "chevron_right", "N")
    tags = " ".join(f":gray-badge[{escape(tag)}]" for tag in case.tags)
    draw_title(f"Case {escape(case.case_id)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{state_badge(case.status)} :blue-badge[{case.kind}] {tags}", width="content")
        if case.ask:
            st.page_link("pages/ask.py", label="Ask again", icon=":material/forum:", query_params=dict(case.ask))
        if case.tuning:
            st.page_link(
                "pages/tuning.py", label="In the Tuning lab", icon=":material/tune:", query_params=dict(case.tuning)
            )


def _draw_step(label: str, case_id: str | None, run_id: str, chosen: CaseFilter, icon: str, shortcut: str) -> None:
    clicked = st.button(
        label,
        icon=f":material/{icon}:",
        disabled=case_id is None,
        shortcut=shortcut,
        key=f"step-{label}",
        type="tertiary",
    )
    if clicked and case_id:
        st.switch_page("pages/runs.py", query_params={"run": run_id, "case": case_id} | chosen.address)


def _draw_earlier(earlier: EarlierCase) -> None:
    word = "flipped" if earlier.flipped else "same verdict" + (", same answer" if earlier.same_answer else "")
    with st.expander(
        f"The same case in {escape(earlier.there.run_id)}: {word}",
        expanded=earlier.flipped,
        icon=":material/compare_arrows:",
    ):
        here, there = st.columns(2, gap="medium")
        marked = () if earlier.same_answer else earlier.differences
        with here:
            _draw_side("This run", earlier.here, _mark(marked, "answer"))
        with there:
            _draw_side("The other run", earlier.there, _mark(marked, "reference"))
        if marked:
            st.caption("Coloured words stand in this answer alone.")


def _mark(differences: tuple[Difference, ...], side: str) -> str:
    """One side of a comparison; what stands there alone is coloured."""
    pieces = (d for d in differences if d.side in ("both", side))
    return " ".join(escape(d.text) if d.side == "both" else f":orange-background[{escape(d.text)}]" for d in pieces)


def _draw_side(title: str, side: Side, marked: str) -> None:
    st.markdown(f"**{title}** {state_badge(side.status)}")
    with st.container(border=True):
        st.markdown(marked or escape(side.answer) or "*No answer.*")
    checks = f" · failed: {escape(side.failed_checks)}" if side.failed_checks else ""
    st.caption(f"context quality {side.quality} · {side.latency}{checks}")


def _draw_content(case: CaseView) -> None:
    expected = case.turns[0].expected.content_type if case.turns else ""
    st.markdown(f"Expected **{escape(expected)}**, detected **{escape(case.answer_text)}**.")
    with st.container(border=True, height=320):
        st.markdown("  \n".join(escape(line.strip()) for line in case.question.split("\n")))


def _draw_turn(case: CaseView, turn: TurnView) -> None:
    key = f"turn{turn.number}"
    if case.kind == "conversation":
        mark = "" if turn.correct is None else state_badge("passed" if turn.correct else "failed")
        st.markdown(f"#### Turn {turn.number} {mark}", anchors=False)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**Question:** {escape(turn.question)}")
        draw_answer(turn.answer, key, compact=True)
    with right:
        st.markdown("**Expected**")
        _draw_expected(turn.expected)
        if case.differences:
            st.markdown(
                "**Answer against the reference**", help="Green stands in both, crossed out is missing from the answer."
            )
            st.markdown(" ".join(SIDES[d.side].format(escape(d.text)) for d in case.differences))
    with st.expander(
        "Sources, contexts and timings", expanded=case.kind != "conversation", icon=":material/manage_search:"
    ):
        sources, timings = st.columns([3, 2], gap="medium")
        with sources:
            draw_sources(turn.answer, key)
        with timings:
            draw_timings(turn.answer, key)
        draw_contexts(turn.answer, gold=True)


def _draw_expected(expected: Expected) -> None:
    if expected.unanswerable:
        st.markdown("The documents do not answer this; the engine should abstain.")
    if expected.answers:
        st.markdown("Any of: " + " · ".join(f"*{escape(a)}*" for a in expected.answers))
    if expected.facts:
        st.markdown("All of: " + " · ".join(f"*{escape(a)}*" for a in expected.facts))
    for span in expected.relevant:
        place = (
            f"characters {span.get('start', 0)} to {span['end']}"
            if span.get("end") is not None
            else "the whole document"
        )
        st.caption(f"Gold: {escape(span['document'])}, {place}")
    if not (expected.unanswerable or expected.answers or expected.facts):
        st.caption("No reference answer: this case scores retrieval alone.")
