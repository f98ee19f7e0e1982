"""What people have decided about a phase and may decide now: signatures, checklist, waivers, the audit trail."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.reports.wording import value_words
from engine.roadmap.checklists import Tickable, list_tickable
from engine.roadmap.entries import LONGEST_WAIVER, find_today
from engine.roadmap.roadmap_changes import describe_values
from engine.roadmap.sign_offs import (
    SHOWN,
    ReviewedSignOff,
    build_evidence,
    explain_refusal,
    hash_evidence,
    review_sign_offs,
)
from engine.roadmap.types import Gate, Roadmap
from engine.store import AuditTrail, DecisionStore, Store
from engine.views.words import in_zone

STATE_WORDS = {
    "current": "The evidence is still the same.",
    "changed": "The evidence has changed since then",
    "tampered": "The stored evidence is not the one that was signed: its hash differs.",
}
ENTRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffRow:
    """One signature. ``state`` is current, changed, tampered or revoked."""

    sign_off_id: str
    who: str
    role: str
    when: str
    short_hash: str
    state: str
    words: str
    note: str
    waived: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffView:
    """Who signed, and what a signature now would be put under.

    Attributes:
        refusal: why it cannot be signed now; empty when it can.
        waived: titles of the goals that a waiver lets pass, with their days.
        evidence: what the hash is of.
    """

    evidence_hash: str
    short_hash: str
    refusal: str
    waived: tuple[str, ...]
    evidence: Mapping[str, Any]
    rows: tuple[SignOffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistRow:
    """One thing that a person confirms. ``state`` is done, not done or open."""

    item: str
    title: str
    unit: str
    counts: bool
    state: str
    words: str
    link: str
    note: str
    in_document: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistView:
    """The checklist of a phase, then that of the whole roadmap."""

    phase_rows: tuple[ChecklistRow, ...]
    whole_rows: tuple[ChecklistRow, ...]
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One entry of the audit trail in words."""

    when: str
    who: str
    action: str
    subject: str
    change: str
    reason: str


def load_sign_offs(store: Store, roadmap: Roadmap, gate: Gate, zone: str | None = None) -> SignOffView:
    """The signatures of a phase, and the evidence that one would be put under now."""
    evidence = build_evidence(gate)
    found = hash_evidence(evidence)
    reviewed = review_sign_offs(store, roadmap, gate.phase, gate=gate)
    return SignOffView(
        evidence_hash=found,
        short_hash=found[:SHOWN],
        refusal=explain_refusal(gate),
        waived=tuple(f"{g.title} (waived until {g.waiver['expires_on']})" for g in gate.goals if g.waiver),
        evidence=evidence,
        rows=tuple(_sign_off_row(row, roadmap, zone) for row in reviewed),
    )


def load_checklist(store: Store, roadmap: Roadmap, phase: int, zone: str | None = None) -> ChecklistView:
    """What a person confirms in a phase, and for the whole roadmap."""
    rows = list_tickable(roadmap, store)
    own = [_checklist_row(row, zone) for row in rows if phase in row.phases]
    whole = [_checklist_row(row, zone) for row in rows if not row.phases]
    done = sum(row.state == "done" for row in own)
    counting = sum(row.counts for row in own)
    headline = (
        f"{done} of {len(own)} done; {counting} count at the gate." if own else "Nothing to confirm in this phase."
    )
    return ChecklistView(phase_rows=tuple(own), whole_rows=tuple(whole), headline=headline)


def load_waiver_rows(store: Store, roadmap: Roadmap, phase: int, zone: str | None = None) -> tuple[dict[str, str], ...]:
    """Every waiver that was ever given in a phase, newest first."""
    today = find_today()
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    goals = {(p.number, g.kpi): g.label for p in roadmap.phases for g in p.goals}
    rows = []
    for waiver in DecisionStore(store).list_waivers(roadmap.name, phase):
        if waiver.withdrawn_at is not None:
            state = f"withdrawn by {waiver.withdrawn_by}"
        elif not waiver.holds_on(today):
            state = "expired"
        else:
            state = "holds" if goals.get((phase, waiver.kpi)) == waiver.goal else "does not hold: the goal was changed"
        rows.append(
            {
                "Goal": f"{titles.get(waiver.kpi, waiver.kpi)} {waiver.goal}",
                "Given": f"{_moment(waiver.given_at, zone)} by {waiver.who}",
                "Until": waiver.expires_on.isoformat(),
                "State": state,
                "Reason": waiver.reason,
            }
        )
    return tuple(rows)


def waiver_days() -> tuple[datetime.date, datetime.date, datetime.date]:
    """First and last day that a waiver may end on, and the one that is offered: in 30 days."""
    today = find_today()
    return today + datetime.timedelta(days=1), today + LONGEST_WAIVER, today + datetime.timedelta(days=30)


def load_audit_rows(store: Store, roadmap: str, zone: str | None = None) -> tuple[AuditRow, ...]:
    """The newest entries about a roadmap and all under it."""
    return tuple(
        AuditRow(
            when=_moment(entry["happened_at"], zone),
            who=entry["who"],
            action=entry["action"],
            subject=entry["subject"].removeprefix(f"{roadmap}/") if entry["subject"] != roadmap else "the roadmap",
            change=describe_values(entry["before"], entry["after"]),
            reason=entry["reason"],
        )
        for entry in AuditTrail(store).list_entries(roadmap, limit=ENTRIES)
    )


def _sign_off_row(row: ReviewedSignOff, roadmap: Roadmap, zone: str | None) -> SignOffRow:
    signed = row.sign_off
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    state = (
        "revoked" if not signed.stands else "tampered" if not row.intact else "changed" if row.changes else "current"
    )
    words = STATE_WORDS.get(state, f"Revoked by {signed.revoked_by}: {signed.revoke_reason}")
    if state == "changed":
        words = f"{words}: {_join(row.changes)}."
    waived = [titles.get(g["kpi"], g["kpi"]) for g in signed.evidence.get("goals", ()) if g.get("waiver")]
    return SignOffRow(
        sign_off_id=signed.sign_off_id,
        who=signed.who,
        role=signed.role,
        when=_moment(signed.signed_at, zone),
        short_hash=signed.evidence_hash[:SHOWN],
        state=state,
        words=words,
        note=signed.note,
        waived=", ".join(waived),
    )


def _checklist_row(row: Tickable, zone: str | None) -> ChecklistRow:
    tick = row.tick
    words = "Nobody has said anything yet."
    if tick is not None:
        stated = f"{value_words(tick.value, row.unit)}, stated" if tick.value is not None else "Ticked"
        words = f"{stated if tick.done else 'Ticked as not done'} by {tick.who}, {_moment(tick.ticked_at, zone)}"
    return ChecklistRow(
        item=row.item,
        title=row.title,
        unit=row.unit,
        counts=row.counts,
        state="open" if tick is None else "done" if tick.done else "not done",
        words=words,
        link=tick.link if tick else "",
        note=tick.note if tick else "",
        in_document=row.done_in_document,
        source=row.source,
    )


def _join(changes: Sequence[str]) -> str:
    return "; ".join(changes[:6]) + (f"; and {len(changes) - 6} more" if len(changes) > 6 else "")


def _moment(moment: datetime.datetime, zone: str | None) -> str:
    return f"{in_zone(moment, zone) or moment:%Y-%m-%d %H:%M}"
