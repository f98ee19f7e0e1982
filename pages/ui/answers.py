"""An answer with its sources, contexts and timings; on Ask and on a case of a run."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine.charts.timings import build_waterfall
from engine.views.answers import AnswerView, Judgement, Source, waterfall_title
from engine.views.words import decimal, milliseconds, percent, plural
from pages.ui.charts import draw_chart
from pages.ui.markup import draw_pieces, escape


def draw_answer(view: AnswerView, key: str, *, compact: bool = False) -> None:
    """The text, each sentence with links to its sources, then the figures that say how far to trust it."""
    with st.container(border=True):
        if view.abstained:
            st.warning(f"**No answer.** {escape(view.text)}", icon=":material/block:")
            st.caption(f"The engine abstained. {view.quality_words}")
        elif view.sentences:
            linked = (
                escape(s.text) + "".join(f" [\\[{n}\\]](#{key}-source-{n})" for n in s.sources) for s in view.sentences
            )
            st.markdown("  \n".join(linked) if len(view.sentences) > 3 else " ".join(linked))
        else:
            st.markdown(escape(view.text) or "*The answer is empty.*")
        for reason in view.degraded:
            st.warning(f"Less than it could be: {escape(reason)}", icon=":material/trending_down:")
        for notice in view.notices:
            st.info(escape(notice), icon=":material/shield:")
        if view.cache_words:
            st.caption(f":material/cached: From the cache. {escape(view.cache_words)}")
        if view.searched:
            st.caption(f":material/search: Searched as: {escape(view.searched)}")
        if view.judgements:
            _draw_judgements(view)
    if compact:
        figures = f"context quality {percent(view.quality, 0)} · groundedness {percent(view.groundedness, 0)}"
        passages = plural(len(view.contexts), "passage")
        st.caption(
            f"{figures} · {milliseconds(view.total_ms)} · {passages}",
            help=f"{view.quality_words} {view.groundedness_words}",
        )
        return
    with st.container(horizontal=True):
        st.metric("Context quality", percent(view.quality, 0), help=view.quality_words, border=True, width=172)
        st.metric("Groundedness", percent(view.groundedness, 0), help=view.groundedness_words, border=True, width=172)
        st.metric(
            "Answered in", milliseconds(view.total_ms), help="Wall time of the whole answer.", border=True, width=172
        )
        st.metric(
            "Passages read",
            str(len(view.contexts)),
            help="Passages chosen as context, best first.",
            border=True,
            width=172,
        )


def _draw_judgements(view: AnswerView) -> None:
    """What quality control and the validators said, folded under one line."""
    with st.expander(f"Quality control: {view.judgements_words}", icon=":material/fact_check:"):
        for judgement in view.judgements:
            st.markdown(_describe_judgement(judgement))


def _describe_judgement(judgement: Judgement) -> str:
    badge = {"passed": ":green-badge[:material/check: passed]", "failed": ":red-badge[:material/close: failed]"}
    state = badge.get(judgement.state, f":gray-badge[{judgement.state}]")
    who = "Validator" if judgement.kind == "validator" else "Check"
    score = f" {decimal(judgement.score)}" if judgement.score is not None else ""
    return f"{state} {who} **{escape(judgement.aspect)}**{score} {escape(judgement.reason)}"


def draw_sources(view: AnswerView, key: str, show: Callable[[str, int, int], None] | None = None) -> None:
    """The numbered sources; ``show(document, start, end)`` opens one in its document."""
    if not view.sources:
        st.caption("No sentence cites a source.")
    for source in view.sources:
        _draw_source(source, key, show)


def _draw_source(source: Source, key: str, show: Callable[[str, int, int], None] | None) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(f"[{source.number}] {escape(source.document)}", anchor=f"{key}-source-{source.number}")
            st.markdown(
                f":blue-badge[relevance {percent(source.relevance, 0)}]",
                help="Calibrated probability that this sentence answers the question.",
            )
        st.markdown(f"> {escape(source.preview)}".replace("\n", "\n> "))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"characters {source.start} to {source.end} · chunk {source.chunk_index}")
            if show and st.button(
                "In its document", key=f"{key}-show-{source.number}", icon=":material/open_in_full:", type="tertiary"
            ):
                show(source.document, source.start, source.end)


def draw_contexts(view: AnswerView, *, gold: bool = False) -> None:
    """Chosen passages, best first; cited and gold spans coloured and named."""
    if not view.contexts:
        st.caption("No passage was good enough to be read.")
        return
    legend = ":blue-background[cited]" + (
        " · :orange-background[gold] · :green-background[cited and gold]" if gold else ""
    )
    st.caption(f"{plural(len(view.contexts), 'passage')}, best first. {legend}")
    opened = next((c.rank for c in view.contexts if gold and c.holds_gold), 1)
    for context in view.contexts:
        held = " · :material/star: holds a gold span" if gold and context.holds_gold else ""
        label = f"{context.rank}. {escape(context.document)} · score {decimal(context.score)}{held}"
        with st.expander(label, expanded=context.rank == opened):
            draw_pieces(context.pieces)
            st.caption(f"characters {context.start} to {context.end}")


def draw_timings(view: AnswerView, key: str) -> None:
    """The waterfall of stages."""
    if not view.stages:
        st.caption("No timings were recorded.")
        return
    draw_chart(build_waterfall(view.stages, waterfall_title(view)), f"{key}-timings")
