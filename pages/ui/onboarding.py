"""The wizard of the first visit: five steps, each of which works; the step is in the URL, the progress in the store."""

from __future__ import annotations

import streamlit as st

from engine.corpora import shipped_corpora
from engine.settings import load_settings
from engine.store import Store
from engine.types import Answer
from engine.views.answers import build_answer
from engine.views.ask import load_defaults
from engine.views.onboarding import (
    STEP_TITLES,
    STEPS,
    Onboarding,
    first_questions,
    key_is_set,
    load_onboarding,
    probe_ollama,
)
from engine.views.settings import save_settings
from engine.views.words import plural
from pages.ui.answers import draw_answer, draw_sources
from pages.ui.corpora import FILE_TYPES
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.progress import draw_job_progress, draw_run_progress
from pages.ui.resources import get_pipeline
from pages.ui.starting import start_ingest, start_run
from pages.ui.states import draw_title, shown_errors

BY_READING = ("welcome", "model", "ask")  # done once a later step is open; the store shows the others
BUNDLED, OLLAMA, REMOTE = "Bundled engine", "Ollama on this machine", "A remote model"


def draw_onboarding(store: Store) -> None:
    """The step that the URL names, else the first that is not done."""
    state = load_onboarding(store)
    step = st.query_params.get("step", "")
    step = step if step in STEPS else "welcome" if not state.ingested else "ask"
    draw_title(
        "Welcome to Phasegate", "From nothing to a first verdict in five steps. Everything runs on this machine."
    )
    at = STEPS.index(step)
    for i, (column, name) in enumerate(zip(st.columns(len(STEPS)), STEPS, strict=True)):
        with column:
            icon = (
                "check_circle"
                if name in state.done or (i < at and name in BY_READING)
                else "radio_button_checked"
                if i == at
                else "radio_button_unchecked"
            )
            label = f"**{i + 1}. {STEP_TITLES[name]}**" if i == at else f"{i + 1}. {STEP_TITLES[name]}"
            st.page_link("pages/overview.py", label=label, icon=f":material/{icon}:", query_params={"step": name})
    with st.container(border=True):
        {"welcome": _welcome, "documents": _documents, "model": _model, "ask": _ask, "suite": _suite}[step](
            store, state
        )


def _go(step: str, **more: str) -> None:
    st.switch_page("pages/overview.py", query_params={"step": step, **more})


def _next(label: str, step: str, *, primary: bool = True) -> None:
    if st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/arrow_forward:",
        icon_position="right",
        key=f"to-{step}",
    ):
        _go(step)


def _welcome(store: Store, state: Onboarding) -> None:
    st.markdown(
        "### Is your RAG system ready, and can you prove it?\n"
        "Phasegate ingests **documents**, answers questions from them, runs **suites** of cases with known answers, and holds "
        "the results against the goals of a **roadmap**, phase by phase, with the uncertainty shown.\n\n"
        "- **QA** runs a suite and gates a phase.\n"
        "- **Product managers** watch each KPI against its goal and take reports along.\n"
        "- **Engineers** ask a question and see why that answer.\n\n"
        "Nothing leaves this machine: the embedding model and the answering engine are part of the installation."
    )
    _next("Begin with documents", "documents")


def _documents(store: Store, state: Onboarding) -> None:
    job, corpus = st.query_params.get("job", ""), st.query_params.get("corpus", "")
    if job:
        progress = draw_job_progress(job)
        if progress.status == "finished":
            st.success(f"{escape(corpus)} is ingested.", icon=":material/check_circle:")
            _next("Choose a model", "model")
            return
        if progress.active:
            return
    st.markdown(
        "### Which documents shall answer?\nTake a sample corpus; it comes with a suite, so that the last step has something to run."
    )
    for column, sample in zip(st.columns(max(1, len(state.samples))), state.samples, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{escape(sample.name)}**")
            st.caption(escape(sample.words))
            label = f"Ingest {sample.name}" if not sample.ingested else f"Ingest {sample.name} again"
            if st.button(
                label,
                key=f"sample-{sample.name}",
                icon=":material/download:",
                type="secondary" if sample.ingested else "primary",
            ):
                _go(
                    "documents",
                    job=start_ingest(sample.name, [str(shipped_corpora()[sample.name])]),
                    corpus=sample.name,
                )
    with st.expander("Or upload your own", icon=":material/upload:"):
        _upload()
    if state.ingested:
        st.markdown(f"Ingested already: {escape(', '.join(state.ingested))}.")
        _next("Choose a model", "model")


def _upload() -> None:
    from engine.views.corpora import save_uploads

    with st.form("first-upload", border=False):
        name = st.text_input("Name of the corpus", "my-documents")
        files = st.file_uploader("Files", type=FILE_TYPES, accept_multiple_files=True)
        if st.form_submit_button("Upload and ingest", icon=":material/upload:") and files:
            with shown_errors():
                folder = save_uploads(name.strip(), [(f.name, f.getvalue()) for f in files])
                _go("documents", job=start_ingest(name.strip(), [str(folder)]), corpus=name.strip())


def _model(store: Store, state: Onboarding) -> None:
    st.markdown("### Who writes the answers?")
    way = st.segmented_control(
        "Model", [BUNDLED, OLLAMA, REMOTE], default=BUNDLED, key="way", required=True, label_visibility="collapsed"
    )
    values: dict[str, str] = {}
    if way == BUNDLED:
        st.markdown(
            "The **bundled extractive engine** answers with sentences of your documents, each with its source. It needs no key, "
            "no network and no graphics card, answers within milliseconds, and cannot invent anything. The right start."
        )
    elif way == OLLAMA:
        found = probe_ollama()
        (st.success if found.models else st.info)(found.words, icon=":material/computer:")
        if found.models:
            values = {"provider": "litellm", "model": f"ollama/{st.selectbox('Model', found.models)}"}
        else:
            st.markdown("Install Ollama, fetch a model with `ollama pull llama3.2`, and come back to this step.")
    else:
        model = st.text_input("Model", placeholder="openai/gpt-4o-mini", help="provider/model, as litellm names it.")
        variable = st.text_input(
            "Environment variable that holds the key",
            "OPENAI_API_KEY",
            help="The key itself is never typed, shown or stored here.",
        )
        state_word = "is set" if key_is_set(variable) else "is not set; set it and start the app again"
        (st.success if key_is_set(variable) else st.warning)(f"{escape(variable)} {state_word}.", icon=":material/key:")
        values = {"provider": "litellm", "model": model.strip()} if model.strip() and key_is_set(variable) else {}
    if st.button(
        "Use this and ask a question",
        type="primary",
        icon=":material/arrow_forward:",
        icon_position="right",
        disabled=way != BUNDLED and not values,
    ):
        with shown_errors():
            kept = load_defaults(store).as_dict() | (
                {"provider": "extractive", "model": ""} if way == BUNDLED else values
            )
            if state.ingested:
                get_pipeline(
                    state.ingested[0], load_settings(None, kept)
                )  # refuses what cannot answer; nothing is saved then
            save_settings(store, kept, get_person(), "first steps")
            _go("ask")


def _ask(store: Store, state: Onboarding) -> None:
    st.markdown("### Ask your first question")
    if not state.ingested:
        st.info("There is no corpus yet.", icon=":material/info:")
        _next("Back to the documents", "documents")
        return
    corpus = st.selectbox("Corpus", state.ingested, key="first-corpus", width=320)
    picked = st.pills("Questions to try", first_questions(corpus), key=f"first-{corpus}")
    with st.form("first-question", border=False):
        question = st.text_input("Question", value=picked or "", placeholder="What would you like to know?")
        asked = st.form_submit_button("Ask", type="primary", icon=":material/send:")
    if asked:
        with shown_errors():
            settings = load_defaults(store)
            answer: Answer = get_pipeline(corpus, settings).answer(question)
            view = build_answer(answer.as_json(), min_quality=settings.min_quality)
            draw_answer(view, "first")
            draw_sources(view, "first")
            st.session_state["first-asked"] = True
    _next("Run the first suite", "suite", primary=bool(st.session_state.get("first-asked")))


def _suite(store: Store, state: Onboarding) -> None:
    run = st.query_params.get("run", "")
    if run:
        progress = draw_run_progress(run)
        if not progress.active and progress.done:
            st.success(
                "The first run is in the store. From now on this screen says whether you are ready.",
                icon=":material/check_circle:",
            )
            with st.container(horizontal=True):
                st.page_link(
                    "pages/overview.py", label="**Are we ready?**", icon=":material/dashboard:", query_params={}
                )
                st.page_link(
                    "pages/runs.py", label="Look into the run", icon=":material/science:", query_params={"run": run}
                )
        if progress.active or progress.done:
            return
    st.markdown(
        "### Run the first suite\nEach case is a question with a known answer. The run scores what comes back; its figures "
        "are what the gates of a roadmap read."
    )
    fitting = [s.suite for s in state.samples if s.ingested and s.suite] or list(state.suites)
    names = list(dict.fromkeys([*fitting, *state.suites]))
    suite = st.selectbox("Suite", names, format_func=lambda name: state.suites[name], width=480)
    if st.button("Run it", type="primary", icon=":material/play_arrow:"):
        with shown_errors():
            _go("suite", run=start_run(suite))
    st.caption(
        f"{plural(len(names), 'suite')} come with Phasegate; a suite of your own is a folder, see the Suites screen."
    )
