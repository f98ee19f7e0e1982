"""The maturity matrix: what the document claims of each dimension, beside the level that its evidence shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.roadmap.evidence import ReadsStore
from engine.roadmap.proofs import ProofReader, ProofVerdict
from engine.roadmap.readiness import open_proofs
from engine.roadmap.readiness_plan import Dimension
from engine.roadmap.types import Roadmap

BELOW = "below"
GRADES = (("A", 0.9), ("B", 0.75), ("C", 0.5), ("D", 0.25), ("E", 0.0))
"""Grade by the mean over the dimensions of the share of evidence that is met."""
RULE = "of k levels the i-th is reached when i/k of the dimension's evidence is met"


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionLevel:
    """One row of the matrix. ``before`` and ``claimed`` are the document's words.

    Attributes:
        level: what the evidence that is met shows; empty without data, ``below <lowest>`` under the first step.
        best: the level if all that is undecided turned out well.
        met, undecided, missed: pieces of evidence; a waived one counts as missed, since a waiver shows nothing.
        verdict: ``confirmed`` when the level is at least the claimed one, ``open`` while it could still become it,
            ``refuted`` when it cannot, ``no_data`` without any evidence, ``unclaimed`` where the document says nothing.
    """

    id: str
    title: str
    before: str
    claimed: str
    note: str
    level: str
    best: str
    met: int
    undecided: int
    missed: int
    verdict: str
    proofs: tuple[ProofVerdict, ...]
    source: str

    @property
    def total(self) -> int:
        """Pieces of evidence."""
        return len(self.proofs)

    def as_json(self) -> dict[str, Any]:
        """One entry of ``dimensions``."""
        names = (
            "id",
            "title",
            "before",
            "claimed",
            "note",
            "level",
            "best",
            "met",
            "undecided",
            "missed",
            "verdict",
            "source",
        )
        fields = {name: getattr(self, name) for name in names}
        fields |= {name: fields[name] or None for name in ("level", "best")}
        return fields | {"evidence": [proof.as_json() for proof in self.proofs]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """The matrix.

    Attributes:
        grade: measured; empty while a dimension has undecided evidence. ``worst`` and ``best`` bound it until then.
        claimed_grade: the document's own.
    """

    levels: tuple[str, ...]
    before_label: str
    after_label: str
    dimensions: tuple[DimensionLevel, ...]
    grade: str
    worst: str
    best: str
    claimed_grade: str
    grade_source: str

    def as_json(self) -> dict[str, Any]:
        """What ``readiness --json`` prints under ``maturity``."""
        return {
            "levels": list(self.levels),
            "rule": RULE,
            "grade": {
                "measured": self.grade or None,
                "worst": self.worst,
                "best": self.best,
                "claimed": self.claimed_grade or None,
                "source": self.grade_source or None,
            },
            "dimensions": [row.as_json() for row in self.dimensions],
        }


def measure_maturity(roadmap: Roadmap, store: ReadsStore, proofs: ProofReader | None = None) -> Maturity | None:
    """The matrix on current evidence; None where the roadmap has none."""
    plan = roadmap.maturity
    if plan is None:
        return None
    reader = proofs or open_proofs(roadmap, store)
    rows = tuple(_measure_dimension(dimension, plan.levels, reader) for dimension in plan.dimensions)
    worst = _mean([row.met / row.total if row.total else 0.0 for row in rows])
    best = _mean([(row.met + row.undecided) / row.total if row.total else 1.0 for row in rows])
    decided = all(row.total and not row.undecided for row in rows)
    return Maturity(
        levels=plan.levels,
        before_label=plan.before_label,
        after_label=plan.after_label,
        dimensions=rows,
        grade=find_grade(worst) if decided else "",
        worst=find_grade(worst),
        best=find_grade(best),
        claimed_grade=plan.grade,
        grade_source=plan.grade_source,
    )


def find_level(levels: Sequence[str], met: int, total: int) -> str:
    """The highest level whose step the share of evidence reaches; the last one takes all of it."""
    reached = met * len(levels) // total
    return levels[reached - 1] if reached else f"{BELOW} {levels[0]}"


def find_grade(share: float) -> str:
    """The grade of a mean share."""
    return next(grade for grade, least in GRADES if share >= least - 1e-9)


def _measure_dimension(dimension: Dimension, levels: Sequence[str], reader: ProofReader) -> DimensionLevel:
    read = tuple(reader.read(proof) for proof in dimension.proofs)
    met = sum(proof.state == "met" for proof in read)
    undecided = sum(proof.state == "undecided" for proof in read)
    known = len(read) > undecided
    level = find_level(levels, met, len(read)) if known else ""
    best = find_level(levels, met + undecided, len(read)) if read else ""
    return DimensionLevel(
        id=dimension.id,
        title=dimension.title,
        before=dimension.before,
        claimed=dimension.after,
        note=dimension.note,
        level=level,
        best=best,
        met=met,
        undecided=undecided,
        missed=len(read) - met - undecided,
        verdict=_judge(levels, dimension.after, level, best),
        proofs=read,
        source=dimension.source,
    )


def _judge(levels: Sequence[str], claimed: str, level: str, best: str) -> str:
    if not claimed:
        return "unclaimed"
    if not level:
        return "no_data"
    wanted = levels.index(claimed)
    if _rank(levels, level) >= wanted:
        return "confirmed"
    return "open" if _rank(levels, best) >= wanted else "refuted"


def _rank(levels: Sequence[str], level: str) -> int:
    return levels.index(level) if level in levels else -1


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares)
