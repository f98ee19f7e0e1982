"""The evaluator of alert rules: one of all processes of a home, by a lease. Tells the log and the webhook."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from engine.errors import UnknownNameError
from engine.operations.alert_rules import RULES, AlertRule, load_rules
from engine.operations.alert_states import AlertState, Reading, advance
from engine.operations.webhook import Webhook, WebhookError, build_payload, load_webhook, post_alerts
from engine.store import Store
from engine.store.alerts import ALL_RULES, AlertStore
from engine.store.leases import LeaseStore
from engine.store.liveness import utc_now

LEASE = "alert evaluator"
LEASE_S = 60.0
RESEND = timedelta(minutes=1)
TELL_RESOLVED = timedelta(hours=1)
"""How long a receiver that is out of reach is still told that an alert is over."""

log = logging.getLogger("phasegate.alerts")


class AlertEvaluator:
    """Reads, judges, keeps and tells. All that it knows lies in the store: another process can go on at any time.

    Args:
        read: readings by the rule's name, at a time.
    """

    def __init__(
        self, store: Store, read: Callable[[datetime], Mapping[str, Reading]], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._alerts = AlertStore(store)
        self._leases = LeaseStore(store)
        self._read = read
        self._clock = clock
        self._holder = f"{os.getpid()}-{secrets.token_hex(4)}"

    def evaluate(self) -> bool:
        """One round. False when another process does it."""
        now = self._clock()
        if not self._leases.take(LEASE, self._holder, LEASE_S, now):
            return False
        self._tell(self._judge_all(now), now)
        return True

    def close(self) -> None:
        """Let another process go on at once."""
        self._leases.give_back(LEASE, self._holder)

    def _judge_all(self, now: datetime) -> dict[str, AlertRule]:
        rules = load_rules(self._store)
        readings = self._read(now)
        open_alerts = {row["rule"]: row for row in self._alerts.list_open()}
        for name, rule in rules.items():
            self._judge(rule, open_alerts.get(name), readings.get(name, Reading(value=None)), now)
        return rules

    def _judge(self, rule: AlertRule, row: Mapping[str, Any] | None, reading: Reading, now: datetime) -> None:
        before = read_state(row) if row else None
        after = advance(rule, before, reading, now)
        if row is None:
            if after is not None:
                self._open(rule, after, reading, now)
            return
        if after is None:
            self._alerts.drop_alert(row["alert_id"])
            return
        changes = asdict(after)
        if after.clear_at is None and reading.value is not None:  # what was wrong stays to be read once it is good
            changes |= {"value": reading.value, "threshold": rule.threshold, "summary": describe(rule, reading)}
        self._alerts.update_alert(row["alert_id"], **changes)
        if before is not None and before.state != after.state:
            found = {} if reading.value is None else {"summary": describe(rule, reading)}
            self._log({**row, **changes, **found}, now)

    def _open(self, rule: AlertRule, alert: AlertState, reading: Reading, now: datetime) -> None:
        row = {
            "alert_id": f"{rule.name}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            "rule": rule.name,
            "severity": rule.severity,
            "summary": describe(rule, reading),
            "value": reading.value,
            "threshold": rule.threshold,
            **asdict(alert),
        }
        self._alerts.open_alert(row)
        if alert.state == "firing":
            self._log(row, now)

    def _log(self, row: Mapping[str, Any], now: datetime) -> None:
        if not find_silence(self._alerts.list_silences(now), row["rule"]):
            log.warning("alert %s %s: %s", row["rule"], row["state"], row["summary"])

    def _tell(self, rules: Mapping[str, AlertRule], now: datetime) -> None:
        """Send what fires, now and again, and what is over, once."""
        webhook = load_webhook(self._store)
        if webhook is None:
            return
        rows = [row for row in self._alerts.list_open() if row["state"] == "firing"]
        rows += self._alerts.list_untold(now - TELL_RESOLVED)
        silences = self._alerts.list_silences(now)
        due = [row for row in rows if _is_due(row, now) and not find_silence(silences, row["rule"])]
        if not due:
            return
        told = {"state": "", "at": f"{now:%Y-%m-%d %H:%M:%S}", "error": ""}
        try:
            post_alerts(webhook, [build_payload(r, rules[r["rule"]].unit, webhook.link, now) for r in due])
        except WebhookError as error:
            told["error"] = error.message
            log.warning("alerts were not sent: %s", error.message)
        for row in due:
            entry = {**told, "state": row["state"]}
            self._alerts.update_alert(row["alert_id"], notified={**row["notified"], "webhook": entry})


def describe(rule: AlertRule, reading: Reading) -> str:
    """The value against the threshold, in a sentence, and whom it concerns."""
    value = "no value" if reading.value is None else format_value(reading.value, rule.unit)
    detail = f" ({reading.detail})" if reading.detail else ""
    counts = f" over {reading.samples} requests" if rule.min_samples > 1 else ""
    limit = f"at {'least' if rule.side == 'below' else 'most'} {format_value(rule.threshold, rule.unit)}"
    expected = "expected none" if rule.side == "above" and rule.threshold == 0 else f"expected {limit}"
    return f"{rule.title}: {value}{detail}{counts}, {expected}."


def format_value(value: float, unit: str) -> str:
    """A value with its unit; a share as per cent, one of several things in the singular."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    if value == 1 and unit.endswith("s") and unit != "ms":
        return f"1 {unit[:-1]}"
    digits = 0 if value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def read_state(row: Mapping[str, Any]) -> AlertState:
    """The state that a row of ``alerts`` holds."""
    return AlertState(**{name: row[name] for name in AlertState.__dataclass_fields__})


def find_silence(silences: list[dict[str, Any]], rule: str) -> dict[str, Any] | None:
    """The silence that keeps a rule quiet."""
    return next((row for row in silences if row["rule"] in (rule, ALL_RULES)), None)


def send_test_alert(webhook: Webhook) -> None:
    """Send an alert that says that it is a test; it ends by itself after five minutes.

    Raises:
        WebhookError: not reached, or not taken.
    """
    now = utc_now()
    row = {
        "alert_id": f"test-{now:%Y%m%d-%H%M%S}",
        "rule": "test",
        "severity": "info",
        "summary": "A test of the webhook. Nothing is wrong.",
        "value": None,
        "threshold": 0.0,
        "pending_at": now,
        "firing_at": now,
        "resolved_at": None,
    }
    post_alerts(webhook, [build_payload(row, "", webhook.link, now)])


def check_silence(rule: str) -> None:
    """Refuse a silence for a rule that does not exist.

    Raises:
        UnknownNameError: neither ``*`` nor a rule.
    """
    if rule != ALL_RULES and rule not in RULES:
        raise UnknownNameError("alert rule", rule, [ALL_RULES, *RULES], "python -m engine alerts --rules shows them.")


def _is_due(row: Mapping[str, Any], now: datetime) -> bool:
    told = row["notified"].get("webhook")
    if row["state"] == "resolved":
        # One that no receiver ever heard of firing need not be taken back.
        return told is not None and (told["state"] != "resolved" or bool(told["error"]))
    if told is None or told["state"] != row["state"] or told["error"]:
        return True
    return abs(now - datetime.fromisoformat(told["at"])) >= RESEND
