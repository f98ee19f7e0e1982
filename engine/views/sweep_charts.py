"""What the charts of a sweep show: the points of a front, the axes of the parallel coordinates, the bars of importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluation.sweep_space import Dimension
from engine.views.words import plural, sentence_list, setting_value

Row = Mapping[str, Any]
KINDS = ("other", "front", "start", "best")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """One setting: what it costs and what it gains on the choosing half. ``kind``: best, start, front or other."""

    number: int
    cost: float
    gain: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontView:
    """All settings over one cost; ``line`` are the places of the front in ``points``, cheapest first."""

    key: str
    title: str
    cost_axis: str
    gain_axis: str
    points: tuple[FrontPoint, ...]
    line: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelAxis:
    """One axis: the value of each setting on it, and names of its places where the values are no plain numbers."""

    label: str
    values: tuple[float, ...]
    places: tuple[float, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceRow:
    """Share of the goal's variance; the last row is what no setting explains by itself."""

    name: str
    share: float
    rest: bool = False


def build_front(summary: Row, cost: str, axis: str) -> FrontView:
    """Goal against tokens or latency."""
    goal = summary["goal"]
    front = [t["number"] for t in summary["pareto" if cost == "tokens" else "pareto_latency"]]
    best, start = summary["best"]["number"], (summary["baseline"] or {}).get("number")
    points = []
    for trial in summary["trials"]:
        gain = (trial["measures"].get(goal) or {}).get("mean")
        price = trial["latency_ms"] if cost == "latency" else (trial["measures"].get(cost) or {}).get("mean")
        if trial["status"] != "finished" or gain is None or price is None:
            continue
        number = trial["number"]
        kind = "best" if number == best else "start" if number == start else "front" if number in front else "other"
        words = ", ".join(f"{name} {setting_value(value)}" for name, value in trial["settings"].items())
        points.append(FrontPoint(number=number, cost=price, gain=gain, kind=kind, words=words))
    places = {point.number: place for place, point in enumerate(points)}
    line = tuple(places[number] for number in front if number in places)
    unit = "tokens" if cost == "tokens" else "latency"
    return FrontView(
        key=cost,
        title=_front_title(points, line, goal, unit),
        cost_axis=axis,
        gain_axis=f"{goal}, choosing half",
        points=tuple(points),
        line=line,
    )


def build_axes(finished: Sequence[Row], space: Sequence[Dimension], goal: str) -> tuple[tuple[ParallelAxis, ...], str]:
    """An axis for each varied setting, tokens, latency and the goal, which comes last and gives the colour."""
    rows = [t for t in finished if (t["measures"].get(goal) or {}).get("mean") is not None]
    if len(rows) < 2:
        return (), ""
    axes = [_setting_axis(d.name, [t["settings"][d.name] for t in rows]) for d in space]
    axes.append(ParallelAxis(label="tokens", values=tuple(t["measures"]["tokens"]["mean"] or 0.0 for t in rows)))
    axes.append(ParallelAxis(label=goal, values=tuple(t["measures"][goal]["mean"] for t in rows)))
    top = sorted(rows, key=lambda t: -t["measures"][goal]["mean"])[: max(2, len(rows) // 5)]
    shared = [f"{d.name} {_spread([t['settings'][d.name] for t in top])}" for d in space]
    return tuple(axes), f"The {len(top)} settings with the highest {goal} have {sentence_list(shared)}"


def build_importance(importance: Row, goal: str) -> tuple[tuple[ImportanceRow, ...], str]:
    """Bars and what they say; no bars where there is nothing to tell."""
    shares = importance.get("shares") or {}
    if not shares:
        reason = importance.get("reason") or "nothing was scored yet"
        return (), f"How much each setting matters cannot be said: {reason}."
    rows = [ImportanceRow(name=name, share=share) for name, share in shares.items()]
    rows.append(ImportanceRow(name="interplay and the rest", share=importance["interplay"], rest=True))
    first = rows[0]
    if first.share < 0.05:
        return tuple(rows), f"No setting by itself moves {goal} much"
    return tuple(rows), f"{first.name} moves {goal} most: {100 * first.share:.0f} % of its variance"


def _front_title(points: Sequence[FrontPoint], line: Sequence[int], goal: str, unit: str) -> str:
    if not line:
        return f"No setting has both {goal} and {unit}"
    beaten = f"{plural(len(line), 'setting')} of {len(points)} " + ("is" if len(line) == 1 else "are")
    return f"{goal.capitalize()} against {unit}: {beaten} not beaten by any other"


def _setting_axis(name: str, values: Sequence[Any]) -> ParallelAxis:
    levels = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if len(levels) > 8 and not isinstance(levels[0], str):
        return ParallelAxis(label=name, values=tuple(float(value) for value in values))
    return ParallelAxis(
        label=name,
        values=tuple(float(levels.index(value)) for value in values),
        places=tuple(float(place) for place in range(len(levels))),
        names=tuple(setting_value(level) for level in levels),
    )


def _spread(values: Sequence[Any]) -> str:
    levels = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if len(levels) == 1:
        return setting_value(levels[0])
    if isinstance(levels[0], str):
        return " or ".join(setting_value(level) for level in levels)
    return f"{setting_value(levels[0])} to {setting_value(levels[-1])}"
