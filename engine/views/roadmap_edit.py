"""Editing a roadmap on a screen: the fields as people read them, and what a draft would do to the gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.bench import BENCHES
from engine.evaluation.suite_folders import list_suites
from engine.reports.wording import unit_words
from engine.roadmap.editing import Draft, check_draft, is_edited, list_edits
from engine.roadmap.edits import edit_rows
from engine.roadmap.figures import known_figures
from engine.roadmap.gates import check_roadmap
from engine.roadmap.roadmaps import find_shipped_file, load_roadmap
from engine.roadmap.types import Gate, Policy
from engine.store import Store
from engine.views.phases import phase_name
from engine.views.roadmap import gate_counts

SIGNS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
UNITS = ("share", "score", "ms", "MB", "x", "count", "done", "points", "lines")
EVIDENCE_WORDS = {
    "run": "Runs of suites measure it",
    "bench": "A benchmark measures it",
    "audit": "The configuration audit measures it",
    "checklist": "A person confirms it",
    "readiness": "It is the readiness score",
    "none": "It cannot be measured yet",
}
_WORDS = {"pass": "pass", "fail": "fail", "no_data": "no data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalField:
    """One goal as a form shows it: a share in per cent. ``sign`` is empty for something that is done or not."""

    kpi: str
    title: str
    sign: str
    value: float
    unit: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditOptions:
    """What the forms offer: KPIs that a phase sets no goal for, suites, measures."""

    free_kpis: Mapping[str, str]
    suites: tuple[str, ...]
    measures: tuple[str, ...]
    benches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPreview:
    """What saving a draft would do.

    Attributes:
        changes: what differs, in words.
        effect: the gates in one sentence; ``turned`` says whether any gate would change its verdict.
        goals: goals whose verdict would change.
    """

    changes: tuple[str, ...]
    effect: str
    turned: bool
    goals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose roadmap it is: shipped, an edited copy (with what it changes), or one's own."""

    words: str
    edited: bool
    edits: tuple[str, ...]


def load_origin(name: str) -> Origin:
    """Where a roadmap comes from."""
    if is_edited(name):
        edits = tuple(change.words for change in list_edits(name))
        return Origin(words="Edited, differs from the shipped one", edited=True, edits=edits)
    words = "As it was shipped" if find_shipped_file(name) else "Your own"
    return Origin(words=words, edited=False, edits=())


def list_goal_fields(draft: Draft, phase: int) -> tuple[GoalField, ...]:
    """The goals of a phase of the draft."""
    rows = next((p["goals"] for p in draft.fields["phases"] if p["number"] == phase), [])
    return tuple(_goal_field(row, draft.fields["kpis"]) for row in rows)


def write_goals(draft: Draft, phase: int, fields: Sequence[GoalField]) -> Draft:
    """The draft with these goals in a phase."""
    kpis = draft.fields["kpis"]
    rows = []
    for field in fields:
        goal = _write_goal(field, kpis.get(field.kpi, {}).get("unit", ""))
        rows.append({"kpi": field.kpi, "goal": goal, "text": field.text, "source": field.source})
    old = {(p["number"], row["kpi"]): row["goal"] for p in draft.fields["phases"] for row in p["goals"]}
    for row in rows:  # "> 0.90" is not written anew as "> 0.9"
        known = old.get((phase, row["kpi"]))
        if known is not None and _read_goal(known) == _read_goal(row["goal"]):
            row["goal"] = known
    return edit_rows(draft, "goals", rows, phase)


def begin_goal(draft: Draft, kpi: str) -> GoalField:
    """A goal to begin from: like the one of an earlier phase, where there is one."""
    entry = draft.fields["kpis"][kpi]
    earlier = [row for phase in draft.fields["phases"] for row in phase["goals"] if row["kpi"] == kpi]
    sign = ">=" if entry["higher_is_better"] else "<="
    start = "done" if entry["unit"] == "done" else f"{sign} 1"
    row = {"kpi": kpi, "goal": earlier[-1]["goal"] if earlier else start, "text": "set here", "source": "set here"}
    return _goal_field(row, draft.fields["kpis"])


def load_edit_options(draft: Draft, phase: int) -> EditOptions:
    """What the forms offer for a phase."""
    used = {row["kpi"] for p in draft.fields["phases"] if p["number"] == phase for row in p["goals"]}
    return EditOptions(
        free_kpis={name: kpi["title"] for name, kpi in draft.fields["kpis"].items() if name not in used},
        suites=tuple(list_suites()),
        measures=known_figures(),
        benches=tuple(BENCHES),
    )


def preview_changes(store: Store, draft: Draft, phase: int, policy: Policy = "point") -> EditPreview:
    """What the draft changes, and what that would do to the gates; nothing is written.

    Raises:
        FileFormatError: the draft breaks the format.
    """
    roadmap = check_draft(draft)
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    changes = tuple(change.say(titles) for change in draft.changes)
    if not changes:
        return EditPreview(changes=(), effect="", turned=False, goals=())
    old = {gate.phase: gate for gate in check_roadmap(load_roadmap(draft.name), store, policy).gates}
    new = {gate.phase: gate for gate in check_roadmap(roadmap, store, policy).gates}
    names = {p.number: phase_name(p) for p in roadmap.phases}
    turned = [
        f"the gate of {names[number]} from {_WORDS[old[number].verdict]} to {_WORDS[gate.verdict]}"
        for number, gate in new.items()
        if number in old and old[number].verdict != gate.verdict
    ]
    if turned:
        which = "This change" if len(changes) == 1 else "These changes"
        effect = f"{which} would turn {', and '.join(turned)}."
    else:
        effect = _say_stays(new.get(phase), names.get(phase, ""))
    goals = [words for number, gate in new.items() if number in old for words in _turned_goals(old[number], gate)]
    return EditPreview(changes=changes, effect=effect, turned=bool(turned), goals=tuple(goals))


def _say_stays(gate: Gate | None, name: str) -> str:
    if gate is None:
        return "No gate changes its verdict."
    return f"No gate changes its verdict; that of {name} stays {_WORDS[gate.verdict]}: {gate_counts(gate)}."


def _turned_goals(old: Gate, new: Gate) -> list[str]:
    before = {goal.kpi: goal for goal in old.goals}
    return [
        f"Phase {new.phase}, {goal.title}: {_WORDS[before[goal.kpi].verdict]} → {_WORDS[goal.verdict]}"
        + (
            "; its waiver was for the old goal"
            if before[goal.kpi].waiver and not goal.waiver and goal.verdict != "pass"
            else ""
        )
        for goal in new.goals
        if goal.kpi in before and (before[goal.kpi].verdict, before[goal.kpi].counted) != (goal.verdict, goal.counted)
    ]


def _goal_field(row: Mapping[str, Any], kpis: Mapping[str, Any]) -> GoalField:
    kpi = kpis.get(row["kpi"], {})
    unit = kpi.get("unit", "")
    sign, value = _read_goal(str(row["goal"]))
    return GoalField(
        kpi=row["kpi"],
        title=kpi.get("title", row["kpi"]),
        sign=sign,
        value=round(100 * value, 8) if unit == "share" else value,
        unit=unit_words(unit),
        text=row["text"],
        source=row["source"],
    )


def _read_goal(goal: str) -> tuple[str, float]:
    """Sign and number; no sign for ``done``."""
    if goal == "done":
        return "", 1.0
    sign = goal.rstrip("-.0123456789")
    return sign.strip(), float(goal.removeprefix(sign))


def _write_goal(field: GoalField, unit: str) -> str:
    if not field.sign:
        return "done"
    value = field.value / 100 if unit == "share" else field.value
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return f"{field.sign} {text or '0'}"
