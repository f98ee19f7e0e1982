"""KPIs against the release before, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.reports.wording import goal_words, interval_words, value_words, with_unit
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.release_sides import list_sides
from engine.roadmap.releases import Change, KpiChange, Reading, compare_releases
from engine.roadmap.roadmaps import load_roadmap
from engine.store import Store
from engine.views.words import DASH, count, plural

CHANGE_WORDS: dict[Change, str] = {
    "better": "better",
    "worse": "worse",
    "same": "the same",
    "unclear": "no difference shown",
    "unknown": "not comparable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiLine:
    """One row.

    Attributes:
        now, before: measured values, a dash without data; ``now_detail`` and ``before_detail`` say interval and cases.
        stated, claimed: the document's words for before and now, with their places.
        runs: now and before, where both are runs that can be compared.
    """

    kpi: str
    title: str
    goal: str
    phase: int | None
    verdict: str
    waived: bool
    now: str
    now_detail: str
    before: str
    before_detail: str
    stated: str
    stated_source: str
    claimed: str
    claimed_source: str
    difference: str
    difference_detail: str
    change: Change
    change_words: str
    note: str
    run: str
    run_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTable:
    """Rows with something to compare first. ``silent`` are titles of KPIs of which nothing is known on either side."""

    headline: str
    side: str
    lines: tuple[KpiLine, ...]
    silent: tuple[str, ...]


def load_sides(store: Store, roadmap_name: str) -> Mapping[str, str]:
    """What the present can be held against: id or name, and words.

    Raises:
        UnknownNameError: no such roadmap.
    """
    roadmap = load_roadmap(roadmap_name)
    return list_sides(roadmap, store, EvidenceReader(store, target=roadmap.target))


def load_kpi_table(store: Store, roadmap_name: str, against: str = "") -> KpiTable:
    """The table of a roadmap against an earlier release.

    Raises:
        UnknownNameError: no such roadmap or release.
    """
    found = compare_releases(load_roadmap(roadmap_name), store, against)
    said = [row for row in found.rows if _says_anything(row)]
    counts = {change: sum(row.change == change for row in said) for change in CHANGE_WORDS}
    compared = len(said) - counts["unknown"]
    words = f"Held against {found.side.label}."
    if compared:
        parts = [
            f"{counts[change]} {CHANGE_WORDS[change]}"
            for change in ("better", "worse", "same", "unclear")
            if counts[change]
        ]
        words += f" Of {plural(compared, 'KPI')} measured on both sides: {', '.join(parts)}."
    else:
        words += " No KPI was measured on both sides, so no difference is shown: the document's figures are claims."
    return KpiTable(
        headline=words,
        side=found.side.kind,
        lines=tuple(_line(row) for row in said),
        silent=tuple(row.title for row in found.rows if not _says_anything(row)),
    )


def _says_anything(row: KpiChange) -> bool:
    return row.now.value is not None or row.before.value is not None or bool(row.stated_before or row.claimed_now)


def _line(row: KpiChange) -> KpiLine:
    goal = row.goal
    return KpiLine(
        kpi=row.kpi,
        title=row.title,
        goal=goal_words(goal.direction, goal.value, row.unit) if goal else DASH,
        phase=row.phase,
        verdict=row.verdict.verdict if row.verdict else "no_data",
        waived=bool(row.verdict and row.verdict.waiver),
        now=value_words(row.now.value, row.unit, goal.value if goal else None),
        now_detail=_detail(row.now, row.unit),
        before="" if row.before.value is None else value_words(row.before.value, row.unit),
        before_detail=_detail(row.before, row.unit),
        stated=row.stated_before,
        stated_source=row.stated_source,
        claimed=row.claimed_now,
        claimed_source=row.claimed_source,
        difference=_difference(row),
        difference_detail=_difference_detail(row),
        change=row.change,
        change_words="no interval to tell by"
        if row.change == "unclear" and row.low is None
        else CHANGE_WORDS[row.change],
        note=row.note,
        run=row.now.runs[0] if row.now.runs else "",
        run_before=row.before.runs[0] if row.before.runs else "",
    )


def _detail(reading: Reading, unit: str) -> str:
    if reading.value is None:
        return ""
    bounded = reading.low is not None or reading.high is not None
    parts = [interval_words(reading.low, reading.high, unit)] if bounded else []
    return " · ".join([*parts, *([f"n = {count(reading.n)}"] if reading.n else [])])


def _difference(row: KpiChange) -> str:
    if row.difference is None:
        return ""
    words = _signed(row.difference, row.unit)
    return f"{words} ({100 * row.relative:+.1f} %)" if row.relative is not None else words


def _difference_detail(row: KpiChange) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{_signed(row.low, row.unit)} to {_signed(row.high, row.unit)}, {plural(row.paired, 'pair')}"


def _signed(value: float, unit: str) -> str:
    """A difference: percentage points for shares, the unit otherwise."""
    if unit == "share":
        return f"{100 * value:+.1f} points"
    return with_unit(f"{value:+.3g}", unit)
