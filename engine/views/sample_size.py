"""How many cases a question needs, answered in a sentence, and what a suite's own number of cases can show."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import InputError
from engine.evaluation.sample_size import (
    count_for_goal,
    count_for_paired_rates,
    count_for_rate,
    find_detectable_rate,
    find_half_width,
)
from engine.views.words import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """An answer. ``enough`` says whether the suite has as many cases; None when no number would do."""

    cases: int | None
    enough: bool | None
    sentence: str


def answer_rate(rate: float, half_width: float, cases: int) -> Needed:
    """Cases that show a rate within ``half_width``, both shares."""
    words = f"{_points(rate)} % ± {_points(half_width)}"
    try:
        needed = count_for_rate(rate, half_width)
    except InputError as error:
        return _refuse(error)
    have = f"This suite has {plural(cases, 'case')}: {_points(rate)} % would be known to ± {_points(find_half_width(rate, cases))}."
    return Needed(
        cases=needed,
        enough=cases >= needed,
        sentence=f"To show {words} takes {plural(needed, 'case')} (95 % Wilson interval). {have}",
    )


def answer_difference(difference: float, discordance: float, cases: int) -> Needed:
    """Cases on which two runs must answer, so that a difference of success is found in four comparisons of five."""
    try:
        needed = count_for_paired_rates(difference, discordance)
    except InputError as error:
        return _refuse(error)
    least = find_detectable_rate(cases, discordance)
    have = (
        f"This suite has {plural(cases, 'case')}, which show a difference of about {_points(least)} points."
        if least is not None
        else f"This suite has {plural(cases, 'case')}, which show no difference for sure."
    )
    return Needed(
        cases=needed,
        enough=cases >= needed,
        sentence=f"To find a difference of {_points(difference)} points between two runs that disagree on "
        f"{_points(discordance)} % of the cases takes {plural(needed, 'case')} (McNemar, 80 % power, two-sided 5 %). {have}",
    )


def answer_goal(rate: float, goal: float, cases: int) -> Needed:
    """Cases after which a gate's goal is met or missed for sure, if the true rate is ``rate``."""
    try:
        needed = count_for_goal(rate, goal)
    except InputError as error:
        return _refuse(error)
    if needed is None:
        words = f"At exactly {_points(goal)} % no number of cases decides the goal: the interval always holds it."
        return Needed(cases=None, enough=None, sentence=words)
    side = "met" if rate > goal else "missed"
    enough = cases >= needed
    have = (
        "this suite has enough"
        if enough
        else f"this suite has {plural(cases, 'case')}, {plural(needed - cases, 'case')} short"
    )
    return Needed(
        cases=needed,
        enough=enough,
        sentence=f"At {_points(rate)} % the goal of {_points(goal)} % is {side} beyond chance from {plural(needed, 'case')} on; {have}.",
    )


def describe_reach(cases: int) -> str:
    """What a suite of so many cases can show by itself."""
    least = find_detectable_rate(cases, 0.2)
    rate = f"a success rate of 90 % to ± {_points(find_half_width(0.9, cases))} points, one of 50 % to ± {_points(find_half_width(0.5, cases))}"
    pair = (
        f"; between two runs that disagree on a fifth of the cases a difference of {_points(least)} points"
        if least
        else ""
    )
    return f"{plural(cases, 'case')} show {rate}{pair}."


def _refuse(error: InputError) -> Needed:
    return Needed(cases=None, enough=None, sentence=f"{error.message} {error.hint}".strip())


def _points(share: float) -> str:
    return f"{round(100 * share, 1):g}"
