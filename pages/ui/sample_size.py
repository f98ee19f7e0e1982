"""How many cases do I need? Asked on the screen of a suite, answered in a sentence."""

from __future__ import annotations

import streamlit as st

from engine.views.sample_size import Needed, answer_difference, answer_goal, answer_rate, describe_reach
from pages.ui.markup import escape

QUESTIONS = ("A rate", "A difference between two runs", "A goal")


def draw_sample_size(cases: int) -> None:
    """The question, its numbers, the answer, and what this suite can show."""
    with st.expander("How many cases do I need?", icon=":material/calculate:"):
        question = st.segmented_control("To show", QUESTIONS, default=QUESTIONS[0], key="cases-for", required=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if question == QUESTIONS[1]:
                answer = _ask_difference(cases)
            elif question == QUESTIONS[2]:
                answer = _ask_goal(cases)
            else:
                answer = _ask_rate(cases)
        draw = {True: st.success, False: st.warning, None: st.info}[answer.enough]
        icon = {True: "check_circle", False: "add_circle", None: "help"}[answer.enough]
        draw(escape(answer.sentence), icon=f":material/{icon}:")
        st.caption(escape(describe_reach(cases)))


def _ask_rate(cases: int) -> Needed:
    rate = _percent("Rate, %", 0.0, 100.0, 90.0, "rate", "What you expect, or have seen.")
    half = _percent("Plus or minus, points", 0.5, 40.0, 3.0, "half", "Half of the width of the 95 % interval.")
    return answer_rate(rate, half, cases)


def _ask_difference(cases: int) -> Needed:
    difference = _percent("Difference, points", 0.5, 100.0, 5.0, "difference", "Of the success rates of two runs.")
    share = _percent(
        "Cases on which they disagree, %",
        0.5,
        100.0,
        20.0,
        "discordance",
        "One passes where the other fails; Compare shows it.",
    )
    return answer_difference(difference, share, cases)


def _ask_goal(cases: int) -> Needed:
    goal = _percent("Goal, %", 0.0, 100.0, 85.0, "goal", "At least this rate.")
    rate = _percent("Rate, %", 0.0, 100.0, 90.0, "goal-rate", "What you expect, or have seen.")
    return answer_goal(rate, goal, cases)


def _percent(label: str, least: float, most: float, value: float, key: str, help: str) -> float:
    chosen = st.number_input(label, least, most, value, 0.5, key=f"cases-{key}", help=help, width=240, format="%.1f")
    return float(chosen) / 100
