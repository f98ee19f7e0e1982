"""The parts of the Suites screen: shelf, one suite, the form that starts it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.views.suites import SuiteCard, SuiteDetail
from engine.views.words import ago, plural, setting_value
from pages.ui.links import draw_step
from pages.ui.markup import escape, state_badge, write_code
from pages.ui.progress import draw_facts
from pages.ui.sample_size import draw_sample_size
from pages.ui.states import draw_title


def draw_cards(cards: Sequence[SuiteCard]) -> None:
    """Shipped suites, then the way to any other."""
    number = max(2, min(3, len(cards)))
    columns = [column for _ in range(0, len(cards), number) for column in st.columns(number)]
    for column, card in zip(columns, cards, strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"#### {escape(card.title)}", anchors=False)
            if card.error:
                st.error(escape(card.error), icon=":material/error:")
                st.page_link(
                    "pages/suite_editor.py", label="Edit it", icon=":material/edit:", query_params={"suite": card.name}
                )
                continue
            st.caption(f"{write_code(card.name)} · {plural(card.cases, 'case')}")
            st.markdown(escape(card.description))
            if card.last:
                st.markdown(f"{state_badge(card.last.state)} {card.last.success} passed, {ago(card.last.when)}")
            else:
                st.markdown(":gray-badge[:material/help: Never run]")
            with st.container(horizontal=True, vertical_alignment="center"):
                draw_step("pages/suites.py", "Set up and run", "play_arrow", {"suite": card.name}, f"run-{card.name}")
                st.page_link(
                    "pages/suite_editor.py",
                    label="Cases",
                    icon=":material/edit_note:",
                    query_params={"suite": card.name},
                )
                if card.last:
                    st.page_link(
                        "pages/runs.py",
                        label="Last run",
                        icon=":material/science:",
                        query_params={"run": card.last.run_id},
                    )
    st.page_link("pages/suite_editor.py", label="**New suite**", icon=":material/add:")
    with st.form("other-suite"):
        path = st.text_input(
            "A suite anywhere on this machine",
            placeholder="/home/me/suites/billing",
            help="A folder with suite.yaml and cases.jsonl.",
        )
        if st.form_submit_button("Open", icon=":material/folder_open:") and path.strip():
            st.switch_page("pages/suites.py", query_params={"suite": path.strip()})


def draw_detail(suite: SuiteDetail) -> None:
    """What the suite holds and wants."""
    draw_title(escape(suite.title), f"{escape(suite.name)} · corpus {escape(suite.corpus)} · {escape(suite.licence)}")
    if suite.active_run:
        st.info("This suite is running now.", icon=":material/play_circle:")
        draw_step("pages/suites.py", "Watch it", "visibility", {"run": suite.active_run})
    st.markdown(escape(suite.description))
    with st.container(horizontal=True):
        for section, label, icon in (
            ("Cases", "Edit cases", "edit_note"),
            ("Generate", "Propose cases", "auto_awesome"),
            ("Coverage", "Coverage", "pie_chart"),
            ("Versions", "Versions", "history"),
        ):
            query = {"suite": suite.reference, "show": section}
            st.page_link("pages/suite_editor.py", label=label, icon=f":material/{icon}:", query_params=query)
    with st.container(horizontal=True):
        st.metric("Cases", str(suite.cases), border=True, width=150)
        for kind, number in suite.kinds.items():
            st.metric(f"of kind {kind}", str(number), border=True, width=150)
        st.metric(
            "Unanswerable",
            str(suite.unanswerable),
            border=True,
            width=150,
            help="Questions that the documents do not answer; the engine should say so.",
        )
        st.metric("Measures", str(suite.measures), border=True, width=150, help="Scores of each case.")
    rules = "; ".join(suite.rules) or "none: the run passes whatever comes out"
    st.markdown(f"**Pass rules:** {escape(rules)}")
    if suite.tags:
        st.markdown("**Tags:** " + " ".join(f":gray-badge[{escape(tag)} {n}]" for tag, n in suite.tags.items()))
    for run in suite.recent[:3]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{state_badge(run.state)} {run.success} passed, {ago(run.when)}")
            st.page_link("pages/runs.py", label="Open", icon=":material/science:", query_params={"run": run.run_id})
    draw_sample_size(suite.cases)
    with st.expander("Files and settings", icon=":material/folder:"):
        own = {f"Setting {name}": setting_value(value) for name, value in suite.settings.items()}
        draw_facts({"Suite": suite.path, "Corpus": suite.corpus_path, "Hash": suite.hash, **own})
