"""The readiness score: of 100 points, those whose evidence is there and meets its goal. Nothing unproven earns any."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.roadmap.evidence import EvidenceReader, Measured, ReadsStore
from engine.roadmap.goal_evidence import Measures, load_decisions
from engine.roadmap.goal_verdicts import judge_goal
from engine.roadmap.proofs import ProofReader, ProofVerdict, State, combine_states
from engine.roadmap.readiness_building import share_among_goals
from engine.roadmap.readiness_plan import ReadinessPlan, ScoreItem
from engine.roadmap.types import Goal, GoalVerdict, Kpi, Policy, Roadmap, Verdict

ItemState = Literal["earned", "waived", "undecided", "lost"]
ITEM_STATES: tuple[ItemState, ...] = ("earned", "waived", "undecided", "lost")
_OF_PROOF: dict[State, ItemState] = {"met": "earned", "waived": "waived", "undecided": "undecided", "missed": "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One item as it stands.

    Attributes:
        state: ``earned``, ``waived`` (a waiver lets the goal pass), ``undecided`` (not proven), ``lost`` (missed).
        counts: whether its points are in the score: earned, or waived where the roadmap lets waivers earn.
        firm: earned under policy strict too.
        possible: could still be earned: undecided, or missed by no more than chance.
    """

    id: str
    title: str
    group: str
    points: float
    state: ItemState
    counts: bool
    firm: bool
    possible: bool
    proofs: tuple[ProofVerdict, ...]
    source: str

    @property
    def blocking(self) -> tuple[ProofVerdict, ...]:
        """The evidence that keeps it from being earned."""
        return tuple(proof for proof in self.proofs if proof.state != "met")

    def as_json(self) -> dict[str, Any]:
        """One entry of ``items``."""
        return {
            "id": self.id,
            "title": self.title,
            "group": self.group,
            "points": round(self.points, 4),
            "state": self.state,
            "earned": round(self.points, 4) if self.counts else 0,
            "firm": self.firm,
            "source": self.source,
            "evidence": [proof.as_json() for proof in self.proofs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """One group: its weight, and points by state, which add up to it."""

    id: str
    title: str
    weight: float
    earned: float
    waived: float
    undecided: float
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """One thing to do, and the points that would be there if it turns out well.

    Attributes:
        kind: ``run`` a suite, ``tick`` an item, ``command`` to run, ``improve`` what is missed, ``more`` things at once.
        titles: of the items that it would earn.
    """

    kind: Literal["run", "tick", "command", "improve", "more"]
    name: str
    points: float
    titles: tuple[str, ...]
    items: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """One entry of ``next``."""
        return {"kind": self.kind, "name": self.name, "points": round(self.points, 4), "items": list(self.items)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessScore:
    """The score.

    Attributes:
        score: points earned; waived ones are in it only where the roadmap says so.
        low: points that hold under policy strict, where the near end of each interval has to meet its goal.
        high: the score if all that is undecided, or missed within its interval, turned out well.
        plan: weights and items.
    """

    roadmap: str
    score: float
    low: float
    high: float
    groups: tuple[GroupScore, ...]
    items: tuple[ItemScore, ...]
    steps: tuple[NextStep, ...]
    plan: ReadinessPlan
    runs: tuple[str, ...]

    def sum_points(self, state: ItemState) -> float:
        """Points of the items in a state."""
        return _add(item.points for item in self.items if item.state == state)

    def as_json(self) -> dict[str, Any]:
        """What ``readiness --json`` prints under ``score``."""
        return {
            "score": round(self.score, 4),
            "of": 100,
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            **{state: round(self.sum_points(state), 4) for state in ITEM_STATES},
            "waivers_earn": self.plan.waivers_earn,
            "stated": self.plan.stated,
            "source": self.plan.source,
            "groups": [
                {name: getattr(group, name) for name in ("id", "title")}
                | {name: round(getattr(group, name), 4) for name in ("weight", *ITEM_STATES)}
                for group in self.groups
            ],
            "items": [item.as_json() for item in self.items],
            "not_proven": [item.id for item in self.items if item.state == "undecided"],
            "next": [step.as_json() for step in self.steps],
            "runs": list(self.runs),
        }


def score_readiness(roadmap: Roadmap, store: ReadsStore, *, today: datetime.date | None = None) -> ReadinessScore:
    """The score on current evidence: the newest complete runs, the newest benchmarks, ticks and waivers of the day."""
    return score_items(roadmap, open_proofs(roadmap, store, today=today))


def open_proofs(
    roadmap: Roadmap,
    store: ReadsStore,
    *,
    today: datetime.date | None = None,
    reader: EvidenceReader | None = None,
) -> ProofReader:
    """A reader of the roadmap's evidence as it is now; ``reader`` is as for ``check_roadmap``."""
    measures = Measures(reader or EvidenceReader(store, target=roadmap.target))
    return ProofReader(roadmap, store, measures, load_decisions(roadmap, store, today))


def plan_readiness(roadmap: Roadmap) -> ReadinessPlan:
    """The roadmap's weights; without any, every goal counts the same."""
    own = [kpi.id for kpi in roadmap.kpis if kpi.evidence.kind == "readiness"]
    return roadmap.readiness or share_among_goals(roadmap, own)


def score_items(roadmap: Roadmap, proofs: ProofReader) -> ReadinessScore:
    """The score over what ``proofs`` reads."""
    plan = plan_readiness(roadmap)
    items = tuple(_score_item(item, proofs, plan) for item in plan.items)
    titles = dict(plan.titles)
    return ReadinessScore(
        roadmap=roadmap.name,
        score=_add(item.points for item in items if item.counts),
        low=_add(item.points for item in items if item.counts and item.firm),
        high=_add(item.points for item in items if item.counts or item.possible),
        groups=tuple(_score_group(name, titles.get(name, name), weight, items) for name, weight in plan.weights),
        items=items,
        steps=list_steps(items),
        plan=plan,
        runs=tuple(sorted({run for item in items for proof in item.proofs for run in proof.runs})),
    )


def judge_readiness(goal: Goal, kpi: Kpi, score: ReadinessScore, policy: Policy) -> GoalVerdict:
    """The verdict on a goal for the score itself.

    Under ``strict`` only points count that hold beyond chance. While undecided items could still reach the goal there is
    no data; it is missed only when even the best case misses it.
    """
    value = score.low if policy == "strict" else score.score
    met, reachable = goal.is_met_by(value), goal.is_met_by(score.high)
    verdict: Verdict = "pass" if met else "no_data" if reachable else "fail"
    decided = sum(item.state != "undecided" for item in score.items)
    words = (
        f"{value:.4g} of 100 points proven{' beyond chance' if policy == 'strict' else ''}, "
        f"{score.sum_points('undecided'):.4g} undecided; at best {score.high:.4g}"
    )
    if not decided:
        words = f"none of {len(score.items)} items has evidence yet"
    measured = Measured(value=value if decided else None, n=decided, scored=len(score.items), total=len(score.items))
    measured = dataclasses.replace(
        measured, reason=words, command=f"python -m engine readiness --roadmap {score.roadmap}"
    )
    judged = judge_goal(goal, kpi, measured)
    return dataclasses.replace(judged, verdict=verdict, reason=words, runs=score.runs)


def list_steps(items: Sequence[ItemScore]) -> tuple[NextStep, ...]:
    """What to do next, the step that could earn most points first; a step serves every item that it alone would earn."""
    steps: dict[tuple[str, str], list[ItemScore]] = {}
    for item in items:
        if not item.counts:
            actions = {_find_action(proof) for proof in item.blocking}
            action = actions.pop() if len(actions) == 1 else ("more", item.title)
            steps.setdefault(action, []).append(item)
    found = [
        NextStep(
            kind=kind,  # type: ignore[arg-type]
            name=name,
            points=_add(item.points for item in served),
            titles=tuple(item.title for item in served),
            items=tuple(item.id for item in served),
        )
        for (kind, name), served in steps.items()
    ]
    return tuple(sorted(found, key=lambda step: (-step.points, step.kind == "improve", step.name)))


def _find_action(proof: ProofVerdict) -> tuple[str, str]:
    if proof.state in ("missed", "waived"):
        return "improve", proof.name
    if proof.tick_item:
        return "tick", proof.tick_item
    if proof.suite:
        return "run", proof.suite
    return ("command", proof.command) if proof.command else ("improve", proof.name)


def _score_item(item: ScoreItem, proofs: ProofReader, plan: ReadinessPlan) -> ItemScore:
    read = tuple(proofs.read(proof) for proof in item.proofs)
    state = _OF_PROOF[combine_states(proof.state for proof in read)]
    return ItemScore(
        id=item.id,
        title=item.title,
        group=item.group,
        points=item.points,
        state=state,
        counts=state == "earned" or (state == "waived" and plan.waivers_earn),
        firm=all(proof.firm for proof in read),
        possible=state != "earned" and all(p.state in ("met", "undecided") or p.open_ for p in read),
        proofs=read,
        source=item.source,
    )


def _score_group(name: str, title: str, weight: float, items: Sequence[ItemScore]) -> GroupScore:
    points = {state: _add(i.points for i in items if i.group == name and i.state == state) for state in ITEM_STATES}
    return GroupScore(id=name, title=title, weight=weight, **points)


def _add(points: Iterable[float]) -> float:
    """A sum of shared points that is 100 where it should be, not 99.99999999999999."""
    return round(math.fsum(points), 9)
