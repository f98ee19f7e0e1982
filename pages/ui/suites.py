"""The parts of the Suites screen: shelf, one suite, the form that starts it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.settings import PRESETS, load_settings, parse_assignments
from engine.store import Store
from engine.views.ask import SAVED, load_defaults
from engine.views.settings import FIELD_WORDS, field_names
from engine.views.suites import SuiteCard, SuiteDetail
from engine.views.words import ago, plural, setting_value
from pages.ui.markup import escape, state_badge
from pages.ui.progress import draw_facts
from pages.ui.starting import start_run
from pages.ui.states import draw_title, shown_errors

OWN = "the suite's own settings"


def draw_cards(cards: Sequence[SuiteCard]) -> None:
    """Shipped suites, then the way to any other."""
    columns = st.columns(max(2, min(3, len(cards))))
    for i, card in enumerate(cards):
        with columns[i % len(columns)].container(border=True, height="stretch"):
            st.markdown(f"#### {escape(card.title)}", anchors=False)
            if card.error:
                st.error(escape(card.error), icon=":material/error:")
                continue
            st.caption(f"`{card.name}` · {plural(card.cases, 'case')}")
            st.markdown(escape(card.description))
            if card.last:
                st.markdown(f"{state_badge(card.last.state)} {card.last.success} passed, {ago(card.last.when)}")
            else:
                st.markdown(":gray-badge[:material/help: Never run]")
            with st.container(horizontal=True):
                st.page_link(
                    "pages/suites.py",
                    label="Set up and run",
                    icon=":material/play_arrow:",
                    query_params={"suite": card.name},
                )
                if card.last:
                    st.page_link(
                        "pages/runs.py",
                        label="Last run",
                        icon=":material/science:",
                        query_params={"run": card.last.run_id},
                    )
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
        st.page_link(
            "pages/suites.py", label="Watch it", icon=":material/visibility:", query_params={"run": suite.active_run}
        )
    st.markdown(escape(suite.description))
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
    with st.expander("Files and settings", icon=":material/folder:"):
        own = {f"Setting {name}": setting_value(value) for name, value in suite.settings.items()}
        draw_facts({"Suite": suite.path, "Corpus": suite.corpus_path, "Hash": suite.hash, **own})


def draw_start_form(store: Store, suite: SuiteDetail) -> None:
    """Preset, overrides, limit and seed; then the run's own page."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("#### Run it")
        query = {"suite": suite.reference}
        st.page_link("pages/tuning.py", label="Tune on it", icon=":material/tune:", query_params=query)
        st.page_link("pages/sweeps.py", label="Sweep its settings", icon=":material/grain:", query_params=query)
    with st.container(border=True):
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
        limit, seed, _ = st.columns([1, 1, 2])
        cases = limit.number_input(
            "Cases, from the first",
            1,
            suite.cases,
            suite.cases,
            help="Fewer cases are quicker and say less; a gate does not take limited runs.",
        )
        number = seed.number_input("Seed", 0, 2**31 - 1, 0, help="Seed of everything random.")
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
                )
                st.switch_page("pages/suites.py", query_params={"suite": suite.reference, "run": run_id})
