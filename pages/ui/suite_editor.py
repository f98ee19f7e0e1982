"""The parts of the suite editor: its head, the list of cases, coverage, versions, and making a suite."""

from __future__ import annotations

import streamlit as st

from engine.charts.suite_coverage import build_coverage_chart
from engine.store import Store
from engine.suite_building.files import copy_suite, create_suite
from engine.suite_building.versions import restore_version
from engine.views.suite_editor import (
    KIND_WORDS,
    SuiteEditor,
    filter_rows,
    list_corpora,
    load_coverage,
    load_versions,
    share_words,
)
from engine.views.words import plural
from pages.ui.charts import draw_chart
from pages.ui.markup import escape, write_code
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, draw_title, shown_errors
from pages.ui.suite_case import NEW, open_case

PAGE = 25


def draw_head(store: Store, editor: SuiteEditor) -> None:
    """Title, the way back, and for a shipped suite the copy that can be edited."""
    st.page_link(
        "pages/suites.py",
        label="Run this suite",
        icon=":material/arrow_back:",
        query_params={"suite": editor.reference},
    )
    draw_title(f"Edit {escape(editor.suite.title)}", escape(editor.caption))
    if not editor.read_only:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        st.markdown(
            ":material/lock: **This suite came with Phasegate and is read-only.** A copy of your own can be edited."
        )
        name = st.text_input("Name of the copy", f"my-{editor.suite.name}", key="copy-name", width=220)
        if st.button("Make a copy to edit", type="primary", icon=":material/content_copy:"):
            with shown_errors():
                copy_suite(store, editor.reference, name, get_person())
                st.switch_page("pages/suite_editor.py", query_params={"suite": name.strip()})


def draw_new(store: Store) -> None:
    """The form that makes an empty suite."""
    st.page_link("pages/suites.py", label="All suites", icon=":material/arrow_back:")
    draw_title(
        "New suite", "Questions with known answers over a corpus. Cases are written, imported or generated next."
    )
    corpora = list_corpora(store)
    with st.form("new-suite"):
        name = st.text_input(
            "Name", placeholder="billing", help="Runs and gates find the suite by it. Letters, digits, dots, dashes."
        )
        title = st.text_input("Title", placeholder="Questions about billing")
        known = st.selectbox(
            "Corpus", list(corpora), format_func=lambda c: corpora[c], placeholder="Choose one", index=None
        )
        other = st.text_input("or a folder of documents", placeholder="/home/me/documents")
        licence = st.text_input("Licence", "not stated", help="Under which terms others may use it.")
        if st.form_submit_button("Make it", type="primary", icon=":material/add:"):
            with shown_errors():
                corpus = other.strip() or known or ""
                create_suite(store, name, title=title or name, corpus=corpus, licence=licence, who=get_person())
                st.switch_page("pages/suite_editor.py", query_params={"suite": name.strip(), "show": "Import"})


def draw_cases(editor: SuiteEditor) -> None:
    """The list with its filter; a click on a row opens the case."""
    if not editor.rows:
        with st.container(horizontal=True, vertical_alignment="center"):
            draw_empty("No cases yet", "Write the first one, import a file, or have some proposed from the corpus.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Filter", key="case-filter", placeholder="Words of id, question, answer", width=280)
        tag = st.selectbox("Tag", editor.tags, index=None, placeholder="All", key="case-tag", width=200)
        trouble = st.toggle("Only with something to mend", key="case-trouble")
        if st.button(
            "Write a case", type="primary", icon=":material/add:", disabled=editor.read_only, shortcut="Alt+N"
        ):
            open_case(editor, NEW)
            st.rerun()
    rows = filter_rows(editor.rows, search or "", tag, trouble)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(st.session_state.get("case-page", 1), pages)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    st.caption(f"{plural(len(rows), 'case')} of {len(editor.rows)}. Choose a row to open it.")
    if not shown:
        return
    column = st.column_config
    chosen = st.dataframe(
        [
            {
                "id": row.id,
                "kind": KIND_WORDS.get(row.kind, row.kind),
                "question": row.question,
                "expected": row.expected,
                "spans": row.spans,
                "tags": list(row.tags),
                "trouble": row.trouble,
            }
            for row in shown
        ],
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        key=f"cases-{editor.suite.text.hash}-{page}-{search}-{tag}-{trouble}",
        column_config={
            "id": column.TextColumn("Id", width="small"),
            "kind": column.TextColumn("Kind", width="small"),
            "question": column.TextColumn("Question", width=360),
            "expected": column.TextColumn("Expected", width=220),
            "spans": column.NumberColumn("Spans", width=60),
            "tags": column.ListColumn("Tags"),
            "trouble": column.TextColumn("To mend"),
        },
    )
    if pages > 1:
        st.pagination(pages, key="case-page")
    if chosen.selection.rows:
        open_case(editor, shown[chosen.selection.rows[0]].id)
        st.rerun()


def draw_coverage(editor: SuiteEditor) -> None:
    """What of the corpus the cases touch, and what they leave out."""
    coverage = load_coverage(editor)
    documents, headings, share = share_words(coverage)
    with st.container(horizontal=True):
        st.metric("Documents touched", documents, border=True, width=200, help="With a gold span of at least one case.")
        st.metric("Headings touched", headings, border=True, width=200, help="With a gold span under them.")
        st.metric("Text in gold spans", share, border=True, width=200, help="Share of the corpus' characters.")
        st.metric(
            "Cases without a span",
            str(coverage.without_span),
            border=True,
            width=200,
            help="Unanswerable ones among them.",
        )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw_chart(build_coverage_chart(coverage), "coverage")
    with right:
        st.markdown("**Documents without a case, the fullest first**")
        if not coverage.untouched:
            st.markdown(":green[:material/check_circle: Every document has a case.]")
        for document in coverage.untouched[:15]:
            st.markdown(
                f"{write_code(document.document)}  \n:gray[{document.characters:,} characters, {plural(document.headings, 'heading')}]"
            )
        if len(coverage.untouched) > 15:
            st.caption(f"and {len(coverage.untouched) - 15} more")
        holes = [document for document in coverage.documents if document.cases and document.untouched]
        if holes:
            st.markdown("**Headings without a case**")
            for document in sorted(holes, key=lambda d: -len(d.untouched))[:8]:
                names = "; ".join(document.untouched[:4]) + ("; ..." if len(document.untouched) > 4 else "")
                st.markdown(f"{write_code(document.document)}  \n:gray[{escape(names)}]")


def draw_versions(store: Store, editor: SuiteEditor) -> None:
    """Who saved what and when; any of them can be taken back."""
    versions = load_versions(store, editor.suite.folder, get_zone())
    if not versions:
        draw_empty("No versions yet", "A version is kept each time the suite is saved.", icon="history")
    for version in versions:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            now = " :green-badge[:material/check: Current]" if version.current else ""
            st.markdown(
                f"**{escape(version.note)}**{now}  \n{escape(version.changes)}  \n"
                f":gray[{version.when} · {escape(version.who)} · {plural(version.cases, 'case')} · `{version.hash[:12]}`]"
            )
            if not version.current and not editor.read_only and st.button(
                "Take back", icon=":material/history:", key=f"restore-{version.hash}", help="Makes this the suite's text again."
            ):  # fmt: skip
                with shown_errors():
                    restore_version(
                        store, editor.suite.folder, version.hash, expected=editor.suite.text.hash, who=get_person()
                    )
                    st.toast("Taken back. The version before is kept.", icon=":material/check:")
                    st.rerun()
