"""The Tuning lab: presets and buttons, sliders, then the suite and one question side by side."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from engine.settings import PRESETS, PipelineSettings
from engine.store import Store
from engine.views.labs import OpenLab
from engine.views.settings import save_settings
from engine.views.tuning import TuningChoices, list_run_overrides, list_targets
from engine.views.tuning_controls import BASIC, FURTHER, Control, build_controls, find_overrides, find_preset
from engine.views.words import plural
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_labs
from pages.ui.starting import start_ingest, start_run
from pages.ui.states import shown_errors
from pages.ui.tuning_question import draw_question
from pages.ui.tuning_state import (
    change_setting,
    pin_baseline,
    read_state,
    show_state,
    take_problems,
    use_preset,
    use_settings,
)
from pages.ui.tuning_suite import draw_suite

PANEL_HEIGHT = 590


@st.fragment(run_every=0.5)
def draw_opening(suite: str, settings: PipelineSettings) -> None:
    """How far the opening of the lab is; the whole screen is drawn when it ends."""
    lab = get_labs().find(suite, settings)
    if lab.opened or lab.error:
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**Opening the lab of {escape(suite)}**")
        st.progress(lab.fraction, text=escape(lab.message))
        st.caption(
            "The first time takes about 20 seconds for 100 000 characters of documents; after that the lab opens in a few "
            "seconds and every change of a slider is answered from memory. It goes on if this page is closed."
        )


@st.fragment
def draw_lab(store: Store, suite: str, opened: OpenLab, choices: TuningChoices) -> None:
    """Everything that a slider changes; drawn again by itself, without the rest of the screen."""
    _draw_actions(store, suite, choices)
    _draw_controls()
    state = read_state()
    for problem in take_problems():
        st.toast(escape(problem), icon=":material/info:")
    with shown_errors():
        left, right = st.columns([11, 9], gap="small")
        with left.container(height=PANEL_HEIGHT, key="tuning-suite"):
            draw_suite(opened, state.settings, state.against, pinned=state.baseline is not None)
        with right.container(height=PANEL_HEIGHT, key="tuning-question"):
            case, asked = draw_question(opened, state.settings)
        show_state(suite, case, asked)


def _draw_actions(store: Store, suite: str, choices: TuningChoices) -> None:
    state, saved = read_state(), choices.saved
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if draw_suite_choice(choices) != suite:
            st.rerun()
        st.session_state["tuning-preset"] = find_preset(state.settings, saved)
        st.segmented_control(
            "Preset",
            list(PRESETS),
            key="tuning-preset",
            label_visibility="collapsed",
            on_change=lambda: use_preset(st.session_state["tuning-preset"]),
            help="The saved defaults with the preset's chunk size, overlap, top-k and similarity floor.",
        )
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            type="tertiary",
            disabled=state.settings == saved,
            on_click=use_settings,
            args=(saved,),
            help="Back to the saved defaults.",
        )
        _draw_pin()
        with st.popover("Use these", icon=":material/check:", type="primary"):
            _draw_uses(store, suite, saved)


def draw_suite_choice(choices: TuningChoices) -> str:
    """The suite that the address names, else the first."""
    shown = choose(
        "Suite", choices.suites, key="suite", default=choices.default, width=300, label_visibility="collapsed"
    )
    return shown or choices.default


def _draw_pin() -> None:
    state = read_state()
    if state.baseline is None:
        st.button(
            "Pin as baseline",
            icon=":material/keep:",
            disabled=state.settings == state.saved,
            on_click=pin_baseline,
            args=(state.settings,),
            help="Compare with these settings from now on. Until then the saved defaults are the baseline.",
        )
    else:
        st.button(
            "Unpin baseline",
            icon=":material/keep_off:",
            on_click=pin_baseline,
            args=(None,),
            help="Compare with the saved defaults again.",
        )


def _draw_uses(store: Store, suite: str, saved: PipelineSettings) -> None:
    settings = read_state().settings
    with shown_errors():
        if st.button("Run the suite with these settings", icon=":material/play_arrow:", width="stretch"):
            run_id = start_run(suite, overrides=list_run_overrides(suite, settings))
            st.switch_page("pages/suites.py", query_params={"suite": suite, "run": run_id})
        st.caption("Every case by itself through the whole pipeline, with exact vectors; the run is kept.")
        if st.button(
            "Save as defaults", icon=":material/save:", width="stretch", disabled=settings == saved, key="tuning-save"
        ):
            save_settings(store, settings.as_dict(), get_person(), "Tuning lab")
            st.toast("Saved as defaults. They are the baseline now.", icon=":material/check:")
            st.rerun()
        st.caption(
            "These are the saved defaults." if settings == saved else "Ask uses them; Settings can take them back."
        )
        st.page_link(
            "pages/sweeps.py",
            label="Search for better settings in a sweep",
            icon=":material/grain:",
            query_params={"suite": suite},
        )
        with st.expander("Apply to a corpus", icon=":material/library_books:"):
            _draw_apply(store, suite, saved)
        with st.expander("Share as a link", icon=":material/link:"):
            st.code(f"{st.context.url}?{urlencode(st.query_params.to_dict())}", language=None, wrap_lines=True)
            st.caption("It opens this suite, these settings, this baseline and this question.")


def _draw_apply(store: Store, suite: str, saved: PipelineSettings) -> None:
    settings = read_state().settings
    targets = list_targets(store, suite)
    corpus = st.selectbox("Corpus", list(targets), format_func=lambda name: targets[name].words, key="tuning-corpus")
    st.caption("Its documents are cut and embedded anew. The index before stays until the new one is whole.")
    keep = st.checkbox("Save as defaults too, so that Ask uses them", value=True, disabled=settings == saved)
    for source in targets[corpus].missing:
        st.warning(f"{escape(source)} is no longer there; its documents would leave the index.")
    if st.button("Ingest with these settings", icon=":material/download:"):
        if keep:
            save_settings(store, settings.as_dict(), get_person(), "Tuning lab")
        job = start_ingest(corpus, targets[corpus].sources, find_overrides(settings, PipelineSettings()))
        st.switch_page("pages/corpora.py", query_params={"corpus": corpus, "job": job})


def _draw_controls() -> None:
    settings = read_state().settings
    with st.container(border=True, gap="xsmall"):
        _draw_row(build_controls(settings, BASIC))
        changed = [c for c in build_controls(settings, FURTHER) if getattr(PipelineSettings(), c.name) != c.value]
        note = f" ({plural(len(changed), 'is', 'are')} changed)" if changed else ""
        with st.expander(f"More settings{note}", icon=":material/tune:", key="tuning-more", type="compact"):
            further = build_controls(settings, FURTHER)
            _draw_row(further[:5])
            _draw_row(further[5:])


def _draw_row(controls: tuple[Control, ...]) -> None:
    for column, control in zip(st.columns(len(controls), gap="medium"), controls, strict=True):
        with column:
            _draw_control(control)


def _draw_control(control: Control) -> None:
    key = f"tuning-{control.name}"
    st.session_state[key] = control.value
    words = " ".join(filter(None, [control.help, control.disabled]))

    def changed() -> None:
        change_setting(control.name, st.session_state[key])

    shared = {"key": key, "help": words, "disabled": bool(control.disabled), "on_change": changed}
    if control.options:
        st.selectbox(control.label, control.options, **shared)
    else:
        st.slider(control.label, control.low, control.high, step=control.step, **shared)
