"""A sweep's result in sentences, the same in a shell and on the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def describe_best(summary: Row) -> str:
    """The best setting, and what it scores on unseen cases."""
    best, goal = summary["best"], summary["goal"]
    if best is None:
        return "No setting was scored yet."
    settings = ", ".join(f"{name} {value}" for name, value in best["settings"].items())
    tried = sum(t["status"] == "finished" for t in summary["trials"])
    found = best["held_out"].get(goal) or {}
    text = f"Best {goal} of {tried} settings: {settings}."
    if found.get("mean") is not None:
        text += f" On the held-out half: {goal} {found['mean']:.3f}{_interval(found)}."
    return text


def describe_difference(summary: Row) -> str:
    """Whether the best is more than luck: against where the sweep started, on the held-out half."""
    goal, best = summary["goal"], summary["best"]
    found = summary["comparison"].get(goal)
    if not found or best is None:
        return ""
    if best["number"] == (summary["baseline"] or {}).get("number"):
        return "These are the settings that the sweep started from."
    if not found["n"]:
        return f"No held-out question has a {goal}: there is nothing to hold the choice against."
    size = f"{abs(found['difference']):.3f}"
    direction = "more" if found["difference"] > 0 else "less"
    shown = f"{size} {direction} than where it started{_interval(found)}, p = {format_p(found['p'])}"
    match found["verdict"]:
        case "same":
            return f"Every one of the {found['n']} held-out questions scores as with the settings it started from."
        case "too_few":
            return f"That is {shown}, but {found['n']} held-out questions are too few to tell."
        case "unclear":
            detectable = found["detectable"]
            return f"That is {shown}: not told apart from chance. {found['n']} questions show differences from about {detectable:.3f} on."
        case verdict:
            return f"That is {shown}: {verdict}, beyond chance."


def describe_importance(importance: Row) -> str:
    """Which settings mattered."""
    if not importance:
        return ""
    if importance.get("reason"):
        return f"Importance of the settings: {importance['reason']}."
    shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in importance["shares"].items())
    return f"Share of the variance by setting: {shares}; interplay and the rest {100 * importance['interplay']:.0f} %."


def describe_skipped(trials: Sequence[Row]) -> tuple[str, ...]:
    """Each reason for which combinations could not be run, and how many it stopped."""
    reasons = Counter(trial["reason"] for trial in trials if trial["status"] == "skipped")
    return tuple(
        f"{reason} ({number} {'setting' if number == 1 else 'settings'})" for reason, number in reasons.items()
    )


def format_p(p: float | None) -> str:
    """A p-value with sensible digits."""
    return "–" if p is None else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def _interval(found: Row) -> str:
    if found["low"] is None or found["high"] is None:
        return ""
    signed = "+" if "difference" in found else ""
    return f" [{found['low']:{signed}.3f}, {found['high']:{signed}.3f}]"
