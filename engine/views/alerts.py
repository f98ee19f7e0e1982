"""Alerts: what is wrong now, what was, the rules, where alerts go, what was mended, how each part is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.operations.alert_rules import RULES, AlertRule, load_rules
from engine.operations.alerts import find_silence, format_value
from engine.operations.health import HealthCheck, summarise
from engine.operations.webhook import load_webhook
from engine.store import Store
from engine.store.alerts import ALL_RULES, AlertStore
from engine.store.liveness import utc_now
from engine.store.recoveries import RecoveryStore
from engine.views.words import DASH, ago, clock, duration, milliseconds, plural

SILENCES = {60: "1 hour", 240: "4 hours", 1440: "1 day", 10080: "1 week"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert that is pending or fires.

    ``clearing`` says since when the value is good again, ``told`` what the webhook heard, ``quiet`` until when it is
    silenced.
    """

    alert_id: str
    rule: str
    title: str
    state: str
    severity: str
    summary: str
    since: str
    clearing: str
    acknowledged: str
    told: str
    failed: bool
    quiet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A silence that lasts."""

    silence_id: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule with its numbers as they may be changed; ``changed`` when they are not the shipped ones."""

    rule: AlertRule
    fires: str
    clears: str
    needs: str
    state: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsView:
    """Everything on the Alerts screen but the health checks."""

    headline: str
    open: tuple[OpenAlert, ...]
    history: tuple[Mapping[str, Any], ...]
    silences: tuple[SilenceRow, ...]
    rules: tuple[RuleRow, ...]
    silence_choices: Mapping[str, str]
    webhook: Mapping[str, str] | None
    recoveries: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """What the checks found, as rows, and in a sentence."""

    state: str
    headline: str
    rows: tuple[Mapping[str, str], ...]


def load_alerts_view(store: Store, zone: str | None = None) -> AlertsView:
    """Alerts, rules, silences, webhook and recoveries."""
    alerts = AlertStore(store)
    now = utc_now()
    silences = alerts.list_silences(now)
    rules = load_rules(store)
    rows = alerts.list_alerts(200)
    worst_first = sorted(rows, key=lambda row: (row["state"] != "firing", row["severity"] != "critical"))
    opened = tuple(_open(row, rules, silences, zone) for row in worst_first if row["state"] != "resolved")
    states = {alert.rule: alert.state for alert in opened}
    webhook = load_webhook(store)
    return AlertsView(
        headline=_headline(opened),
        open=opened,
        history=tuple(_past(row, zone) for row in rows if row["state"] == "resolved"),
        silences=tuple(
            SilenceRow(
                silence_id=row["silence_id"],
                words=f"{_name(row['rule'])} until {clock(row['until'], zone)}: {row['reason']} ({row['made_by']})",
            )
            for row in silences
        ),
        rules=tuple(_rule(rule, states) for rule in rules.values()),
        silence_choices={ALL_RULES: "All rules", **{name: rule.title for name, rule in rules.items()}},
        webhook={"url": webhook.url, "token_env": webhook.token_env, "link": webhook.link, "address": webhook.address}
        if webhook
        else None,
        recoveries=tuple(_recovery(row, zone) for row in RecoveryStore(store).list_recoveries(200)),
    )


def describe_health(checks: Sequence[HealthCheck]) -> HealthView:
    """What the checks found."""
    state = summarise(checks)
    bad = [check.name for check in checks if check.status == "fail"]
    odd = [check.name for check in checks if check.status == "warn"]
    if bad:
        headline = f"{plural(len(bad), 'part fails', 'parts fail')}: {', '.join(bad)}."
    elif odd:
        headline = (
            f"All {len(checks)} parts work; {plural(len(odd), 'one deserves', 'deserve')} a look: {', '.join(odd)}."
        )
    else:
        headline = f"All {len(checks)} parts are well."
    rows = tuple(
        {
            "name": check.name,
            "state": check.status,
            "reason": check.reason,
            "advice": check.advice,
            "latency": milliseconds(check.latency_ms),
        }
        for check in checks
    )
    return HealthView(state=state, headline=headline, rows=rows)


def _headline(opened: Sequence[OpenAlert]) -> str:
    firing = [alert for alert in opened if alert.state == "firing"]
    if firing:
        return f"{plural(len(firing), 'alert fires', 'alerts fire')}."
    if opened:
        return f"Nothing fires; {plural(len(opened), 'rule is', 'rules are')} beyond the threshold for a short time."
    return "Nothing is wrong."


def _open(
    row: Mapping[str, Any], rules: Mapping[str, AlertRule], silences: list[dict[str, Any]], zone: str | None
) -> OpenAlert:
    told = row["notified"].get("webhook")
    silence = find_silence(silences, row["rule"])
    words = "" if told is None else told["error"] or f"The webhook was told {ago(datetime.fromisoformat(told['at']))}."
    return OpenAlert(
        alert_id=row["alert_id"],
        rule=row["rule"],
        title=_title(row["rule"], rules),
        state=row["state"],
        severity=row["severity"],
        summary=_shorten(row["summary"], _title(row["rule"], rules)),
        since=f"since {clock(row['firing_at'] or row['pending_at'], zone)}",
        clearing=f"Good again {ago(row['clear_at'])}; over when it stays so for {_span(row['rule'], rules)}."
        if row["clear_at"]
        else "",
        acknowledged=f"{row['acknowledged_by']} takes care of it, {ago(row['acknowledged_at'])}"
        if row["acknowledged_by"]
        else "",
        told=words,
        failed=bool(told and told["error"]),
        quiet=f"Silent until {clock(silence['until'], zone)}: {silence['reason']}" if silence else "",
    )


def _span(rule: str, rules: Mapping[str, AlertRule]) -> str:
    return duration(rules[rule].resolve_s) if rule in rules else "a while"


def _shorten(summary: str, title: str) -> str:
    """Without the title, which stands above it."""
    rest = summary.removeprefix(f"{title}: ")
    return rest[:1].upper() + rest[1:]


def _past(row: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    lasted = (row["resolved_at"] - row["firing_at"]).total_seconds() if row["firing_at"] else None
    return {
        "rule": _name(row["rule"]),
        "severity": row["severity"],
        "fired": clock(row["firing_at"], zone),
        "lasted": duration(max(0.0, lasted)) if lasted is not None else DASH,
        "summary": _shorten(row["summary"], _name(row["rule"])),
        "taken": row["acknowledged_by"] or DASH,
    }


def _rule(rule: AlertRule, states: Mapping[str, str]) -> RuleRow:
    needs = f"at least {rule.min_samples} requests" if rule.min_samples > 1 else ""
    return RuleRow(
        rule=rule,
        fires=f"{_beyond(rule)} {_lasting(rule.hold_s)}",
        clears=f"{format_value(rule.clear, rule.unit) if rule.clear else 'none'} {_lasting(rule.resolve_s)}",
        needs=needs,
        state="off" if not rule.enabled else states.get(rule.name, "quiet"),
        changed=rule != RULES[rule.name],
    )


def _beyond(rule: AlertRule) -> str:
    if rule.side == "above" and not rule.threshold:
        return f"any {rule.unit.removesuffix('s')}"
    return f"{rule.side} {format_value(rule.threshold, rule.unit)}"


def _lasting(seconds: float) -> str:
    return f"for {duration(seconds)}" if seconds else "at once"


def _recovery(row: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    return {
        "when": clock(row["happened_at"], zone),
        "what": f"{row['component']} {row['subject']}",
        "action": row["action"],
        "outcome": row["outcome"],
        "took": milliseconds(row["ms"] or None),
        "reason": row["reason"],
    }


def _title(rule: str, rules: Mapping[str, AlertRule]) -> str:
    return rules[rule].title if rule in rules else rule


def _name(rule: str) -> str:
    return "All rules" if rule == ALL_RULES else _title(rule, RULES)
