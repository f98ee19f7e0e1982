"""The form that starts a run: settings, target, judge, limits; then the run's own page."""

from __future__ import annotations

import streamlit as st

from engine.run_options import RunOptions
from engine.settings import PRESETS, load_settings, parse_assignments
from engine.store import Store
from engine.views.ask import SAVED, load_defaults
from engine.views.run_choices import PIPELINE, RunChoices, load_run_choices
from engine.views.settings import FIELD_WORDS, field_names
from engine.views.suites import SuiteDetail
from engine.views.words import plural, setting_value
from pages.ui.starting import start_run
from pages.ui.states import shown_errors

OWN = "the suite's own settings"


def draw_start_form(store: Store, suite: SuiteDetail) -> None:
    """Preset, overrides, target, limit and seed; then the run's own page."""
    choices = load_run_choices(store)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("#### Run it")
        query = {"suite": suite.reference}
        st.page_link("pages/tuning.py", label="Tune on it", icon=":material/tune:", query_params=query)
        st.page_link("pages/sweeps.py", label="Sweep its settings", icon=":material/grain:", query_params=query)
    with st.container(border=True):
        target = _choose_target(choices)
        preset, values = _choose_settings() if target == PIPELINE else (OWN, {})
        limit, seed, repetitions, _ = st.columns([1, 1, 1, 1])
        cases = limit.number_input(
            "Cases, from the first",
            1,
            suite.cases,
            suite.cases,
            help="Fewer cases are quicker and say less; a gate does not take limited runs.",
        )
        number = seed.number_input("Seed", 0, 2**31 - 1, 0, help="Seed of everything random.")
        times = repetitions.number_input(
            "Repetitions",
            1,
            choices.most_repetitions,
            1,
            help="Ask the whole suite so many times. Each is a run of its own; their spread is the noise of identical "
            "runs, which Compare holds differences against.",
        )
        options = _choose_limits(choices, int(times))
        if st.button(f"Run {plural(int(cases), 'case')}", type="primary", icon=":material/play_arrow:"):
            with shown_errors():
                overrides = parse_assignments(f"{name}={value}" for name, value in values.items())
                base = load_defaults(store).as_dict() if preset == SAVED else {}
                changed = {n: v for n, v in base.items() if v != getattr(load_settings(), n)} | overrides
                load_settings(preset if preset in PRESETS else None, suite.settings, changed)
                run_id = start_run(
                    suite.reference,
                    preset=preset if preset in PRESETS else "",
                    overrides=changed,
                    limit=int(cases) if cases < suite.cases else None,
                    seed=int(number),
                    target="" if target == PIPELINE else target,
                    options=RunOptions(**options),
                )
                st.switch_page("pages/suites.py", query_params={"suite": suite.reference, "run": run_id})


def _choose_target(choices: RunChoices) -> str:
    """The system under test; the address may name one: ``suites?target=billing``."""
    asked = st.query_params.get("target", PIPELINE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "System under test",
            choices.targets,
            index=choices.targets.index(asked) if asked in choices.targets else 0,
            key="run-target",
            width=320,
            format_func=lambda name: "Built-in pipeline" if name == PIPELINE else name,
            help="The built-in pipeline, or a system of your own: an HTTP endpoint or a Python callable.",
        )
        st.page_link("pages/targets.py", label="Set up another", icon=":material/lan:")
    return str(target)


def _choose_settings() -> tuple[str, dict[str, str]]:
    preset = st.segmented_control("Settings", [OWN, SAVED, *PRESETS], default=OWN, key="run-preset", required=True)
    names = st.multiselect(
        "Change single settings", field_names(), key="run-overrides", placeholder="None: choose one to change it"
    )
    values = {
        name: st.text_input(
            name,
            setting_value(getattr(load_settings(), name)),
            key=f"set-{name}",
            help=FIELD_WORDS.get(name, ""),
            width=320,
        )
        for name in names
    }
    return str(preset), values


def _choose_limits(choices: RunChoices, repetitions: int) -> dict[str, object]:
    """Options of the run, as the fields of ``RunOptions``."""
    with st.expander("Judge, time and budget", icon=":material/gavel:"):
        none = f"the default, {choices.default_judge}" if choices.default_judge else "none"
        judge = st.selectbox(
            "Judge of the measures that need a model",
            ["", *choices.judges],
            format_func=lambda name: name or none,
            key="run-judge",
            width=320,
            help="Faithfulness, answer relevancy and their like. Without one they stay unjudged and can be scored later.",
        )
        timeout, usd, minutes = st.columns(3)
        seconds = timeout.number_input(
            "Seconds for one case", 0.1, None, None, placeholder="no limit", key="run-timeout"
        )
        dollars = usd.number_input(
            "Budget in USD", 0.0001, None, None, placeholder="no limit", key="run-usd", format="%.2f"
        )
        time = minutes.number_input("Budget in minutes", 0.1, None, None, placeholder="no limit", key="run-minutes")
    return {
        "judge": judge or "",
        "case_timeout_s": seconds,
        "budget_usd": dollars,
        "budget_minutes": time,
        "repetitions": repetitions,
    }
