"""Alerts to an Alertmanager, or to anything that takes its format: ``POST /api/v2/alerts``, a list of alerts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from engine.errors import InputError, PhasegateError
from engine.store import AuditTrail, PreferenceStore, Store

PREFERENCE = "alert_webhook"
PATH = "/api/v2/alerts"
TIMEOUT_S = 5.0
ATTEMPTS = 3
LASTS = timedelta(minutes=5)
"""A firing alert is sent again before this is over; a receiver that hears no more takes it as resolved."""


class WebhookError(PhasegateError):
    """The receiver of alerts could not be reached, or did not take them."""

    guide = "docs/guide/errors.md#webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where alerts go. ``token_env`` names the environment variable of a bearer token; ``link`` leads back to the app."""

    url: str
    token_env: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        for name, url in (("url", self.url), ("link", self.link)):
            parts = urlsplit(url)
            if (url or name == "url") and (parts.scheme not in ("http", "https") or not parts.hostname):
                raise InputError(
                    f"The webhook's {name} is {url!r}; expected http://host:port or https://host.",
                    "An Alertmanager listens on http://127.0.0.1:9093 by default.",
                )
            if parts.username or parts.password:
                raise InputError(
                    f"The webhook's {name} holds a password.",
                    "Put a token into an environment variable and name that variable.",
                )

    @property
    def address(self) -> str:
        """The full address: an Alertmanager's path is added where none is given."""
        return self.url if urlsplit(self.url).path.strip("/") else self.url.rstrip("/") + PATH


def load_webhook(store: Store) -> Webhook | None:
    """Where alerts go; None while nobody said."""
    saved = PreferenceStore(store).load_preference(PREFERENCE)
    try:
        return Webhook(**saved) if saved else None
    except (InputError, TypeError):
        return None


def require_webhook(store: Store) -> Webhook:
    """Where alerts go.

    Raises:
        InputError: nobody said.
    """
    webhook = load_webhook(store)
    if webhook is None:
        raise InputError(
            "No webhook is set, so there is nobody to send a test to.",
            "Set one: python -m engine alerts --webhook http://127.0.0.1:9093",
        )
    return webhook


def save_webhook(store: Store, webhook: Webhook | None, who: str) -> None:
    """Send alerts there from now on; None ends it."""
    before = PreferenceStore(store).load_preference(PREFERENCE)
    after = asdict(webhook) if webhook else None
    PreferenceStore(store).save_preference(PREFERENCE, after)
    AuditTrail(store).record_entry(who, "alert webhook changed", "alerts/webhook", before=before, after=after)


def build_payload(alert: Mapping[str, Any], unit: str, link: str, now: datetime) -> dict[str, Any]:
    """One alert in Alertmanager's words. ``endsAt`` of a firing one lies ahead, that of a resolved one behind."""
    ends = alert["resolved_at"] or now + LASTS
    payload = {
        "labels": {
            "alertname": f"phasegate_{alert['rule']}",
            "severity": alert["severity"],
            "service": "phasegate",
            "rule": alert["rule"],
        },
        "annotations": {
            "summary": alert["summary"],
            "value": "" if alert["value"] is None else f"{alert['value']:g} {unit}",
            "threshold": f"{alert['threshold']:g} {unit}",
            "alert_id": alert["alert_id"],
        },
        "startsAt": _stamp(alert["firing_at"] or alert["pending_at"]),
        "endsAt": _stamp(ends),
    }
    return payload | ({"generatorURL": link} if link else {})


def post_alerts(webhook: Webhook, payload: Sequence[Mapping[str, Any]]) -> None:
    """Send alerts; a failure that may pass is tried again, three times in all.

    Raises:
        WebhookError: not reached, or not taken. The message names host and status, never a token.
    """
    token = os.environ.get(webhook.token_env, "") if webhook.token_env else ""
    if webhook.token_env and not token:
        raise WebhookError(
            f"The webhook's token is to come from {webhook.token_env}, which is not set.",
            "Set that environment variable where the app is started.",
        )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        for attempt in Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(0.2, max=2.0, jitter=0.2),
            retry=retry_if_exception(_may_pass),
            reraise=True,
        ):
            with attempt:
                httpx.post(webhook.address, json=list(payload), headers=headers, timeout=TIMEOUT_S).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise WebhookError(
            f"{webhook.address} answered {error.response.status_code} to our alerts, expected 200.",
            "Check the address; an Alertmanager takes them at /api/v2/alerts.",
        ) from error
    except httpx.HTTPError as error:
        raise WebhookError(
            f"{webhook.address} could not be reached: {type(error).__name__}.",
            "Check that the receiver runs and that its address and port are right.",
        ) from error


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.TransportError)


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
