"""What people decide about a roadmap: sign-offs, waivers, ticks, and how sure they are, week by week."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A signature under the evidence of a phase. ``evidence_hash`` is the SHA-256 of ``evidence`` as it was signed."""

    sign_off_id: str
    roadmap: str
    phase: int
    who: str
    role: str
    signed_at: datetime.datetime
    verdict: str
    policy: str
    evidence_hash: str
    evidence: Mapping[str, Any]
    note: str
    revoked_by: str | None
    revoked_at: datetime.datetime | None
    revoke_reason: str | None

    @property
    def stands(self) -> bool:
        """Whether nobody has revoked it."""
        return self.revoked_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A goal that somebody lets pass for a time.

    ``goal`` is the goal as it stood (``> 0.75``), ``expires_on`` the last day that the waiver holds.
    """

    waiver_id: str
    roadmap: str
    phase: int
    kpi: str
    goal: str
    who: str
    given_at: datetime.datetime
    reason: str
    expires_on: datetime.date
    withdrawn_by: str | None
    withdrawn_at: datetime.datetime | None

    def holds_on(self, day: datetime.date) -> bool:
        """Whether it counts on that day."""
        return self.withdrawn_at is None and day <= self.expires_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What a person says of a checklist item or of a KPI; without a row nobody has said anything.

    ``value`` is the figure that the person states for a KPI whose goals are numbers.
    """

    roadmap: str
    item: str
    done: bool
    value: float | None
    link: str
    note: str
    who: str
    ticked_at: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceWeek:
    """How sure the team was in a week; ``week`` is its Monday, ``value`` is in [0, 1]."""

    roadmap: str
    week: datetime.date
    value: float
    note: str
    who: str
    recorded_at: datetime.datetime


class DecisionStore:
    """Rows of decisions. What may be decided is checked by ``engine.roadmap``; here nothing is.

    To read, anything with the store's ``query`` will do.
    """

    def __init__(self, store: Any) -> None:
        self._store: Store = store

    def record_sign_off(
        self,
        *,
        roadmap: str,
        phase: int,
        who: str,
        role: str,
        verdict: str,
        policy: str,
        evidence_hash: str,
        evidence: Mapping[str, Any],
        note: str = "",
    ) -> SignOff:
        """Keep a signature. One person's second signature under the same evidence is the first one.

        The id is made of person and evidence, so that two who sign at the same moment both stand and a repeated
        statement adds nothing. After a revocation the same person may sign again.
        """
        revoked = self._store.query(
            "SELECT count(*) AS n FROM sign_offs WHERE roadmap = ? AND phase = ? AND lower(who) = ?"
            " AND evidence_hash = ? AND revoked_at IS NOT NULL",
            (roadmap, phase, who.lower(), evidence_hash),
        )[0]["n"]
        key = "\n".join([roadmap, str(phase), who.lower(), evidence_hash, str(revoked)])
        row = {
            "sign_off_id": hashlib.sha256(key.encode()).hexdigest()[:16],
            "roadmap": roadmap,
            "phase": phase,
            "who": who,
            "role": role,
            "signed_at": utc_now(),
            "verdict": verdict,
            "policy": policy,
            "evidence_hash": evidence_hash,
            "evidence": dict(evidence),
            "note": note,
        }
        self._store.insert("sign_offs", [row], replace=False)
        found = self.find_sign_off(str(row["sign_off_id"]))
        assert found is not None
        return found

    def find_sign_off(self, sign_off_id: str) -> SignOff | None:
        """One signature, revoked or not."""
        rows = self._store.query("SELECT * FROM sign_offs WHERE sign_off_id = ?", (sign_off_id,))
        return SignOff(**rows[0]) if rows else None

    def list_sign_offs(self, roadmap: str = "", phase: int | None = None) -> list[SignOff]:
        """Signatures, newest first, revoked ones among them; of all roadmaps without a name."""
        rows = self._store.query(
            "SELECT * FROM sign_offs WHERE (? = '' OR roadmap = ?) AND (? IS NULL OR phase = ?)"
            " ORDER BY signed_at DESC, sign_off_id",
            (roadmap, roadmap, phase, phase),
        )
        return [SignOff(**row) for row in rows]

    def revoke_sign_off(self, sign_off_id: str, who: str, reason: str) -> None:
        """Mark a signature as revoked; one that is revoked already stays as it is."""
        self._store.execute(
            "UPDATE sign_offs SET revoked_by = ?, revoked_at = ?, revoke_reason = ?"
            " WHERE sign_off_id = ? AND revoked_at IS NULL",
            (who, utc_now(), reason, sign_off_id),
        )

    def give_waiver(
        self, *, roadmap: str, phase: int, kpi: str, goal: str, who: str, reason: str, expires_on: datetime.date
    ) -> Waiver:
        """Keep a waiver for one goal of a phase; the newest one that holds counts."""
        row = {
            "waiver_id": f"{utc_now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}",
            "roadmap": roadmap,
            "phase": phase,
            "kpi": kpi,
            "goal": goal,
            "who": who,
            "given_at": utc_now(),
            "reason": reason,
            "expires_on": expires_on,
        }
        self._store.insert("waivers", [row], replace=False)
        return Waiver(**row, withdrawn_by=None, withdrawn_at=None)  # type: ignore[arg-type]

    def withdraw_waivers(self, roadmap: str, phase: int, kpi: str, who: str) -> None:
        """Withdraw every waiver of a goal that has not been withdrawn."""
        self._store.execute(
            "UPDATE waivers SET withdrawn_by = ?, withdrawn_at = ?"
            " WHERE roadmap = ? AND phase = ? AND kpi = ? AND withdrawn_at IS NULL",
            (who, utc_now(), roadmap, phase, kpi),
        )

    def list_waivers(self, roadmap: str = "", phase: int | None = None) -> list[Waiver]:
        """Waivers, newest first, expired and withdrawn ones among them; of all roadmaps without a name."""
        rows = self._store.query(
            "SELECT * FROM waivers WHERE (? = '' OR roadmap = ?) AND (? IS NULL OR phase = ?) ORDER BY waiver_id DESC",
            (roadmap, roadmap, phase, phase),
        )
        return [Waiver(**row) for row in rows]

    def find_active_waivers(self, roadmap: str, day: datetime.date) -> dict[tuple[int, str], Waiver]:
        """The waiver that counts on ``day``, by phase and KPI."""
        active: dict[tuple[int, str], Waiver] = {}
        for waiver in self.list_waivers(roadmap):
            if waiver.holds_on(day):
                active.setdefault((waiver.phase, waiver.kpi), waiver)
        return active

    def save_tick(
        self, roadmap: str, item: str, *, done: bool, link: str, note: str, who: str, value: float | None = None
    ) -> Tick:
        """Say that an item is done, that it is not, or what its figure is, in place of what was said before."""
        row = {
            "roadmap": roadmap,
            "item": item,
            "done": done,
            "value": value,
            "link": link,
            "note": note,
            "who": who,
            "ticked_at": utc_now(),
        }
        self._store.insert("ticks", [row])
        return Tick(**row)  # type: ignore[arg-type]

    def delete_tick(self, roadmap: str, item: str) -> None:
        """Take back what was said of an item."""
        self._store.execute("DELETE FROM ticks WHERE roadmap = ? AND item = ?", (roadmap, item))

    def load_ticks(self, roadmap: str) -> dict[str, Tick]:
        """What was said, by item."""
        rows = self._store.query("SELECT * FROM ticks WHERE roadmap = ? ORDER BY item", (roadmap,))
        return {row["item"]: Tick(**row) for row in rows}

    def save_confidence(self, roadmap: str, week: datetime.date, value: float, *, note: str, who: str) -> None:
        """Keep how sure the team is in the week of ``week``, in place of an earlier value."""
        monday = week - datetime.timedelta(days=week.weekday())
        row = {
            "roadmap": roadmap,
            "week": monday,
            "value": value,
            "note": note,
            "who": who,
            "recorded_at": utc_now(),
        }
        self._store.insert("confidence", [row])

    def list_confidence(self, roadmap: str) -> list[ConfidenceWeek]:
        """Weeks of a roadmap, oldest first."""
        rows = self._store.query("SELECT * FROM confidence WHERE roadmap = ? ORDER BY week", (roadmap,))
        return [ConfidenceWeek(**row) for row in rows]
