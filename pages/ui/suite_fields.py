"""The fields of a case: question, answers, facts, gold spans, turns, each with its problems beneath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.evaluation.suite_files import CONTENT_TYPES
from engine.suite_building.texts import Problem, check_case
from engine.views.suite_editor import KIND_WORDS, SuiteEditor, describe_span
from pages.ui.markup import escape


def draw_fields(editor: SuiteEditor, draft: dict[str, Any], case_id: str) -> int:
    _take_typed(editor, draft, case_id)
    problems = find_problems(editor, draft, case_id)
    turn = 0
    kinds = list(KIND_WORDS) if draft["kind"] in KIND_WORDS else [draft["kind"], *KIND_WORDS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draft["id"] = st.text_input(
            "Id", key=seed_field(field_key(editor, case_id, "id"), draft["id"]), width=180, help="Unique in the suite."
        ).strip()
        kind = st.segmented_control(
            "Kind", kinds, key=seed_field(field_key(editor, case_id, "kind"), draft["kind"]), format_func=lambda k: KIND_WORDS.get(k, k),
            required=True,
        )  # fmt: skip
    if kind != draft["kind"]:
        _change_kind(draft, kind)
    _show(problems, "id", "kind")
    if kind == "content":
        draft["text"] = st.text_area(
            "Passage", key=seed_field(field_key(editor, case_id, "text"), draft.get("text", "")), height=220
        )
        types = list(CONTENT_TYPES)
        draft["content_type"] = st.selectbox(
            "What it is",
            types,
            key=seed_field(field_key(editor, case_id, "type"), draft.get("content_type") or types[0]),
        )
        _show(problems, "text", "content_type")
    elif kind == "conversation":
        turn = _draw_turns(editor, draft, case_id, problems)
    elif kind == "qa":
        _draw_question(editor, draft, case_id, 0, problems, "")
    else:
        st.info("Cases of this kind are run by other commands; edit them in the file.", icon=":material/info:")
    tags = st.text_input(
        "Tags",
        key=seed_field(field_key(editor, case_id, "tags"), ", ".join(draft.get("tags") or [])),
        help="Parted by commas.",
    )
    draft["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    notes = draft.get("notes")
    if notes is None or isinstance(notes, str):
        draft["notes"] = (
            st.text_area("Notes", key=seed_field(field_key(editor, case_id, "notes"), notes or ""), height=68).strip()
            or None
        )
    return turn


def _draw_turns(editor: SuiteEditor, draft: dict[str, Any], case_id: str, problems: list[Problem]) -> int:
    turns = draft.setdefault("turns", [{"question": ""}])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            "Turn", range(len(turns)), key=seed_field(field_key(editor, case_id, f"turn-of-{len(turns)}"), 0), format_func=lambda n: str(n + 1),
            required=True,
        )  # fmt: skip
        if st.button("Add a turn", icon=":material/add:", disabled=editor.read_only):
            turns.append({"question": ""})
            st.rerun()
        if st.button("Remove this turn", icon=":material/remove:", disabled=editor.read_only or len(turns) == 1):
            turns.pop(chosen)
            forget_fields(editor, case_id)
            st.rerun()
    broken = sorted({int(p.field.split(".")[1]) + 1 for p in problems if p.field.startswith("turns.")} - {chosen + 1})
    if broken:
        st.caption(f":orange[:material/warning: Also look at turn {', '.join(map(str, broken))}.]")
    _draw_question(editor, turns[chosen], case_id, chosen, problems, f"turns.{chosen}.")
    return int(chosen)


def _draw_question(
    editor: SuiteEditor, asked: dict[str, Any], case_id: str, turn: int, problems: list[Problem], prefix: str
) -> None:
    def key(field: str) -> str:
        return field_key(editor, case_id, field, turn)

    asked["question"] = st.text_area("Question", key=seed_field(key("question"), asked.get("question", "")), height=68)
    _show(problems, f"{prefix}question")
    unanswerable = st.toggle(
        "The documents do not say it",
        key=seed_field(key("unanswerable"), bool(asked.get("unanswerable"))),
        help="The system then has to say so.",
    )
    asked["unanswerable"] = unanswerable
    if unanswerable:
        asked["answers"], asked["facts"] = [], []
    else:
        columns = st.columns(2)
        for column, field, label, words in (
            (columns[0], "answers", "Answers, one a line", "Any one of these must stand in the answer, word for word."),
            (columns[1], "facts", "Facts, one a line", "All of these must stand in the answer."),
        ):
            written = column.text_area(
                label, key=seed_field(key(field), "\n".join(asked.get(field) or [])), height=96, help=words
            )
            asked[field] = [line.strip() for line in written.split("\n") if line.strip()]
    _show(problems, f"{prefix}answers", f"{prefix}facts", prefix.rstrip("."), "")
    _draw_spans(editor, asked, key, problems, prefix)


def _draw_spans(editor: SuiteEditor, asked: dict[str, Any], key: Any, problems: list[Problem], prefix: str) -> None:
    spans = asked.get("relevant") or []
    st.markdown("**Gold spans**" if spans else "**Gold spans:** none yet. Select text in the document.")
    for number, span in enumerate(spans):
        row = describe_span(span, editor.suite.texts)
        with st.container(border=True):
            words, remove = st.columns([8, 1], vertical_alignment="center")
            place = f":red[{escape(row.label)}]" if row.missing else f"`{row.label}`"
            words.markdown(f"{place}  \n{escape(row.text)}")
            name = f"{key('remove')}-{number}-{span.get('document')}-{span.get('start')}"
            if remove.button(
                "", icon=":material/close:", key=name, help="Remove this gold span", disabled=editor.read_only
            ):
                spans.pop(number)
                st.rerun()
        _show(problems, *(f"{prefix}relevant.{number}{part}" for part in ("", ".document", ".start", ".end")))
    _show(problems, f"{prefix}relevant")


def _show(problems: list[Problem], *fields: str) -> None:
    for problem in problems:
        if problem.field in fields:
            colour, icon = ("orange", "info") if problem.warning else ("red", "error")
            st.caption(f":{colour}[:material/{icon}: {escape(problem.text)}]")


def _change_kind(draft: dict[str, Any], kind: str) -> None:
    """Keep what the new kind can hold: a question becomes the first turn, and the other way round."""
    asked = {
        name: draft.pop(name) for name in ("question", "answers", "facts", "relevant", "unanswerable") if name in draft
    }
    turns = draft.pop("turns", None) or [asked or {"question": ""}]
    for name in ("text", "content_type"):
        draft.pop(name, None)
    draft["kind"] = kind
    if kind == "conversation":
        draft["turns"] = turns
    elif kind == "qa":
        draft.update({"question": "", **turns[0]})
    elif kind == "content":
        draft.update({"text": turns[0].get("question", ""), "content_type": CONTENT_TYPES[0]})


def _take_typed(editor: SuiteEditor, draft: dict[str, Any], case_id: str) -> None:
    """Bring into the draft what has just been typed, so that its problems are those of what is on the screen."""
    typed = st.session_state
    if (key := field_key(editor, case_id, "id")) in typed:
        draft["id"] = typed[key].strip()
    for turn, asked in enumerate(draft.get("turns") or ([draft] if draft["kind"] == "qa" else [])):
        if (key := field_key(editor, case_id, "question", turn)) in typed:
            asked["question"] = typed[key]
        if (key := field_key(editor, case_id, "unanswerable", turn)) in typed:
            asked["unanswerable"] = typed[key]
        for field in ("answers", "facts"):
            if (key := field_key(editor, case_id, field, turn)) in typed:
                lines = [] if asked.get("unanswerable") else typed[key].split("\n")
                asked[field] = [line.strip() for line in lines if line.strip()]
    if draft["kind"] == "content" and (key := field_key(editor, case_id, "text")) in typed:
        draft["text"] = typed[key]


def seed_field(key: str, value: Any) -> str:
    """The key of a field that begins with ``value``; afterwards the session holds what it shows."""
    st.session_state.setdefault(key, value)
    return key


def field_key(editor: SuiteEditor, case_id: str, field: str = "draft", turn: int = 0) -> str:
    return f"edit-{editor.suite.folder}-{case_id}-{field}-{turn}"


def forget_fields(editor: SuiteEditor, case_id: str) -> None:
    start, draft = f"edit-{editor.suite.folder}-{case_id}-", field_key(editor, case_id)
    for name in [n for n in st.session_state if isinstance(n, str) and n.startswith(start) and n != draft]:
        del st.session_state[name]


def find_problems(editor: SuiteEditor, draft: Mapping[str, Any], case_id: str) -> list[Problem]:
    kept = {
        name: value for name, value in draft.items() if value not in (None, "") or name in ("id", "question", "text")
    }
    return check_case(kept, editor.suite.texts, set(editor.cases) - {case_id})
