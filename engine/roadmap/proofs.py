"""What an item of the score, or a dimension of maturity, rests on: met, waived, missed or undecided, and by which evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from engine.roadmap.evidence import ReadsStore
from engine.roadmap.goal_evidence import Decisions, Measures, judge_evidence
from engine.roadmap.goal_verdicts import format_value
from engine.roadmap.readiness_plan import Proof
from engine.roadmap.types import EvidenceRun, Goal, GoalVerdict, Policy, Roadmap

State = Literal["met", "waived", "undecided", "missed"]
ORDER: tuple[State, ...] = ("missed", "undecided", "waived", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofVerdict:
    """One piece of evidence as it stands now.

    Attributes:
        kind: ``kpi``, ``checklist`` or ``rows``; ``name`` is the KPI, the item or the document.
        wanted: the goal in words.
        value: what was measured, or what a person stated; None without data and for a tick.
        firm: met also under policy strict, so beyond chance.
        open_: missed by no more than chance, its 95 % interval reaching the goal; or waived without data.
        phase: whose goal it is; None where the item sets its own.
        link: what a tick links to; ``tick_item``: what a person can tick; ``suite``: what can be run.
    """

    kind: Literal["kpi", "checklist", "rows"]
    name: str
    title: str
    wanted: str
    state: State
    firm: bool
    open_: bool
    reason: str
    value: float | None = None
    unit: str = ""
    phase: int | None = None
    runs: tuple[str, ...] = ()
    link: str = ""
    tick_item: str = ""
    suite: str = ""
    command: str = ""

    def as_json(self) -> dict[str, Any]:
        """One entry of ``evidence``."""
        return {
            "kind": self.kind,
            "name": self.name,
            "title": self.title,
            "wanted": self.wanted,
            "state": self.state,
            "firm": self.firm,
            "possible": self.open_ or self.state == "undecided",
            "value": self.value,
            "unit": self.unit,
            "phase": self.phase,
            "reason": self.reason,
            "runs": list(self.runs),
            "link": self.link or None,
            "command": self.command or None,
        }


def combine_states(states: Iterable[State]) -> State:
    """The worst of them; without any there is nothing to decide by."""
    found = set(states) or {"undecided"}
    return next(state for state in ORDER if state in found)


class ProofReader:
    """Reads proofs; asks for each KPI once, so keep one for a whole roadmap.

    Args:
        roadmap: whose KPIs and checklists they are.
        store: an open store.
        measures: what is measured of its KPIs.
        decisions: ticks and waivers.
    """

    def __init__(self, roadmap: Roadmap, store: ReadsStore, measures: Measures, decisions: Decisions) -> None:
        self._roadmap = roadmap
        self._store = store
        self._measures = measures
        self._decisions = decisions
        self._known: dict[Proof, ProofVerdict] = {}
        self.runs: dict[str, EvidenceRun] = {}

    def read(self, proof: Proof) -> ProofVerdict:
        """What stands behind it now."""
        if proof not in self._known:
            if proof.kpi:
                found = self._read_kpi(proof)
            else:
                found = self._read_tick(proof.checklist) if proof.checklist else self._read_rows(proof)
            self._known[proof] = found
        return self._known[proof]

    def _read_kpi(self, proof: Proof) -> ProofVerdict:
        goal, phase = self._find_goal(proof)
        point, strict = self._judge(goal, phase, "point"), self._judge(goal, phase, "strict")
        state: State = {"pass": "met", "fail": "missed", "no_data": "undecided"}[point.verdict]  # type: ignore[assignment]
        far = point.high if goal.direction.startswith(">") else point.low
        bounded = point.low is not None or point.high is not None
        missed_by_chance = point.verdict == "fail" and bounded and (far is None or goal.is_met_by(far))
        tick = point.tick or {}
        kpi = self._roadmap.kpi(goal.kpi)
        return ProofVerdict(
            kind="kpi",
            name=goal.kpi,
            title=point.title,
            wanted="done" if kpi.unit == "done" else f"{goal.direction} {format_value(goal.value, kpi.unit)}",
            state="waived" if point.waiver else state,
            firm=strict.verdict == "pass",
            open_=missed_by_chance or bool(point.waiver and point.verdict == "no_data"),
            reason=point.reason
            + (f"; waived by {point.waiver['who']}: {point.waiver['reason']}" if point.waiver else ""),
            value=point.value,
            unit=kpi.unit,
            phase=phase,
            runs=point.runs,
            link=str(tick.get("link") or ""),
            tick_item=goal.kpi if kpi.evidence.kind == "checklist" else "",
            suite=_find_suite(point.command),
            command=point.command,
        )

    def _find_goal(self, proof: Proof) -> tuple[Goal, int | None]:
        """The item's own goal, that of its phase, or that of the last phase which sets one."""
        if proof.goal is not None:
            return proof.goal, None
        found = [
            (goal, phase.number) for phase in self._roadmap.phases for goal in phase.goals if goal.kpi == proof.kpi
        ]
        return next((pair for pair in found if pair[1] == proof.phase), found[-1])

    def _judge(self, goal: Goal, phase: int | None, policy: Policy) -> GoalVerdict:
        verdict, runs = judge_evidence(self._roadmap, goal, phase, self._measures, policy, self._decisions)
        self.runs.update({run.run_id: run for run in runs})
        return verdict

    def _read_tick(self, item: str) -> ProofVerdict:
        lists = [self._roadmap.checklist, *(phase.checklist for phase in self._roadmap.phases)]
        title = next(entry.text for entries in lists for entry in entries if entry.id == item)
        tick = self._decisions.ticks.get(item)
        state: State = "undecided"
        if tick is None:
            reason = "a person has to tick it with a link; nobody has yet"
        else:
            words = "ticked" if tick.done else "ticked as not done"
            reason = f"{words} by {tick.who} on {tick.ticked_at:%Y-%m-%d}, {tick.link or 'without a link'}"
            if not tick.link:
                reason += "; points need a link to what shows it"
            else:
                state = "met" if tick.done else "missed"
        return ProofVerdict(
            kind="checklist",
            name=item,
            title=title,
            wanted="done",
            state=state,
            firm=state == "met",
            open_=False,
            reason=reason,
            unit="done",
            link=tick.link if tick else "",
            tick_item=item,
        )

    def _read_rows(self, proof: Proof) -> ProofVerdict:
        """Rows of a table are documents of their own, ``products.csv#1``; only those in the index are counted."""
        found = self._store.query(
            "SELECT count(*) AS n FROM documents WHERE corpus = ? AND starts_with(document, ?) AND chunks > 0",
            [proof.corpus, f"{proof.document}#"],
        )[0]["n"]
        state: State = "undecided" if not found else "met" if found >= proof.rows else "missed"
        where = f"{proof.document} of corpus {proof.corpus}"
        return ProofVerdict(
            kind="rows",
            name=proof.document,
            title=f"Rows of {where}",
            wanted=f">= {proof.rows}",
            state=state,
            firm=state == "met",
            open_=False,
            reason=f"{found:,} rows of {where} are in the index" if found else f"{where} has not been ingested here",
            value=float(found) if found else None,
            unit="count",
            command="" if found else f"python -m engine ingest PATH --corpus {proof.corpus}",
        )


def _find_suite(command: str) -> str:
    """The suite, where one run alone would give the evidence."""
    words = command.split()
    return words[4] if words[:4] == ["python", "-m", "engine", "run"] and ";" not in command else ""
