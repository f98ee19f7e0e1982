"""Tables of the Live screen: alerts, reasons of failure, cache tiers, providers and breakers, limiter and admission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.providers.breaker import read_state
from engine.views.words import DASH, ago, clock, count, milliseconds, percent

PartRow = Mapping[str, Any]
BREAKER_WORDS = {"closed": "● closed", "open": "✕ open", "half_open": "◐ half-open", "due": "◔ tried next"}
_TIERS = ("memory", "store", "semantic", "vectors", "retrieval")


def list_alerts(rows: Sequence[Mapping[str, Any]], zone: str | None) -> tuple[PartRow, ...]:
    """Alerts that are pending or firing, worst first."""
    ordered = sorted(rows, key=lambda row: (row["state"] != "firing", row["severity"] != "critical"))
    return tuple(
        {
            "state": "▲ firing" if row["state"] == "firing" else "△ pending",
            "severity": row["severity"],
            "alert": row["summary"] or row["rule"],
            "since": clock(row["firing_at"] or row["pending_at"], zone),
            "acknowledged": row["acknowledged_by"] or DASH,
        }
        for row in ordered
    )


def list_reasons(rows: Sequence[Mapping[str, Any]], requests: int) -> tuple[PartRow, ...]:
    """Why requests were degraded, refused or failed."""
    return tuple(
        {
            "outcome": row["outcome"],
            "reason": row["reason"] or DASH,
            "requests": row["requests"],
            "share": percent(row["requests"] / requests if requests else None, 2),
        }
        for row in rows
    )


def list_tiers(rows: Sequence[Mapping[str, Any]], requests: int, described: Mapping[str, Any]) -> tuple[PartRow, ...]:
    """Each cache tier in the window, and what it holds in this process; then the requests that were computed."""
    found = {row["tier"]: row for row in rows}
    names = [name for name in _TIERS if name in found or name in described]
    table = [_tier(name, found.get(name), requests, described.get(name)) for name in names]
    if None in found:
        table.append(_tier("computed, no cache", found[None], requests, None))
    return tuple(table)


def _tier(name: str, row: Mapping[str, Any] | None, requests: int, held: Mapping[str, Any] | None) -> dict[str, Any]:
    looked = (held or {}).get("hit", 0) + (held or {}).get("miss", 0)
    return {
        "tier": name,
        "requests": row["requests"] if row else 0,
        "share": percent(row["requests"] / requests if row and requests else None),
        "p50": milliseconds(row["p50_ms"] if row else None),
        "hit rate here": percent(held["hit"] / looked if held and looked else None),
        "entries here": count((held or {}).get("entries")),
        "evicted here": count((held or {}).get("evicted")),
    }


def list_providers(
    rows: Sequence[Mapping[str, Any]], breakers: Mapping[str, Mapping[str, Any]], now: datetime, zone: str | None
) -> tuple[PartRow, ...]:
    """Each provider that was called in the window or whose breaker is not closed, as it stands at ``now``."""
    called = {row["provider"]: row for row in rows}
    names = [*called, *(name for name, b in breakers.items() if name not in called and b["state"] != "closed")]
    return tuple(_provider(name, called.get(name), breakers.get(name), now, zone) for name in names)


def _provider(
    name: str, row: Mapping[str, Any] | None, breaker: Mapping[str, Any] | None, now: datetime, zone: str | None
) -> dict[str, Any]:
    p50, p95 = (row["ms"] if row and row["ms"] else None) or (None, None)
    state = read_state(breaker["state"], breaker["changed_at"], now) if breaker else "closed"
    failed = bool(row and row["failed"])
    return {
        "provider": name,
        "breaker": BREAKER_WORDS.get(state, state),
        "calls": row["calls"] if row else 0,
        "failed": percent(row["failed"] / row["calls"] if row and row["calls"] else None, 2),
        "p50": milliseconds(p50),
        "p95": milliseconds(p95),
        "first token": milliseconds(row["first_token_ms"] if row else None),
        "tokens": count(int(row["tokens"] or 0) if row else None),
        "cost": DASH if row is None or row["cost_usd"] is None else f"{row['cost_usd']:.4g} USD",
        "last failure": f"{row['last_failure']}, {ago(row['last_failed_at'])}" if row and failed else DASH,
        "breaker since": f"{clock(breaker['changed_at'], zone)}: {breaker['reason']}" if breaker else "never changed",
    }


def list_breakers(rows: Sequence[Mapping[str, Any]], zone: str | None) -> tuple[PartRow, ...]:
    """Changes of breakers, newest first."""
    return tuple(
        {
            "when": clock(row["changed_at"], zone),
            "provider": row["provider"],
            "became": BREAKER_WORDS.get(row["state"], row["state"]),
            "because": row["reason"] or DASH,
        }
        for row in rows
    )


def list_gates(described: Mapping[str, Any] | None) -> tuple[PartRow, ...]:
    """Limiter, admission and quotas of this process; empty where nothing was served."""
    if not described:
        return ()
    admission, limiter = described.get("admission") or {}, described.get("limiter") or {}
    rows: list[PartRow] = []
    if admission:
        busy = f"{admission['active']} of {admission['concurrency']} at work, {admission['waiting']} of {admission['queue']} waiting"
        rows.append({"part": "Admission", "now": busy, "since the start": _admitted(admission)})
    if limiter:
        pace = f"{limiter['calls_per_second']:g} calls a second" if limiter["calls_per_second"] else "no pace set"
        slowed = f"slowed {limiter['factor']:.2g}x: {limiter['pressure']}" if limiter["pressure"] else "not slowed"
        now = f"{slowed}, {pace}, {limiter['waiting']} waiting"
        errors, trip = limiter["error_rate"], limiter["round_trip_s"]
        recent = f"errors {percent(errors)}, round trip {DASH if trip is None else f'{trip:.2g} s'}"
        rows.append({"part": "Limiter", "now": now, "since the start": recent})
    if "quotas" in described:
        rows.append(
            {"part": "Quotas", "now": DASH, "since the start": f"{count(described['quotas']['refused'])} refused"}
        )
    if "pipelines" in described:
        rows.append({"part": "Warm pipelines", "now": count(described["pipelines"]), "since the start": DASH})
    return tuple(rows)


def _admitted(admission: Mapping[str, Any]) -> str:
    words = f"{count(admission['admitted'])} admitted, {count(admission['refused'])} refused"
    held = admission.get("service_s")
    return words if held is None else f"{words}, a slot is held {held:.2g} s"
