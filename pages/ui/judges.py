"""The parts of the Judges screen: the shelf, the form, a trial, and what judges made of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import streamlit as st

from engine.charts.judges import build_agreement_chart
from engine.evaluation.judging.specs import build_judge
from engine.evaluation.measures.judged import JUDGED_DESCRIPTIONS, RUBRIC
from engine.evaluation.measures.ragas import TextSample
from engine.judge_setup import choose_default, remove_judge, save_judge
from engine.judge_trials import EXAMPLE, load_samples, try_judge
from engine.store import Store
from engine.views.judges import (
    JudgeCard,
    RatedView,
    RunJudging,
    describe_trial,
    load_rated,
    read_rubrics,
    write_rubrics,
)
from engine.views.words import ago
from pages.ui.charts import draw_chart
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import draw_empty, shown_errors

TRIAL_COLOURS = {"scored": "green", "failed": "red", "not_applicable": "gray", "unjudged": "gray"}


def draw_cards(store: Store, cards: Sequence[JudgeCard]) -> None:
    """Every judge that was set up, or how to set the first one up."""
    if not cards:
        draw_empty(
            "No judge yet",
            "Measures that need no model are scored without one. For the others set up any model that litellm can ask, "
            "on this machine or not. With Ollama: model `ollama/llama3.1`, address `http://127.0.0.1:11434`. "
            "Another OpenAI-compatible server: `hosted_vllm/` before the model's name and the server's address, which "
            "mostly ends in `/v1`. A key stays in an environment variable of this app: give the variable's name.",
            icon="gavel",
        )
    for first in range(0, len(cards), 2):
        for column, card in zip(st.columns(2), cards[first : first + 2], strict=False):
            with column.container(border=True, height="stretch"):
                _draw_card(store, card)


def _draw_card(store: Store, card: JudgeCard) -> None:
    badge = "  :blue-badge[:material/star: Default]" if card.default else ""
    st.markdown(f"**{escape(card.name)}**{badge}")
    st.markdown(f"{escape(card.model)} at {escape(card.where)}")
    st.caption(f"{card.manner} {card.kept}. Set up by {escape(card.changed_by)} {ago(card.changed_at)}.")
    if card.error:
        st.warning(escape(card.error), icon=":material/warning:")
    if card.missing:
        st.warning(f"{escape(card.missing)} is not set in the environment of this app.", icon=":material/key_off:")
    for name, rule in card.rubrics.items():
        st.caption(f":material/rule: {escape(RUBRIC + name)}: {escape(rule)}")
    with st.container(horizontal=True), shown_errors():
        if not card.default and st.button("Make default", key=f"default-{card.name}", icon=":material/star:"):
            choose_default(store, card.name)
            st.rerun()
        if st.button("Remove", key=f"remove-{card.name}", icon=":material/delete:", help="Its scores stay."):
            remove_judge(store, card.name, get_person())
            st.rerun()


def draw_form(store: Store, cards: Sequence[JudgeCard]) -> None:
    """The settings of a new judge, or of one that is there."""
    st.markdown("#### Set one up")
    known = {card.name: card for card in cards}
    new = "A new judge"
    chosen = st.selectbox("Judge", [new, *known], key="judge-edited") if known else new
    config = known[chosen].config if chosen in known else {}
    with st.form(f"judge-{chosen}", border=True):
        name = chosen if chosen in known else st.text_input("Name", placeholder="local", help="What its scores carry.")
        model = st.text_input(
            "Model", config.get("model", ""), placeholder="ollama/llama3.1", help="As litellm names it: provider/model."
        )
        base = st.text_input("Address", config.get("api_base", ""), placeholder="http://127.0.0.1:11434")
        key = st.text_input(
            "Variable of the key",
            config.get("api_key_env", ""),
            placeholder="JUDGE_KEY",
            help="The name of an environment variable of this app. The key itself is never stored.",
        )
        columns = st.columns(3)
        repeats = columns[0].number_input(
            "Judgements a case", 1, 20, int(config.get("repeats", 1)), help="More than one shows the judge's own noise."
        )
        calls = columns[1].number_input("Calls at once", 1, 256, int(config.get("concurrency", 16)))
        timeout = columns[2].number_input("Seconds a call", 1.0, 3600.0, float(config.get("timeout_s", 60.0)))
        rubrics = st.text_area(
            "Rubrics",
            write_rubrics(config.get("rubrics", {})),
            placeholder="polite: The answer is polite and calls the customer by name.",
            help="Rules in plain words, name: rule, one a line. rubric.polite is then a measure.",
        )
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            with shown_errors():
                texts = {"model": model.strip(), "api_base": base.strip(), "api_key_env": key.strip()}
                numbers = {"repeats": int(repeats), "concurrency": int(calls), "timeout_s": float(timeout)}
                save_judge(store, name.strip(), {**texts, **numbers, "rubrics": read_rubrics(rubrics)}, get_person())
                st.rerun()


def draw_trial(store: Store, cards: Sequence[JudgeCard]) -> None:
    """One question put to a judge, with its scores, reasons, time and cost."""
    st.markdown("#### Try one")
    usable = {card.name: card for card in cards if not card.error}
    if not usable:
        st.caption("Set a judge up first; then one question shows what it says and what it costs.")
        return
    card = usable[st.selectbox("Judge", list(usable), key="judge-tried")]
    with st.form("trial", border=True):
        offered = [*JUDGED_DESCRIPTIONS, *(f"{RUBRIC}{name}" for name in card.rubrics)]
        measures = st.multiselect("Measures", offered, [offered[0]], help="What the judge is asked for.")
        question = st.text_input("Question", EXAMPLE.user_input)
        answer = st.text_area("Answer", EXAMPLE.response, height="content")
        context = st.text_area("Context", EXAMPLE.retrieved_contexts[0], height="content")
        reference = st.text_input("Reference answer", EXAMPLE.references[0])
        columns = st.columns(2)
        run_id = columns[0].text_input("Or a run", placeholder="Id of a run")
        case_id = columns[1].text_input("and its case", placeholder="Id of a case")
        asked = st.form_submit_button("Try", type="primary", icon=":material/play_arrow:")
    if asked:
        with shown_errors(), st.spinner("Asking the judge; the first time takes some seconds to load"):
            sample = TextSample(
                user_input=question,
                response=answer,
                references=(reference,) if reference.strip() else (),
                retrieved_contexts=(context,) if context.strip() else (),
                reference_contexts=(),
            )
            samples = load_samples(store, run_id.strip(), case_id.strip()) if run_id.strip() else (sample,)
            words = describe_trial(try_judge(build_judge(card.name, card.config), samples, measures))
            for row in words.rows:
                badge = f":{TRIAL_COLOURS[row.status]}-badge[{row.status.replace('_', ' ')}]"
                st.markdown(f"{badge} **{escape(row.measure)}** {row.value}  \n{escape(row.reason)}")
            st.caption(escape(words.summary))


def choose_run(runs: Mapping[str, str], asked: str) -> str:
    """The run to look at; its id stands in the address."""
    ids = list(dict.fromkeys([*([asked] if asked else []), *runs]))
    if not ids:
        return ""
    chosen = st.selectbox("Run", ids, format_func=lambda run: runs.get(run, run), key="judged-run")
    st.query_params["run"] = chosen
    return str(chosen)


def draw_none_judged() -> None:
    """No run has a judge's scores."""
    draw_empty(
        "No run was judged yet",
        "Choose a judge when you start a run, or let one score a run that has ended: "
        "`python -m engine rescore RUN --judge NAME`. A second judge's scores stand beside the first one's.",
        page="pages/suites.py",
        label="Run a suite",
        icon="gavel",
    )


def draw_run(store: Store, view: RunJudging) -> None:
    """Counts, noise, and agreement of two raters."""
    if not view.rows:
        st.info("No judge has scored this run.", icon=":material/info:")
        return
    columns = {
        "judge": "Judge",
        "measure": "Measure",
        "scored": st.column_config.TextColumn("Scored", help="Of the cases that it applies to."),
        "failed": st.column_config.NumberColumn("Failed", help="No usable answer; they are in no mean."),
        "unjudged": "Not judged",
        "mean": "Mean (95 % interval)",
        "deviation": st.column_config.TextColumn("Noise", help="Standard deviation of one judgement within a case."),
        "flips": st.column_config.TextColumn("Flips", help="Cases whose verdict at 0.5 changes between repetitions."),
        "shift": st.column_config.TextColumn(
            "Mean moves", help="How far the mean may move by the judge's noise alone, 95 % of the time."
        ),
        "cost": "USD",
    }
    st.dataframe([asdict(row) for row in view.rows], column_config=columns, hide_index=True)
    for reason, number in view.failures:
        st.caption(f":material/error: {number} failed: {escape(reason)}")
    if not view.repeated:
        st.caption("Each case was judged once. A judge with several judgements a case shows its own noise.")
    st.markdown("#### Agreement")
    if len(view.raters) < 2:
        st.info(
            "Agreement needs a second opinion: let another judge score this run, or label some of its cases right or "
            "wrong on the run's screen.",
            icon=":material/group:",
        )
        return
    left, right = st.columns(2)
    a = left.selectbox("One", view.raters, key="rater-a")
    b = right.selectbox("Other", [rater for rater in view.raters if rater != a], key="rater-b")
    with shown_errors():
        rated = load_rated(store, view.run_id, a, b)
        if not rated:
            st.info("They rated no case in common.", icon=":material/info:")
        for entry in rated:
            _draw_rated(entry)


def _draw_rated(view: RatedView) -> None:
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="large")
        with left:
            draw_chart(build_agreement_chart(view), key=f"agreement-{view.measure}")
        with right:
            rows = [{"": name, "value": value, "95 % interval": ends} for name, value, ends in view.figures]
            st.dataframe(rows, hide_index=True)
        if not view.disagreements:
            st.caption("They give every case the same value.")
            return
        st.dataframe(
            [{"case": row.link, "a": row.a, "b": row.b, "difference": row.difference} for row in view.disagreements],
            column_config={
                "case": st.column_config.LinkColumn("They disagree most on", display_text=r"case=([^&]+)"),
                "a": st.column_config.NumberColumn(view.a, format="%.2f"),
                "b": st.column_config.NumberColumn(view.b, format="%.2f"),
                "difference": st.column_config.NumberColumn("Difference", format="%+.2f"),
            },
            hide_index=True,
        )
