"""The form that sets up a sweep: suite, settings and their values, the search; and the command that it comes to."""

from __future__ import annotations

import streamlit as st

from engine.errors import PhasegateError
from engine.store import Store
from engine.views.sweep_list import SEARCH_WORDS
from engine.views.sweep_setup import START, SweepSetup, SweptSetting, list_swept_suites, load_sweep_setup, preview_sweep
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.starting import start_sweep
from pages.ui.states import draw_error

SEARCH_HELP = (
    "Grid tries every combination of the listed values. Random draws combinations evenly; good for many settings. "
    "Bayesian learns from what it has tried (a tree-structured Parzen estimator) and goes where the measure is high."
)


def draw_form(store: Store) -> None:
    """Everything that a sweep needs; it starts as a process of its own."""
    suites = list_swept_suites(store)
    wanted = st.query_params.get("suite", "")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="top"):
            options = suites if not wanted or wanted in suites else {wanted: wanted, **suites}
            suite = choose("Suite", options, key="suite", default=next(iter(options)), width=300) or next(iter(options))
            search = st.segmented_control(
                "Search",
                list(SEARCH_WORDS),
                default="grid",
                key="search",
                bind="query-params",
                required=True,
                format_func=SEARCH_WORDS.get,
                help=SEARCH_HELP,
            )
        try:
            _draw_rest(load_sweep_setup(suite), search)
        except PhasegateError as error:
            draw_error(error)


def _draw_rest(setup: SweepSetup, search: str) -> None:
    names = st.multiselect(
        "Settings to vary",
        list(setup.settings),
        default=[name for name in START if name in setup.settings],
        key="varied",
        placeholder="Choose one or more",
    )
    values = {}
    for first in range(0, len(names), 3):
        for column, name in zip(st.columns(3), names[first : first + 3], strict=False):
            with column:
                values[name] = _draw_values(setup.settings[name], search)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        goal = st.selectbox(
            "Best by",
            setup.goals,
            index=setup.goals.index(setup.goal),
            key=f"goal-{setup.suite}",
            width=200,
            help="The measure that chooses. Of equal settings the one with fewer tokens is taken.",
        )
        trials = setup.trials
        if search != "grid":
            trials = st.number_input("Settings to try", 2, 5_000, setup.trials, key="trials", width=160)
        limit = st.number_input(
            "Cases, from the first",
            1,
            None,
            None,
            key=f"limit-{setup.suite}",
            width=180,
            placeholder="all",
            help="Fewer are quicker and tell less. Half of them choose, half are held out.",
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", width=120, help="Of the search and the split.")
    _draw_start(setup, values, search=search, trials=int(trials), goal=goal, seed=int(seed), limit=limit)


def _draw_values(setting: SweptSetting, search: str) -> str:
    if setting.choices:
        chosen = st.multiselect(
            setting.name,
            setting.choices,
            default=_offered(setting),
            key=f"choices-{setting.name}",
            help=setting.help,
        )
        return ",".join(chosen)
    ranged = search != "grid" and ":" in setting.range
    return st.text_input(
        setting.name,
        setting.range if ranged else setting.listed,
        key=f"values-{setting.name}-{ranged}",
        help=f"{setting.help} " + ("A range (low:high) or values with commas." if ranged else "Values with commas."),
        placeholder=f"starts from {setting.value}",
    )


def _offered(setting: SweptSetting) -> list[str]:
    listed = [value.strip() for value in setting.listed.split(",") if value.strip()]
    return [value for value in listed if value in setting.choices] or list(setting.choices)


def _draw_start(
    setup: SweepSetup, values: dict[str, str], *, search: str, trials: int, goal: str, seed: int, limit: int | None
) -> None:
    try:
        preview = preview_sweep(
            setup, values, search=search, trials=trials, goal=goal, seed=seed, limit=int(limit) if limit else None
        )
    except PhasegateError as error:
        draw_error(error)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Start the sweep", type="primary", icon=":material/play_arrow:"):
            sweep_id = start_sweep(preview.arguments)
            st.switch_page("pages/sweeps.py", query_params={"sweep": sweep_id})
        st.caption(escape(preview.words))
    st.code(preview.command, language="bash", wrap_lines=True)
