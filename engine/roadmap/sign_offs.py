"""Sign-offs: who says that a phase is complete, and on which evidence, by a hash that shows any later change."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.roadmap.entries import check_name, check_reason, check_text
from engine.roadmap.evidence_changes import list_evidence_changes
from engine.roadmap.gates import check_gate
from engine.roadmap.types import Gate, GoalVerdict, Policy, Roadmap
from engine.store import AuditTrail, DecisionStore, Store
from engine.store.decisions import SignOff

DIGITS = 9  # a sum over cases may differ in its last digits from one reading to the next
SHOWN = 8  # characters of a hash that people compare


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedSignOff:
    """A signature held against what the gate would read now.

    Attributes:
        intact: whether the stored evidence still has the hash that was signed.
        changes: what is different since then, in words; empty while the evidence is the same.
    """

    sign_off: SignOff
    intact: bool
    changes: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether it stands, is intact, and the evidence is still the same."""
        return self.sign_off.stands and self.intact and not self.changes

    def as_json(self) -> dict[str, Any]:
        """One entry of ``signoffs --json``; times in UTC, ISO 8601."""
        signed = self.sign_off
        return {
            "sign_off_id": signed.sign_off_id,
            "roadmap": signed.roadmap,
            "phase": signed.phase,
            "who": signed.who,
            "role": signed.role,
            "note": signed.note,
            "signed_at": signed.signed_at.isoformat(timespec="seconds") + "Z",
            "verdict": signed.verdict,
            "policy": signed.policy,
            "evidence_hash": signed.evidence_hash,
            "waived": [goal["kpi"] for goal in signed.evidence.get("goals", ()) if goal.get("waiver")],
            "intact": self.intact,
            "current": self.current,
            "changes": list(self.changes),
            "revoked_by": signed.revoked_by,
            "revoked_at": None if signed.revoked_at is None else signed.revoked_at.isoformat(timespec="seconds") + "Z",
            "revoke_reason": signed.revoke_reason,
        }


def build_evidence(gate: Gate) -> dict[str, Any]:
    """What a signature is put under: goals with values and intervals, runs with the hashes of their suites and cases, the
    policy, waivers, ticks. Not the time of reading, nor wording that says the same again."""
    return {
        "roadmap": gate.roadmap,
        "phase": gate.phase,
        "policy": gate.policy,
        "target": gate.target,
        "verdict": gate.verdict,
        "goals": [_describe_goal(goal) for goal in gate.goals],
        "runs": sorted((run.as_json() for run in gate.runs), key=lambda run: str(run["run_id"])),
    }


def hash_evidence(evidence: Mapping[str, Any]) -> str:
    """SHA-256 of the evidence as canonical JSON: keys sorted, no spaces, UTF-8."""
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def explain_refusal(gate: Gate) -> str:
    """Why the phase cannot be signed now; empty when it can."""
    missed, missing = gate.count_open("fail"), gate.count_open("no_data")
    if gate.verdict == "pass":
        return ""
    parts = [f"{missed} missed"] if missed else []
    parts += [f"{missing} without data"] if missing else []
    return (
        f"Phase {gate.phase} of {gate.roadmap} cannot be signed: of its {len(gate.goals)} goals {' and '.join(parts)}."
    )


def sign_phase(
    store: Store,
    roadmap: Roadmap,
    phase: int,
    *,
    who: str,
    role: str = "",
    note: str = "",
    policy: Policy = "point",
    seen_hash: str | None = None,
    seen: Mapping[str, Any] | None = None,
    today: datetime.date | None = None,
) -> SignOff:
    """Sign a phase as complete. The same person under the same evidence is one signature; different people each have one.

    Args:
        seen_hash: the hash that the person was shown; other evidence is then not signed.
        seen: the evidence under that hash, where it is at hand, so that the refusal can say what has changed.

    Raises:
        InputError: nobody is named, the gate does not pass, or the evidence is not the one that was seen; nothing is kept.
    """
    name = check_name(who)
    gate = check_gate(roadmap, phase, store, policy=policy, today=today)
    evidence = build_evidence(gate)
    found = hash_evidence(evidence)
    if seen_hash is not None and seen_hash != found:
        changes = "; ".join(list_evidence_changes(seen, evidence, roadmap)) if seen is not None else ""
        raise InputError(
            f"The evidence of phase {phase} of {roadmap.name} has changed since you saw it: expected "
            f"{seen_hash[:SHOWN]}, found {found[:SHOWN]}{f' ({changes})' if changes else ''}. Nothing was signed.",
            "Look at the gate again, then sign what it says now.",
        )
    refusal = explain_refusal(gate)
    if refusal:
        raise InputError(refusal, "Give the missing evidence, or waive a goal by itself, with a reason and a day.")
    decisions = DecisionStore(store)
    known = _find_standing(decisions.list_sign_offs(roadmap.name, phase), name, found)
    if known is not None:
        return known
    signed = decisions.record_sign_off(
        roadmap=roadmap.name,
        phase=phase,
        who=name,
        role=check_text(role, "The role"),
        verdict=gate.verdict,
        policy=policy,
        evidence_hash=found,
        evidence=evidence,
        note=check_text(note, "The note"),
    )
    AuditTrail(store).record_entry(
        name, "phase signed", f"{roadmap.name}/{phase}", after={"evidence_hash": found, "policy": policy}, reason=note
    )
    return signed


def revoke_sign_off(store: Store, sign_off_id: str, *, who: str, reason: str) -> SignOff:
    """Take a signature back. It stays in the list, marked.

    Raises:
        UnknownNameError: no such signature.
        InputError: nobody is named, no reason in words, or it is revoked already.
    """
    decisions = DecisionStore(store)
    signed = decisions.find_sign_off(sign_off_id)
    if signed is None:
        known = [row.sign_off_id for row in decisions.list_sign_offs()[:10]]
        raise UnknownNameError("sign-off", sign_off_id, known, "python -m engine signoffs lists them.")
    name, text = check_name(who), check_reason(reason, "A revocation")
    if not signed.stands:
        raise InputError(f"{signed.revoked_by} has revoked this signature of {signed.who} already.")
    decisions.revoke_sign_off(sign_off_id, name, text)
    AuditTrail(store).record_entry(
        name,
        "signature revoked",
        f"{signed.roadmap}/{signed.phase}",
        before={"who": signed.who, "evidence_hash": signed.evidence_hash},
        reason=text,
    )
    return decisions.find_sign_off(sign_off_id) or signed


def review_sign_offs(
    store: Store, roadmap: Roadmap, phase: int, *, gate: Gate | None = None, today: datetime.date | None = None
) -> tuple[ReviewedSignOff, ...]:
    """The signatures of a phase, newest first, each held against what its gate would read now.

    Args:
        gate: the phase's gate where it has been read already, over all runs; it is read again for another policy.
    """
    gates: dict[str, Gate] = {} if gate is None or gate.run_id or gate.target != roadmap.target else {gate.policy: gate}
    reviewed = []
    for signed in DecisionStore(store).list_sign_offs(roadmap.name, phase):
        policy: Policy = "strict" if signed.policy == "strict" else "point"
        if policy not in gates:
            gates[policy] = check_gate(roadmap, phase, store, policy=policy, today=today)
        reviewed.append(
            ReviewedSignOff(
                sign_off=signed,
                intact=hash_evidence(signed.evidence) == signed.evidence_hash,
                changes=list_evidence_changes(signed.evidence, build_evidence(gates[policy]), roadmap),
            )
        )
    return tuple(reviewed)


def _find_standing(rows: list[SignOff], who: str, evidence_hash: str) -> SignOff | None:
    same = (r for r in rows if r.who.lower() == who.lower() and r.evidence_hash == evidence_hash and r.stands)
    return next(same, None)


def _describe_goal(goal: GoalVerdict) -> dict[str, Any]:
    return {
        "kpi": goal.kpi,
        "goal": goal.goal,
        "unit": goal.unit,
        "value": _round(goal.value),
        "low": _round(goal.low),
        "high": _round(goal.high),
        "n": goal.n,
        "scored": goal.scored,
        "total": goal.total,
        "verdict": goal.verdict,
        "runs": list(goal.runs),
        "waiver": None if goal.waiver is None else dict(goal.waiver),
        "tick": None if goal.tick is None else dict(goal.tick),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
