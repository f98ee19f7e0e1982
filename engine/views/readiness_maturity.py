"""The maturity matrix in words: what the document had before, what it claims, what the evidence shows."""

from __future__ import annotations

from dataclasses import dataclass

from engine.roadmap.maturity import GRADES, DimensionLevel, Maturity, measure_maturity
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.views.readiness import ProofLine, proof_line
from engine.views.words import plural, sentence_list

FULL, EMPTY = "●", "○"
VERDICT_WORDS = {
    "confirmed": "confirmed",
    "open": "still possible",
    "refuted": "not reached",
    "no_data": "no data",
    "unclaimed": "nothing claimed",
}
_TOLD = {
    "confirmed": ("is confirmed", "are confirmed"),
    "open": ("is still possible", "are still possible"),
    "refuted": ("is not reached", "are not reached"),
    "no_data": ("has no data", "have no data"),
    "unclaimed": ("is not claimed", "are not claimed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionLine:
    """One row. ``dots`` draws the measured level: as many filled ones as levels are reached; empty without data."""

    title: str
    before: str
    claimed: str
    level: str
    best: str
    counts: str
    verdict: str
    words: str
    dots: str
    note: str
    source: str
    proofs: tuple[ProofLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityView:
    """The matrix. ``lines`` is empty where the roadmap has none. ``rule`` says how a level and the grade are measured."""

    roadmap: Roadmap
    headline: str
    rule: str
    before_label: str
    after_label: str
    lines: tuple[DimensionLine, ...]


def load_maturity(store: Store, roadmap_name: str) -> MaturityView:
    """The matrix of a roadmap on current evidence.

    Raises:
        UnknownNameError: no such roadmap.
    """
    roadmap = load_roadmap(roadmap_name)
    found = measure_maturity(roadmap, store)
    if found is None:
        return MaturityView(roadmap=roadmap, headline="", rule="", before_label="", after_label="", lines=())
    lines = tuple(_line(row, found.levels) for row in found.dimensions)
    return MaturityView(
        roadmap=roadmap,
        headline=_headline(found),
        rule=_rule(found),
        before_label=found.before_label,
        after_label=found.after_label,
        lines=lines,
    )


def _headline(found: Maturity) -> str:
    counts = {word: sum(row.verdict == word for row in found.dimensions) for word in VERDICT_WORDS}
    said = [f"{counts[name]} {_TOLD[name][counts[name] > 1]}" for name in VERDICT_WORDS if counts[name]]
    grade = f"grade {found.grade}" if found.grade else f"a grade between {found.worst} and {found.best}"
    claimed = f"; the document claims {found.claimed_grade}" if found.claimed_grade else ""
    head = f"The evidence gives {grade}{claimed}."
    return f"{head} Of {plural(len(found.dimensions), 'claimed level')}, {sentence_list(said)}."


def _rule(found: Maturity) -> str:
    k = len(found.levels)
    steps = ", ".join(f"{level} {100 * (i + 1) / k:.0f} %" for i, level in enumerate(found.levels))
    grades = ", ".join(f"{grade} {100 * least:.0f} %" for grade, least in GRADES[:-1])
    return (
        f"A level needs this share of the dimension's evidence to be met: {steps}. The grade is by the mean share over the "
        f"dimensions: {grades}, E below. A waiver shows nothing, so it does not count. Document and claim are its own words."
    )


def _line(row: DimensionLevel, levels: tuple[str, ...]) -> DimensionLine:
    reached = levels.index(row.level) + 1 if row.level in levels else 0
    dots = FULL * reached + EMPTY * (len(levels) - reached) if row.level else ""
    level = row.level or "no data"
    if row.level and row.undecided and row.best != row.level:
        level = f"{row.level}, at best {row.best}"
    return DimensionLine(
        title=row.title,
        before=row.before or "–",
        claimed=row.claimed or "–",
        level=level,
        best=row.best,
        counts=_count(row),
        verdict=row.verdict,
        words=VERDICT_WORDS[row.verdict],
        dots=dots,
        note=row.note,
        source=row.source,
        proofs=tuple(proof_line(proof) for proof in row.proofs),
    )


def _count(row: DimensionLevel) -> str:
    if not row.total:
        return "none named"
    words = f"{row.met} of {row.total}"
    words += f", {row.undecided} without data" if row.undecided else ""
    return words + (f", {row.missed} missed" if row.missed else "")
