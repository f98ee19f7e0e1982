"""``alerts``: what is wrong, who takes care, what stays quiet, and where alerts go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json

if TYPE_CHECKING:
    from engine.store import Store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(alerts)


def alerts(
    ack: Annotated[Optional[str], typer.Option(help="Say that you take care of this alert: its id, or its rule while it is open.")] = None,
    silence: Annotated[Optional[str], typer.Option(help="Keep a rule out of log and webhook; * is all of them.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=60 * 24 * 30, help="How long the silence lasts.")] = 60,
    reason: Annotated[str, typer.Option(help="Why; a silence needs it.")] = "",
    end_silence: Annotated[Optional[str], typer.Option(help="End the silence of this id.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Show the rules instead of the alerts.")] = False,
    rule: Annotated[Optional[str], typer.Option(help="Change this rule by the options below; without any, put the shipped one back.")] = None,
    threshold: Annotated[Optional[float], typer.Option(help="Where the rule's value becomes bad.")] = None,
    clear: Annotated[Optional[float], typer.Option(help="Where it is good again.")] = None,
    hold: Annotated[Optional[float], typer.Option(help="Seconds that it must be bad before the alert fires.")] = None,
    resolve: Annotated[Optional[float], typer.Option(help="Seconds that it must be good before the alert is over.")] = None,
    enabled: Annotated[Optional[bool], typer.Option("--on/--off", help="Whether the rule is evaluated.")] = None,
    webhook: Annotated[Optional[str], typer.Option(help="Send alerts to this Alertmanager; an empty address ends it.")] = None,
    webhook_token_env: Annotated[str, typer.Option(help="Environment variable of the webhook's bearer token.")] = "",
    link: Annotated[str, typer.Option(help="Where the app is served: alerts lead back there.")] = "",
    test: Annotated[bool, typer.Option("--test", help="Send a test alert to the webhook.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most alerts to show.")] = 20,
    json: Json = False,
) -> None:  # fmt: skip
    """Show alerts, open ones first. Acknowledge, silence, change rules, say where alerts go."""
    from engine.alerting import end_alert_silence, silence_alerts
    from engine.identity import find_person
    from engine.operations.alert_rules import save_rule
    from engine.operations.alerts import send_test_alert
    from engine.operations.webhook import Webhook, require_webhook, save_webhook
    from engine.store import open_store
    from engine.store.alerts import AlertStore

    who = find_person()
    with open_store() as store:
        if ack:
            AlertStore(store).acknowledge(ack, who)
        if silence:
            silence_alerts(store, silence, minutes, reason, who)
        if end_silence:
            end_alert_silence(store, end_silence, who)
        if rule:
            given = {"threshold": threshold, "clear": clear, "hold_s": hold, "resolve_s": resolve, "enabled": enabled}
            save_rule(store, rule, {name: value for name, value in given.items() if value is not None}, who)
        if webhook is not None:
            made = Webhook(url=webhook, token_env=webhook_token_env, link=link) if webhook else None
            save_webhook(store, made, who)
        if test:
            send_test_alert(require_webhook(store))
        found = _read(store, limit)
    found["tested"] = test
    if json:
        print_json(found)
    elif rules or rule:
        _print_rules(found["rules"])
    else:
        _print_alerts(found)


def _read(store: Store, limit: int) -> dict[str, Any]:
    from engine.operations.alert_rules import load_rules
    from engine.operations.webhook import load_webhook
    from engine.store.alerts import AlertStore

    alerts = AlertStore(store)
    webhook = load_webhook(store)
    return {
        "alerts": alerts.list_alerts(limit),
        "silences": alerts.list_silences(),
        "rules": [found.as_json() for found in load_rules(store).values()],
        "webhook": webhook.address if webhook else None,
    }


def _print_alerts(found: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = open_console()
    table = Table("state", "since (UTC)", "rule", "what", "taken by")
    for row in found["alerts"]:
        since = row["resolved_at"] or row["firing_at"] or row["pending_at"]
        cells = (row["state"], f"{since:%m-%d %H:%M}", row["rule"], row["summary"], row["acknowledged_by"])
        table.add_row(*map(Text, cells))
    console.print(table if found["alerts"] else "No alerts. The rules: python -m engine alerts --rules")
    for row in found["silences"]:
        words = f"Silent until {row['until']:%m-%d %H:%M} UTC: {row['rule']} ({row['reason']}, {row['made_by']}, {row['silence_id']})"
        console.print(words, markup=False)
    console.print(f"Webhook: {found['webhook'] or 'none'}", markup=False)
    if found["tested"]:
        console.print("The test alert was taken.")


def _print_rules(rules: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from engine.operations.alerts import format_value

    table = Table()
    for title in ("rule", "fires when"):
        table.add_column(title, no_wrap=True)
    for title in ("clear at", "after", "over after", "requests", "on"):
        table.add_column(title)
    for rule in rules:
        table.add_row(
            rule["name"],
            f"{rule['side']} {format_value(rule['threshold'], rule['unit'])}",
            format_value(rule["clear"], rule["unit"]),
            f"{rule['hold_s']:g} s",
            f"{rule['resolve_s']:g} s",
            str(rule["min_samples"]) if rule["min_samples"] > 1 else "",
            "yes" if rule["enabled"] else "no",
        )
    open_console().print(table)
