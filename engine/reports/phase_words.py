"""The first screen of a phase report in words: a few figures, what is missing, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from engine.reports.report import PhaseReport
from engine.reports.wording import count_words, goal_words, interval_words, value_words
from engine.roadmap.types import GoalVerdict

MOST_FIGURES = 5
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLine:
    """One figure of the first screen. ``verdict`` is pass, fail, no_data or waived."""

    verdict: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do next. ``command`` is empty where there is none."""

    words: str
    command: str = ""


def figure_lines(report: PhaseReport) -> tuple[FigureLine, ...]:
    """At most five measured goals: missed ones first, then waived ones, then those met, the nearest to their goal first."""
    measured = [goal for goal in report.goals if goal.value is not None]
    order = {"fail": 0, "waived": 1, "no_data": 2, "pass": 3}
    ranked = sorted(measured, key=lambda goal: (order[_state(goal)], goal.more_cases in (0, None)))
    return tuple(
        FigureLine(verdict=_state(goal), title=goal.title, words=_figure_words(goal)) for goal in ranked[:MOST_FIGURES]
    )


def rest_words(report: PhaseReport) -> str:
    """How many goals the lines leave out, without those that lack data; empty when none."""
    rest = sum(goal.value is not None for goal in report.goals) - MOST_FIGURES
    return f"{count_words(rest, 'more goal')} below." if rest > 0 else ""


def missing_words(report: PhaseReport) -> str:
    """Goals without data, and what else is missing; never empty."""
    parts = []
    if report.missing:
        named = [goal.title for goal in report.missing]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        parts.append(f"No data for {', '.join(named[:MOST_NAMED])}{more}.")
    if not any(review.sign_off.stands for review in report.sign_offs):
        parts.append("Nobody has signed the phase.")
    elif not any(review.current for review in report.sign_offs):
        parts.append("No signature is under this evidence.")
    open_items = sum(not (item.tick and item.tick.done) for item in report.checklist)
    if open_items:
        parts.append(f"{open_items} of {count_words(len(report.checklist), 'item')} of the checklist not ticked.")
    return " ".join(parts) or "Nothing."


def find_next_step(report: PhaseReport) -> Step:
    """What to do next, with its command where it has one."""
    if report.gate.verdict == "fail":
        return _mend_goals(report)
    if report.gate.verdict == "no_data":
        return _give_evidence(report)
    standing = [review for review in report.sign_offs if review.sign_off.stands]
    sign = f"python -m engine sign --roadmap {report.roadmap.name} --phase {report.phase.number}"
    if not standing:
        return Step(words="Look at the evidence and sign the phase.", command=sign)
    if not any(review.current for review in standing):
        who = standing[0].sign_off.who
        return Step(
            words=f"The evidence is no longer what {who} signed: look at what changed and sign again.", command=sign
        )
    later = [phase for phase in report.roadmap.phases if phase.number > report.phase.number]
    if not later:
        return Step(words="Nothing is left: this was the last phase.")
    following = min(later, key=lambda phase: phase.number)
    return Step(
        words=f"Go on with {following.label or f'phase {following.number}'}, {following.title}.",
        command=f"python -m engine gate --roadmap {report.roadmap.name} --phase {following.number}",
    )


def _mend_goals(report: PhaseReport) -> Step:
    missed = [goal for goal in report.goals if goal.counted == "fail"]
    goal = missed[0]
    others = f" {count_words(len(missed) - 1, 'other goal is', 'other goals are')} missed, too." if missed[1:] else ""
    runs = [run for run in report.runs if run.run_id in goal.runs and run.failing_total]
    if not runs:
        return Step(words=f"Find out why “{goal.title}” is missed, then measure again.{others}", command=goal.command)
    run = max(runs, key=lambda run: run.failing_total)
    look = f"look at the {count_words(run.failing_total, 'failing case')} of {run.suite}"
    worst = next((tag for tag in run.tags if tag.failed + tag.errors), None)
    most = (
        f", most of them under “{worst.tag}”" if worst and 2 * (worst.failed + worst.errors) > run.failing_total else ""
    )
    return Step(
        words=f"“{goal.title}” is missed: {look}{most}.{others}",
        command=f"python -m engine cases {run.run_id} --flag failing",
    )


def _give_evidence(report: PhaseReport) -> Step:
    by_command: dict[str, int] = {}
    for goal in report.missing:
        by_command[goal.command] = by_command.get(goal.command, 0) + 1
    commands = [command for command in by_command if command]
    if not report.goals:
        return Step(words="Set goals for this phase: without any there is nothing to decide.")
    if not commands:
        titles = ", ".join(goal.title for goal in report.missing[:MOST_NAMED])
        return Step(words=f"A person has to confirm with a link: {titles}.")
    best = max(commands, key=lambda command: by_command[command])
    return Step(words=f"Give the evidence for {count_words(by_command[best], 'goal')}.", command=best)


def _state(goal: GoalVerdict) -> str:
    return "waived" if goal.waiver else goal.verdict


def _figure_words(goal: GoalVerdict) -> str:
    value = value_words(goal.value, goal.unit, goal.threshold)
    words = f"{value}, goal {goal_words(goal.direction, goal.threshold, goal.unit)}"
    if (goal.low, goal.high) != (None, None) and goal.unit != "done":
        words += f" (95 % interval {interval_words(goal.low, goal.high, goal.unit)})"
    return f"{words}, waived until {goal.waiver['expires_on']}" if goal.waiver else words
