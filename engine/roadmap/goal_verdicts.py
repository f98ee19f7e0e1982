"""The verdict on one goal: coverage first, then the value, then how sure it is; or what a person says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.roadmap.evidence import Measured
from engine.roadmap.types import Goal, GoalVerdict, Kpi, Policy, Verdict
from engine.store.decisions import Tick, Waiver

COVERAGE_PERCENT = 95  # of the cases must have been scored


def judge_goal(goal: Goal, kpi: Kpi, measured: Measured, policy: Policy = "point") -> GoalVerdict:
    """The verdict on one goal. Coverage is looked at before the value."""
    if measured.value is None:
        return _build_verdict(goal, kpi, measured, "no_data", measured.reason, measured.missing)
    if lacks_coverage(measured):
        reason = (
            f"only {measured.scored} of {measured.total} cases were scored; at least {COVERAGE_PERCENT} % are needed"
        )
        return _build_verdict(goal, kpi, measured, "no_data", reason, measured.missing)
    more = measured.count_more_cases(goal.value)
    met = goal.is_met_by(measured.value)
    words = _explain(goal, kpi, measured, more)
    if policy == "point" or not met:
        return _build_verdict(goal, kpi, measured, "pass" if met else "fail", words, more)
    near = measured.low if goal.direction.startswith(">") else measured.high
    if near is None:
        reason = f"{words}; policy strict needs an interval, which this evidence cannot bound"
        return _build_verdict(goal, kpi, measured, "no_data", reason, more)
    verdict: Verdict = "pass" if goal.is_met_by(near) else "fail"
    return _build_verdict(goal, kpi, measured, verdict, words, more)


def judge_tick(goal: Goal, kpi: Kpi, tick: Tick | None, policy: Policy = "point") -> GoalVerdict:
    """The verdict on a goal that a person confirms: done or not done, or the figure that the person states.

    Without a tick there is no data, nor with one that links to nothing that shows it. A stated figure has no interval, so
    under ``strict`` it can miss a goal and cannot meet it.
    """
    evidence = kpi.evidence
    if tick is None:
        return _build_verdict(goal, kpi, Measured(reason=evidence.reason), "no_data", evidence.reason, None)
    value, verdict, words = tick.value, None, ""
    if kpi.unit == "done":
        value = 1.0 if tick.done else 0.0
        words = "ticked" if tick.done else "ticked as not done"
    elif value is None:
        verdict, words = "no_data", f"the goal is a number ({goal.label}) and none was stated; ticked"
    else:
        met = "meets" if goal.is_met_by(value) else "misses"
        words = f"{format_value(value, kpi.unit)} {met} {goal.direction} {format_value(goal.value, kpi.unit)}; stated"
    words = f"{words} by {tick.who} on {tick.ticked_at:%Y-%m-%d}, {tick.link or 'without a link'}"
    if not tick.link:
        verdict, words = "no_data", f"{words}; a goal needs a link to what shows it"
    elif kpi.unit != "done" and policy == "strict" and value is not None and goal.is_met_by(value):
        verdict, words = "no_data", f"{words}; policy strict needs an interval, which a stated figure has not"
    if verdict is None and value is not None:
        verdict = "pass" if goal.is_met_by(value) else "fail"
    measured = Measured(value=None if verdict == "no_data" else value, reason=words)
    judged = _build_verdict(goal, kpi, measured, verdict or "no_data", words, None)
    return dataclasses.replace(judged, tick=describe_tick(tick))


def waive_goal(verdict: GoalVerdict, waiver: Waiver | None) -> GoalVerdict:
    """The verdict with its waiver, where it needs one and the waiver was given for this very goal."""
    if waiver is None or verdict.verdict == "pass" or waiver.goal != verdict.goal:
        return verdict
    return dataclasses.replace(verdict, waiver=describe_waiver(waiver))


def describe_waiver(waiver: Waiver) -> Mapping[str, Any]:
    """A waiver as JSON; times in UTC, ISO 8601."""
    return {
        "who": waiver.who,
        "reason": waiver.reason,
        "expires_on": waiver.expires_on.isoformat(),
        "given_at": waiver.given_at.isoformat(timespec="seconds") + "Z",
    }


def describe_tick(tick: Tick) -> Mapping[str, Any]:
    """A tick as JSON; times in UTC, ISO 8601."""
    return {
        "who": tick.who,
        "done": tick.done,
        "value": tick.value,
        "link": tick.link,
        "note": tick.note,
        "ticked_at": tick.ticked_at.isoformat(timespec="seconds") + "Z",
    }


def lacks_coverage(measured: Measured) -> bool:
    """Whether too few of the cases were scored to speak of a value."""
    return measured.scored * 100 < COVERAGE_PERCENT * measured.total


def format_value(value: float, unit: str) -> str:
    """A value in words: ``81.7 %``, ``12.3 ms``, ``5 x``."""
    if unit == "share":
        return f"{value * 100:.{6 if 0.999 < value < 1 else 4}g} %"  # 99.999 % is not 100 %
    number = f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"  # 10000 ms is not 1e+04 ms
    return f"{number} {unit}" if unit not in ("", "score", "count") else number


def _explain(goal: Goal, kpi: Kpi, measured: Measured, more: int | None) -> str:
    value = format_value(measured.value or 0.0, kpi.unit)
    wanted = f"{goal.direction} {format_value(goal.value, kpi.unit)}"
    words = f"{value} {'meets' if goal.is_met_by(measured.value or 0.0) else 'misses'} {wanted}"
    if kpi.evidence.reason:
        words += f" ({kpi.evidence.reason})"
    if measured.low is None and measured.high is None:
        return f"{words}; one figure a run, so no interval"
    words += f"; 95 % interval {_end(measured.low, kpi.unit)} to {_end(measured.high, kpi.unit)}, n = {measured.n}"
    if more:
        words += f"; about {more} more cases would decide it beyond chance"
    return words


def _end(value: float | None, unit: str) -> str:
    return "unbounded" if value is None else format_value(value, unit)


def _build_verdict(
    goal: Goal, kpi: Kpi, measured: Measured, verdict: Verdict, reason: str, more: int | None
) -> GoalVerdict:
    covered = measured.value is not None and not lacks_coverage(measured)
    return GoalVerdict(
        kpi=goal.kpi,
        title=kpi.title,
        goal=goal.label,
        direction=goal.direction,
        threshold=goal.value,
        unit=kpi.unit,
        value=measured.value if covered else None,
        low=measured.low if covered else None,
        high=measured.high if covered else None,
        n=measured.n,
        scored=measured.scored,
        total=measured.total,
        verdict=verdict,
        reason=reason,
        more_cases=more,
        suites=kpi.evidence.suites,
        runs=tuple(run.run_id for run in measured.runs),
        source=goal.source,
        command=measured.command,
    )
