"""Confidence by week: three lines and the sentence above them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from engine.roadmap.confidence import Confidence, WeekOfConfidence, find_monday, load_confidence
from engine.roadmap.entries import find_today
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.views.words import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceView:
    """What the Confidence part shows.

    Attributes:
        x: a label per week; ``stated``, ``planned`` and ``computed`` are shares or None.
        rows: weeks with an entry or a planned figure, newest first, as a table.
        today: a day of this week; ``known``: what was said of this week in per cent, None when nobody has.
    """

    roadmap: Roadmap
    headline: str
    title: str
    basis: str
    x: tuple[str, ...]
    stated: tuple[float | None, ...]
    planned: tuple[float | None, ...]
    computed: tuple[float | None, ...]
    hover: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    today: datetime.date
    known: float | None
    is_planned: bool


def load_confidence_view(store: Store, roadmap_name: str) -> ConfidenceView:
    """Confidence of a roadmap by week.

    Raises:
        UnknownNameError: no such roadmap.
    """
    roadmap = load_roadmap(roadmap_name)
    found, today = load_confidence(roadmap, store), find_today()
    this = next((week for week in found.weeks if week.monday == find_monday(today)), None)
    return ConfidenceView(
        roadmap=roadmap,
        headline=_headline(found, this),
        title=_title(found),
        basis=found.basis,
        x=tuple(_label(week) for week in found.weeks),
        stated=tuple(week.stated for week in found.weeks),
        planned=tuple(week.planned for week in found.weeks),
        computed=tuple(week.computed for week in found.weeks),
        hover=tuple(_hover(week) for week in found.weeks),
        rows=tuple(_row(week) for week in reversed(found.weeks) if week.stated is not None or week.planned is not None),
        today=today,
        known=None if this is None or this.stated is None else round(100 * this.stated, 1),
        is_planned=bool(roadmap.confidence),
    )


def _headline(found: Confidence, this: WeekOfConfidence | None) -> str:
    said = [week for week in found.weeks if week.stated is not None]
    computed = f"{this.met} of {this.goals} goals are met" if this and this.met is not None else "no goal is measured"
    if not said:
        return f"Nobody has said yet how sure the team is; {computed}."
    last = said[-1]
    words = f"{last.who} is {percent(last.stated)} sure in the week of {last.monday}"
    if last.planned is not None and last.stated is not None:
        gap = 100 * (last.stated - last.planned)
        words += f", {abs(gap):.0f} points {'below' if gap < 0 else 'above'} the plan" if round(gap) else ", as planned"
    return f"{words}; {computed}."


def _title(found: Confidence) -> str:
    said = [week for week in found.weeks if week.stated is not None and week.planned is not None]
    if not said:
        return "Confidence by week: stated, planned, and goals met"
    behind = sum((week.stated or 0) < (week.planned or 0) - 1e-9 for week in said)
    return (
        f"Confidence was below the plan in {behind} of {len(said)} weeks" if behind else "Confidence keeps to the plan"
    )


def _label(week: WeekOfConfidence) -> str:
    day = f"{week.monday.day} {week.monday:%b %Y}"
    return f"{day}<br>{week.label}" if week.label else day


def _hover(week: WeekOfConfidence) -> str:
    parts = [f"week of {week.monday}"]
    parts += [f"stated {percent(week.stated)} by {week.who}"] if week.stated is not None else []
    parts += [f"planned {percent(week.planned)}"] if week.planned is not None else []
    parts += [f"{week.met} of {week.goals} goals met"] if week.met is not None else []
    return "<br>".join(parts)


def _row(week: WeekOfConfidence) -> dict[str, str]:
    return {
        "Week of": f"{week.monday}",
        "Plan": week.label or "–",
        "Planned": percent(week.planned),
        "Stated": percent(week.stated),
        "Goals met": "–" if week.met is None else f"{week.met} of {week.goals}",
        "Who": week.who or "–",
        "Note": week.note or "–",
    }
