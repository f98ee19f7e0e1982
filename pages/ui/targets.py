"""The parts of the Targets screen: the shelf, the form of one, its trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.evaluation.suites import list_suites
from engine.evaluation.target_presets import PRESETS
from engine.store import Store, TargetStore
from engine.target_trials import try_target
from engine.views.targets import (
    KIND_WORDS,
    LIMIT_WORDS,
    REPLY_FIELDS,
    TargetCard,
    TargetForm,
    TrialView,
    describe_trial,
    list_missing_variables,
    read_form,
    variables_words,
)
from engine.views.words import ago, clock
from pages.ui.markup import escape, write_code
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, shown_errors

WHOLE = ("attempts", "concurrency", "max_reply_kb", "memory_mb")


def draw_cards(cards: Sequence[TargetCard]) -> None:
    """The built-in pipeline and every saved target."""
    shelf = [None, *cards]
    for first in range(0, len(shelf), 2):
        columns = st.columns(2)
        for column, card in zip(columns, shelf[first : first + 2], strict=False):
            with column.container(border=True, height="stretch"):
                _draw_card(card) if card else _draw_pipeline()
        if not cards:
            with columns[1]:
                draw_empty(
                    "No system of your own yet",
                    "An HTTP endpoint or a Python callable answers the same suites, scored by the same measures.",
                    icon="lan",
                )


def draw_new() -> None:
    """The ways to a new target."""
    st.markdown("#### Set one up")
    with st.container(horizontal=True):
        for kind, icon in (("http", "http"), ("callable", "code")):
            if st.button(KIND_WORDS[kind], icon=f":material/{icon}:", key=f"new-{kind}"):
                st.switch_page("pages/targets.py", query_params={"new": kind})


def draw_form(store: Store, form: TargetForm) -> dict[str, Any]:
    """The fields of a target with their buttons; what they hold now."""
    key = f"{form.kind}-{form.name}"
    values: dict[str, Any] = {"kind": form.kind, "name": form.name}
    with st.container(border=True):
        if not form.saved:
            values["name"] = st.text_input(
                "Name", key=f"name-{key}", placeholder="support-bot", help="What runs call it."
            )
        values["description"] = st.text_input(
            "Description", form.description, key=f"description-{key}", placeholder="Optional"
        )
        values |= _draw_http(form, key) if form.kind == "http" else _draw_callable(form, key)
        with st.expander("Limits and abstaining", icon=":material/timer:"):
            values["limits"] = _draw_limits(form, key)
            values["phrases"] = st.text_area(
                "An answer abstains when it holds one of these",
                form.phrases,
                key=f"phrases-{key}",
                placeholder="One phrase a line. Empty: common refusals are recognised.",
                height=90,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Save", type="primary", icon=":material/save:", key=f"save-{key}"):
            _save(store, values)
        if form.saved:
            st.page_link(
                "pages/suites.py",
                label="Use in a run",
                icon=":material/play_arrow:",
                query_params={"target": form.name},
            )
            if st.button("Delete", icon=":material/delete:", key=f"delete-{key}"):
                _confirm_delete(store, form.name)
    if st.session_state.pop("target-saved", "") == form.name and form.saved:
        st.success("Saved.", icon=":material/check_circle:")
    return values


def draw_trial(store: Store, form: TargetForm, values: Mapping[str, Any]) -> None:
    """One question to the target as it stands in the form, saved or not."""
    state = f"trial-{form.kind}-{form.name}"
    st.markdown("#### Try it")
    question = st.text_input("Question", key=f"question-{state}", placeholder="What is the refund policy?")
    suite = st.selectbox(
        "Locate the contexts in the documents of",
        list_suites(),
        index=None,
        accept_new_options=True,
        placeholder="a suite: choose one, or type a folder",
        key=f"suite-{state}",
        help="Span and document measures need the contexts' places in the suite's documents.",
    )
    if st.button("Ask", icon=":material/send:", key=f"ask-{state}", disabled=not question.strip()):
        st.session_state.pop(state, None)
        with shown_errors(), st.spinner("Waiting for the target …"):
            _, spec = read_form({**values, "name": values["name"].strip() or "unnamed"})
            st.session_state[state] = describe_trial(try_target(spec, question, suite=suite or ""))
    if state in st.session_state:
        _draw_trial(st.session_state[state])
    else:
        st.caption("Nothing was asked yet. Trying neither saves the target nor writes a run.")


def _draw_pipeline() -> None:
    st.markdown("#### pipeline", anchors=False)
    st.caption("Built in")
    st.markdown("The engine itself, in the run's own process, with the settings of the run.")
    st.page_link("pages/suites.py", label="Use in a run", icon=":material/play_arrow:")


def _draw_card(card: TargetCard) -> None:
    st.markdown(f"#### {escape(card.name)}", anchors=False)
    st.caption(
        f"{card.kind} · changed by {escape(card.changed_by)} {ago(card.changed_at)}",
        help=clock(card.changed_at, get_zone()),
    )
    st.markdown(write_code(card.where))
    if card.description:
        st.markdown(escape(card.description))
    if card.error:
        st.error(escape(card.error), icon=":material/error:")
    if card.missing:
        st.warning(escape(variables_words(card.missing)), icon=":material/key_off:")
    elif card.variables:
        st.markdown(
            f":gray-badge[:material/key: {escape(', '.join(card.variables))}]", help="Environment variables it reads."
        )
    query = {"target": card.name}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/suites.py", label="Use in a run", icon=":material/play_arrow:", query_params=query)
        if st.button("Edit and try", icon=":material/edit:", key=f"edit-{card.name}"):
            st.switch_page("pages/targets.py", query_params=query)


def _draw_http(form: TargetForm, key: str) -> dict[str, Any]:
    preset = st.segmented_control(
        "Preset",
        list(PRESETS),
        default=form.preset,
        format_func=lambda name: PRESETS[name].title,
        key=f"preset-{key}",
        required=True,
        help="\n\n".join(f"**{p.title}**: {p.description}" for p in PRESETS.values()),
    )
    method, url = st.columns([1, 4])
    values: dict[str, Any] = {"preset": preset, "folder": "", "model": ""}
    methods = ["POST", "GET", "PUT"]
    values["method"] = method.selectbox("Method", methods, methods.index(form.method), key=f"method-{key}")
    values["where"] = url.text_input("Address", form.where, key=f"url-{key}", placeholder="https://bot.example.org/ask")
    if preset == "openai-chat":
        values["model"] = st.text_input("Model", form.model, key=f"model-{key}", placeholder="As the server calls it")
    values["headers"] = st.text_area(
        "Headers",
        form.headers,
        key=f"headers-{key}",
        placeholder="Authorization: Bearer ${SUPPORT_BOT_TOKEN}",
        help="One a line. Secrets come from environment variables: write ${NAME}. A secret written out is refused.",
        height=80,
    )
    values["request"] = st.text_area(
        "Request",
        form.requests[preset],
        key=f"request-{key}-{preset}",
        help="JSON. {question} is the question; {messages} and {history} are the conversation.",
        height=150,
    )
    st.markdown(
        "**Where things stand in the reply**", help="JMESPath expressions, such as output.answer or hits[].text."
    )
    columns = st.columns(2)
    values["reply"] = {
        name: columns[i % 2].text_input(
            name.replace("_", " ").capitalize().replace("usd", "in USD"),
            form.paths[preset][name],
            key=f"path-{name}-{key}-{preset}",
            help=words,
        )
        for i, (name, words) in enumerate(REPLY_FIELDS.items())
    }
    return values


def _draw_callable(form: TargetForm, key: str) -> dict[str, Any]:
    where = st.text_input(
        "Callable",
        form.where,
        key=f"callable-{key}",
        placeholder="my_app.rag:answer",
        help="module:function, sync or async. It gets the question, and history or messages if it has such parameters.",
    )
    folder = st.text_input(
        "Folder", form.folder, key=f"folder-{key}", help="Put before the import path; the working folder."
    )
    st.caption("It runs in a worker process of its own, with the packages of this environment.")
    return {"where": where, "folder": folder}


def _draw_limits(form: TargetForm, key: str) -> dict[str, float]:
    columns = st.columns(2)
    limits: dict[str, float] = {}
    for i, (name, value) in enumerate(form.limits.items()):
        label, words = LIMIT_WORDS[name]
        number: Any = int(value) if name in WHOLE else value
        limits[name] = columns[i % 2].number_input(
            label, min_value=type(number)(0), value=number, key=f"limit-{name}-{key}", help=words
        )
    return limits


def _draw_trial(view: TrialView) -> None:
    if view.error:
        st.error(f"{escape(view.error)}\n\n{escape(view.hint)}", icon=":material/error:")
    else:
        with st.container(border=True):
            st.markdown(escape(view.answer) or "*An empty answer.*")
        with st.container(horizontal=True):
            for label, value, words in view.figures:
                st.metric(label, value, border=True, width=165, help=words)
        for sentence in view.missing:
            st.warning(escape(sentence), icon=":material/info:")
        for passage in view.passages:
            icon = "location_on" if passage.located else "wrong_location"
            with st.expander(escape(passage.place), icon=f":material/{icon}:"):
                st.markdown(escape(passage.text).replace("\n", "  \n"))
    if view.request:
        with st.expander("The request that was sent", icon=":material/upload:"):
            st.code(view.request, language=None, wrap_lines=True)
    if view.reply:
        st.caption(f"The reply: {escape(view.reply)}.")
    if view.log:
        with st.expander("What it printed", icon=":material/terminal:"):
            st.code(view.log, language=None, height=200)


def _save(store: Store, values: Mapping[str, Any]) -> None:
    with shown_errors():
        config, spec = read_form(values)
        TargetStore(store).save_target(spec.name, config, get_person())
        if missing := list_missing_variables(spec):
            st.toast(variables_words(missing), icon=":material/key_off:")
        st.session_state["target-saved"] = spec.name
        st.switch_page("pages/targets.py", query_params={"target": spec.name})


@st.dialog("Delete this target?")
def _confirm_delete(store: Store, name: str) -> None:
    st.markdown(f"**{escape(name)}** is forgotten. Its runs stay.")
    confirmed = st.button(
        "Delete",
        type="primary",
        icon=":material/delete:",
        key="delete-confirmed",
        on_click=_delete,
        args=(store, name, get_person()),
    )
    if confirmed:
        st.switch_page("pages/targets.py")


def _delete(store: Store, name: str, who: str) -> None:
    TargetStore(store).delete_target(name, who)
    st.query_params.pop("target", None)
