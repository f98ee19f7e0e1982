"""Parts of the Guards screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from engine.views.guards import LONGEST, GuardsView, Policy, RateRow, try_text
from pages.ui.markup import draw_pieces, escape

RECALL_HELP = "Share of the labelled spans that were found, 0 to 100 %; higher is better."
PRECISION_HELP = "Share of what was found that is labelled so, 0 to 100 %; higher is better."


def draw_policy(policy: Policy) -> None:
    """What is done about what is found."""
    with st.container(border=True):
        st.markdown(f":material/shield: {escape(policy.redaction)} {escape(policy.injection)}")
        st.caption(escape(policy.origins))
        st.page_link("pages/settings.py", label="Change it", icon=":material/tune:", query_params={"show": "Profile"})


def draw_personal(view: GuardsView) -> None:
    """Recall and precision by type."""
    st.dataframe(
        [asdict(row) for row in view.types],
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            "title": st.column_config.TextColumn("Type", pinned=True),
            "recall": st.column_config.TextColumn("Found", help=RECALL_HELP),
            "recall_range": st.column_config.TextColumn("95 % interval", help="Of the share that was found."),
            "labelled": st.column_config.NumberColumn("of labelled", help="Labelled spans in the held-out sentences."),
            "precision": st.column_config.TextColumn("Right", help=PRECISION_HELP),
            "precision_range": st.column_config.TextColumn("95 % interval ", help="Of the share that is right."),
            "found": st.column_config.NumberColumn("of found", help="Spans that were taken for this type."),
            "rival": st.column_config.TextColumn("presidio finds", help="presidio-analyzer with its patterns, same sentences."),
            "replaced": st.column_config.TextColumn("Replaced", help="Whether a placeholder takes its place, such as [EMAIL]."),
        },
    )  # fmt: skip
    st.caption(escape(view.personal_words))


def draw_injection(view: GuardsView) -> None:
    """Detection and over-defence, of questions and of documents."""
    st.markdown("#### Questions that attack", help="Harmless texts that are taken for an attack are over-defence.")
    _draw_rates(view.attacks, "guards-attacks")
    st.caption(escape(view.attack_words))
    st.markdown("#### Instructions inside documents", help="They are data: pointed out, and never quoted as an answer.")
    _draw_rates(view.instructions, "guards-instructions")
    with st.expander("By category of instruction", icon=":material/category:"):
        _draw_rates(view.categories, "guards-categories")
    st.caption(escape(view.instruction_words))


def draw_trial() -> None:
    """A box for a text, and what the guards say of it."""
    text = st.text_area(
        "Text",
        key="guards-text",
        height=140,
        max_chars=LONGEST,
        placeholder="A question, or a part of a document. It is not stored.",
    )
    if not text.strip():
        return
    tried = try_text(text)
    badge = ":red-badge[:material/gpp_bad: Attack]" if tried.is_attack else ":green-badge[:material/check: No attack]"
    st.markdown(f"{badge} {tried.attack} as a question. {escape(tried.classes)}.")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "#### What was found", help="Blue is personal data; orange an instruction, were this text in a document."
        )
        draw_pieces(tried.pieces)
        st.caption(f"Personal data: {escape(tried.found)}.")
    with right:
        st.markdown("#### What is kept of it", help="Types that are found only, such as places, stay.")
        st.code(tried.redacted, language=None, wrap_lines=True)


def _draw_rates(rows: Sequence[RateRow], key: str) -> None:
    st.dataframe(
        [asdict(row) for row in rows],
        key=key,
        hide_index=True,
        height="content",
        column_config={
            "title": st.column_config.TextColumn("What", width="large", pinned=True),
            "share": "Share",
            "range": "95 % interval",
            "texts": "Texts",
            "good": st.column_config.TextColumn("Better", help="Which direction is better."),
        },
    )
