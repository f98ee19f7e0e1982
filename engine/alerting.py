"""What a person does about alerts, from the screen or the shell: silence them, and say why."""

from __future__ import annotations

from datetime import timedelta

from engine.errors import InputError
from engine.operations.alerts import check_silence
from engine.store import AuditTrail, Store
from engine.store.alerts import AlertStore
from engine.store.liveness import utc_now

LONGEST_MINUTES = 60 * 24 * 30


def silence_alerts(store: Store, rule: str, minutes: int, reason: str, who: str) -> str:
    """Keep a rule's alerts (``*``: all) out of log and webhook; the silence's id.

    Raises:
        InputError: no reason, or a time that is not 1 minute to 30 days.
        UnknownNameError: no such rule.
    """
    check_silence(rule)
    if not reason.strip():
        raise InputError("A silence needs a reason.", "Say why, for those who wonder what they did not hear.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise InputError(f"A silence of {minutes} minutes: expected 1 to {LONGEST_MINUTES:,}.")
    until = utc_now() + timedelta(minutes=minutes)
    silence_id = AlertStore(store).add_silence(rule, until, reason.strip(), who)
    AuditTrail(store).record_entry(
        who, "alerts silenced", f"alerts/{rule}", after={"until": until, "id": silence_id}, reason=reason.strip()
    )
    return silence_id


def end_alert_silence(store: Store, silence_id: str, who: str) -> None:
    """Let its alerts be heard from now on.

    Raises:
        UnknownNameError: no silence of that id lasts.
    """
    AlertStore(store).end_silence(silence_id)
    AuditTrail(store).record_entry(who, "silence ended", "alerts/silence", before={"id": silence_id})
