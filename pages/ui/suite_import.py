"""Importing cases: a file, what its columns mean, what would be added, what is wrong by line; written when accepted."""

from __future__ import annotations

import streamlit as st

from engine.errors import PhasegateError
from engine.store import Store
from engine.suite_building.accepting import accept_import
from engine.suite_building.importing import FORMATS, ImportResult, read_import
from engine.suite_building.proposing import turns_of
from engine.suite_building.records import FIELDS
from engine.views.suite_editor import SuiteEditor, describe_span
from engine.views.words import plural
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import draw_error, shown_errors

FORMAT_WORDS = {
    "auto": "Told by the file", "csv": "CSV table", "tsv": "TSV table", "json": "JSON", "jsonl": "JSON lines", "ragas": "ragas",
    "deepeval": "DeepEval", "promptfoo": "promptfoo",
}  # fmt: skip
FIELD_WORDS = {
    "question": "Question", "answers": "Answers", "facts": "Facts", "contexts": "Reference contexts", "document": "Document", "tags": "Tags",
    "id": "Id", "notes": "Notes", "unanswerable": "Unanswerable",
}  # fmt: skip
SHOWN = 200


def draw_import(store: Store, editor: SuiteEditor) -> None:
    """Choose, look, accept."""
    left, right = st.columns([3, 1])
    file = left.file_uploader(
        "A table of questions and answers, or a file of ragas, DeepEval or promptfoo",
        type=["csv", "tsv", "txt", "json", "jsonl", "ndjson", "yaml", "yml"], key=f"import-{st.session_state.get('imports', 0)}",
    )  # fmt: skip
    format_ = right.selectbox("Format", FORMATS, format_func=FORMAT_WORDS.get, key="import-format")
    if file is None:
        st.caption(
            "Reference contexts become gold spans where they stand in the corpus. Several answers are parted by a bar: `42 days | six weeks`. "
            "Nothing is written before you have seen it."
        )
        return
    try:
        result = _read(editor, file.getvalue(), file.name, format_ or "auto", {})
    except PhasegateError as error:
        draw_error(error)
        _draw_columns_of_unread(editor, file.getvalue(), file.name, format_ or "auto", error)
        return
    mapping = _draw_mapping(result) if result.format != "promptfoo" else dict(result.mapping)
    if mapping != dict(result.mapping):
        try:
            result = _read(editor, file.getvalue(), file.name, format_ or "auto", mapping)
        except PhasegateError as error:
            draw_error(error)
            return
    _draw_result(store, editor, result, file.name)


def _read(editor: SuiteEditor, content: bytes, name: str, format_: str, mapping: dict[str, str]) -> ImportResult:
    asked = [turn["question"] for case in editor.cases.values() for turn in turns_of(case)]
    with st.spinner("Reading the file, finding its contexts in the corpus …", show_time=True):
        return read_import(content, name, editor.suite.texts, format_=format_, mapping=mapping, existing=asked)


def _draw_columns_of_unread(
    editor: SuiteEditor, content: bytes, name: str, format_: str, error: PhasegateError
) -> None:
    """When no column looks like the question, the person says which one it is."""
    found = error.message.partition("found the columns ")[2]
    if not found:
        return
    question = st.selectbox("Which column holds the question?", found.split(", "), index=None, key="import-question")
    if question:
        with shown_errors():
            _draw_result(None, editor, _read(editor, content, name, format_, {"question": question}), name)


def _draw_mapping(result: ImportResult) -> dict[str, str]:
    """Each field of a case with the column that it is taken from."""
    mapping = dict(result.mapping)
    with st.expander("What the columns mean", icon=":material/table:", expanded=False):
        for first in range(0, len(FIELDS), 3):
            for column, field in zip(st.columns(3), list(FIELDS)[first : first + 3], strict=False):
                options = list(result.columns)
                chosen = column.selectbox(
                    FIELD_WORDS[field], options, options.index(mapping[field]) if mapping.get(field) in options else None,
                    key=f"import-{field}-{hash(result.columns)}", placeholder="No column",
                )  # fmt: skip
                mapping[field] = chosen or ""
    return {field: column for field, column in mapping.items() if column or field in result.mapping}


def _draw_result(store: Store | None, editor: SuiteEditor, result: ImportResult, name: str) -> None:
    warned = len({p.line for p in result.problems if p.warning})
    with st.container(horizontal=True):
        st.metric("Rows", f"{result.rows:,}", border=True, width=140)
        st.metric("Become cases", f"{len(result.cases):,}", border=True, width=160)
        st.metric("Left out", f"{result.refused:,}", border=True, width=140, help="Rows with a problem.")
        st.metric("With a remark", f"{warned:,}", border=True, width=160)
        st.metric(
            "Contexts found", f"{result.located:,} of {result.contexts:,}", border=True, width=200,
            help="Reference contexts that stand in the corpus. The others give no gold span.",
        )  # fmt: skip
    if result.problems:
        st.markdown("**By line**")
        st.dataframe(
            [
                {"line": p.line, "what": "Remark" if p.warning else "Left out", "field": p.field, "why": p.text}
                for p in sorted(result.problems, key=lambda p: (p.warning, p.line))[:SHOWN]
            ],
            hide_index=True, height="content" if len(result.problems) < 8 else 280,
            column_config={"line": "Line", "what": "", "field": "Field", "why": st.column_config.TextColumn("Why", width="large")},
        )  # fmt: skip
    if not result.cases:
        st.info("No row of this file gives a case.", icon=":material/info:")
        return
    st.markdown("**Cases**" + (f", the first {SHOWN}" if len(result.cases) > SHOWN else ""))
    st.dataframe(
        [
            {
                "line": line,
                "question": " / ".join(turn["question"] for turn in turns_of(case)),
                "expected": " | ".join([*case.get("answers", []), *case.get("facts", [])]) or ("unanswerable" if case.get("unanswerable") else ""),
                "gold": "; ".join(describe_span(span, editor.suite.texts).label for span in case.get("relevant", [])),
            }
            for line, case in list(zip(result.lines, result.cases, strict=True))[:SHOWN]
        ],
        hide_index=True, height=300 if len(result.cases) > 7 else "content",
        column_config={"line": "Line", "question": st.column_config.TextColumn("Question", width="large"), "expected": "Expected", "gold": "Gold spans"},
    )  # fmt: skip
    if store is None:
        st.caption("Choose the column above under “What the columns mean” to go on.")
        return
    label = f"Add {plural(len(result.cases), 'case')} to {editor.suite.name}"
    if st.button(escape(label), type="primary", icon=":material/add:", disabled=editor.read_only):
        with shown_errors():
            accept_import(store, editor.suite.folder, editor.suite.text, result.cases, source=name, who=get_person())
            st.session_state["imports"] = st.session_state.get("imports", 0) + 1
            st.session_state["editor-note"] = f"{plural(len(result.cases), 'case')} added from {name}."
            st.rerun()
