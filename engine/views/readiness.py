"""The readiness of a roadmap in words: the sentence, points by group, items with their evidence, what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from engine.roadmap.maturity import Maturity, measure_maturity
from engine.roadmap.proofs import ProofVerdict
from engine.roadmap.readiness import (
    ITEM_STATES,
    GroupScore,
    ItemScore,
    ItemState,
    NextStep,
    ReadinessScore,
    open_proofs,
    score_items,
)
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.views.words import plural

STATE_WORDS: dict[ItemState, str] = {
    "earned": "earned",
    "waived": "waived",
    "undecided": "not proven",
    "lost": "missed",
}
MOST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One piece of evidence in words. ``run``, ``link``, ``phase``, ``tick_item``, ``suite``, ``command`` lead to it."""

    title: str
    wanted: str
    state: str
    reason: str
    run: str
    link: str
    phase: int | None
    kpi: str
    tick_item: str
    suite: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """One item. ``points`` is ``7.5 of 7.5`` when earned; ``doubt`` says what chance leaves open, or is empty."""

    id: str
    title: str
    points: str
    state: ItemState
    words: str
    doubt: str
    source: str
    proofs: tuple[ProofLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One group: the bar's parts by state, and its items."""

    id: str
    title: str
    weight: float
    parts: tuple[tuple[ItemState, float], ...]
    words: str
    items: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One thing to do next, and where: a suite to run, an item to tick, a command, a phase to look at."""

    words: str
    points: str
    suite: str
    tick_item: str
    command: str
    phase: int | None
    kpi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessView:
    """The score's part of the Readiness screen.

    Attributes:
        sentence: the answer; ``title`` is that of the bars; ``state`` is ``pass`` (all points), ``fail`` (points are lost) or ``no_data``.
        meaning: what the range of the score means.
        claimed: what the document says of its own score, or empty.
    """

    roadmap: Roadmap
    score: ReadinessScore
    maturity: Maturity | None
    sentence: str
    title: str
    state: str
    meaning: str
    basis: str
    claimed: str
    groups: tuple[GroupLine, ...]
    steps: tuple[StepLine, ...]


def load_readiness(store: Store, roadmap_name: str) -> ReadinessView:
    """The score and the maturity of a roadmap on current evidence.

    Raises:
        UnknownNameError: no such roadmap.
    """
    roadmap = load_roadmap(roadmap_name)
    proofs = open_proofs(roadmap, store)
    score = score_items(roadmap, proofs)
    return ReadinessView(
        roadmap=roadmap,
        score=score,
        maturity=measure_maturity(roadmap, store, proofs),
        sentence=say_score(score, roadmap),
        title=_say_bars(score),
        state="pass" if score.score >= 100 else "fail" if score.sum_points("lost") else "no_data",
        meaning=_say_range(score),
        basis=_say_basis(score),
        claimed=_say_claim(roadmap),
        groups=tuple(_group_line(group, score.items) for group in score.groups),
        steps=tuple(_step_line(step, roadmap, score) for step in score.steps[:MOST_STEPS]),
    )


def say_score(score: ReadinessScore, roadmap: Roadmap) -> str:
    """``61 of 100 points proven, 12 more undecided; next: run customer-service (8 points).``"""
    words = f"{points(score.score)} of 100 points proven"
    if score.sum_points("undecided"):
        words += f", {points(score.sum_points('undecided'))} more undecided"
    if score.sum_points("waived"):
        words += f", {points(score.sum_points('waived'))} waived"
    if not score.steps:
        return f"{words}."
    return f"{words}; next: {_say_step(score.steps[0], roadmap)} ({points(score.steps[0].points)} points)."


def points(number: float) -> str:
    """``7.5``, ``10``."""
    return f"{number:.1f}".removesuffix(".0")


def _say_bars(score: ReadinessScore) -> str:
    """What the bars show: the group that lacks most."""
    lacking = max(score.groups, key=lambda group: group.weight - group.earned)
    if score.score >= 100 or lacking.weight <= lacking.earned:
        return "Every group has all of its points"
    return (
        f"{lacking.title} lacks most: {points(lacking.weight - lacking.earned)} of its {points(lacking.weight)} points"
    )


def _say_range(score: ReadinessScore) -> str:
    return (
        f"{points(score.low)} points hold beyond chance: the whole 95 % interval of each value meets its goal, or a person "
        f"confirmed it with a link. {points(score.high)} is the most that today's evidence allows, if all that is undecided, "
        "or missed by no more than chance, turns out well."
    )


def _say_basis(score: ReadinessScore) -> str:
    if not score.plan.stated:
        return "The document gives no weights, so every goal of the plan counts the same."
    waived = "Waived goals earn their points." if score.plan.waivers_earn else "A waived goal earns no points."
    return f"Weights and items are those of the document ({score.plan.source}). {waived}"


def _say_claim(roadmap: Roadmap) -> str:
    own = {kpi.id for kpi in roadmap.kpis if kpi.evidence.kind == "readiness"}
    found = [claim for claim in (*roadmap.claims, *roadmap.baselines) if claim.kpi in own]
    return f"The document claims {found[0].text} to begin with; that was not measured here." if found else ""


def _group_line(group: GroupScore, items: tuple[ItemScore, ...]) -> GroupLine:
    parts = tuple((state, getattr(group, state)) for state in ITEM_STATES)
    said = ", ".join(f"{points(value)} {STATE_WORDS[state]}" for state, value in parts if value)
    return GroupLine(
        id=group.id,
        title=group.title,
        weight=group.weight,
        parts=parts,
        words=f"{points(group.earned)} of {points(group.weight)} points: {said}",
        items=tuple(_item_line(item) for item in items if item.group == group.id),
    )


def _item_line(item: ItemScore) -> ItemLine:
    doubt = ""
    if item.state == "earned" and not item.firm:
        doubt = "met, not shown to be beyond chance"
    elif item.state == "lost" and item.possible:
        doubt = "missed by no more than chance"
    return ItemLine(
        id=item.id,
        title=item.title,
        points=f"{points(item.points if item.counts else 0)} of {points(item.points)}",
        state=item.state,
        words=STATE_WORDS[item.state],
        doubt=doubt,
        source=item.source,
        proofs=tuple(proof_line(proof) for proof in item.proofs),
    )


def proof_line(proof: ProofVerdict) -> ProofLine:
    """One piece of evidence in words."""
    words = {"met": "met", "waived": "waived", "undecided": "no data", "missed": "missed"}
    return ProofLine(
        title=proof.title,
        wanted=proof.wanted,
        state=words[proof.state],
        reason=proof.reason,
        run=proof.runs[0] if proof.runs else "",
        link=proof.link,
        phase=proof.phase,
        kpi=proof.name if proof.kind == "kpi" else "",
        tick_item=proof.tick_item,
        suite=proof.suite if proof.state == "undecided" else "",
        command=proof.command if proof.state == "undecided" and not proof.suite else "",
    )


def _step_line(step: NextStep, roadmap: Roadmap, score: ReadinessScore) -> StepLine:
    served = next(item for item in score.items if item.id == step.items[0])
    blocking = served.blocking[0]
    words = _say_step(step, roadmap)
    others = f" for {plural(len(step.titles), 'item')}" if len(step.titles) > 1 else f": {step.titles[0]}"
    return StepLine(
        words=f"{words[:1].upper()}{words[1:]}{others}",
        points=points(step.points),
        suite=step.name if step.kind == "run" else "",
        tick_item=step.name if step.kind == "tick" else "",
        command=step.name if step.kind == "command" else "",
        phase=blocking.phase,
        kpi=blocking.name if blocking.kind == "kpi" else "",
    )


def _say_step(step: NextStep, roadmap: Roadmap) -> str:
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    match step.kind:
        case "run":
            return f"run {step.name}"
        case "tick":
            return f"confirm {titles.get(step.name) or step.titles[0]}"
        case "command":
            return f"run {step.name.removeprefix('python -m engine ')}"
        case "improve":
            return f"improve {titles.get(step.name, step.name)}"
        case _:
            return f"settle {step.name}"
