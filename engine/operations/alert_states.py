"""From pending to firing to resolved: what a reading makes of a rule's alert. Nothing here touches clock or store."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from engine.operations.alert_rules import AlertRule

FORGET = timedelta(hours=1)
"""A firing alert without a verdict for so long is resolved."""

State = Literal["pending", "firing", "resolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a rule watches, now. ``value`` is None where there is none; ``detail`` says which providers, which disk."""

    value: float | None
    samples: int = 1
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """An alert on its way; fields as the columns of the table ``alerts``."""

    state: State
    pending_at: datetime
    seen_at: datetime
    firing_at: datetime | None = None
    clear_at: datetime | None = None
    resolved_at: datetime | None = None


def advance(rule: AlertRule, alert: AlertState | None, reading: Reading, now: datetime) -> AlertState | None:
    """The rule's alert after a reading; None where there is none, or none any more (a pending one that never fired)."""
    if alert is not None:
        alert = _bring_back(alert, now)
    value = reading.value if reading.samples >= rule.min_samples and rule.enabled else None
    if value is None:
        return _without_verdict(rule, alert, now)
    if alert is None:
        if not rule.is_bad(value):
            return None
        alert = AlertState(state="pending", pending_at=now, seen_at=now)
    alert = dataclasses.replace(alert, seen_at=now)
    if rule.is_clear(value):
        return _when_clear(rule, alert, now)
    alert = dataclasses.replace(alert, clear_at=None)
    if alert.state == "pending" and now - alert.pending_at >= timedelta(seconds=rule.hold_s):
        return dataclasses.replace(alert, state="firing", firing_at=now)
    return alert


def _without_verdict(rule: AlertRule, alert: AlertState | None, now: datetime) -> AlertState | None:
    if alert is None or alert.state == "pending":
        return None
    if not rule.enabled or now - alert.seen_at >= FORGET:
        return dataclasses.replace(alert, state="resolved", resolved_at=now)
    return alert


def _when_clear(rule: AlertRule, alert: AlertState, now: datetime) -> AlertState | None:
    if alert.state == "pending":
        return None
    since = alert.clear_at or now
    if now - since >= timedelta(seconds=rule.resolve_s):
        return dataclasses.replace(alert, state="resolved", resolved_at=now, clear_at=since)
    return dataclasses.replace(alert, clear_at=since)


def _bring_back(alert: AlertState, now: datetime) -> AlertState:
    """After the clock was set back no time may lie in the future: the waiting would last as long as the jump."""
    return dataclasses.replace(
        alert,
        pending_at=min(alert.pending_at, now),
        seen_at=min(alert.seen_at, now),
        clear_at=None if alert.clear_at is None else min(alert.clear_at, now),
    )
