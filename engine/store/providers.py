"""Providers that people have set up, in the order in which they are asked. A key is named by its variable, never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from engine.errors import UnknownNameError
from engine.providers.specs import ProviderSpec, build_provider
from engine.store.audit_trail import AuditTrail
from engine.store.liveness import utc_now
from engine.store.store import Store


class ProviderStore:
    """Saved providers. A write is durable when it returns, and leaves an entry in the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_providers(self) -> tuple[ProviderSpec, ...]:
        """All of them, those that are switched off too, in the order in which they are asked."""
        specs = (build_provider(row["config"]) for row in self.list_rows())
        return tuple(sorted(specs, key=lambda spec: (spec.priority, spec.name)))

    def list_rows(self) -> list[dict[str, Any]]:
        """name, config, updated_by and updated_at of each, by name."""
        return self._store.query("SELECT * FROM providers ORDER BY lower(name), name")

    def load_provider(self, name: str) -> ProviderSpec:
        """One provider.

        Raises:
            UnknownNameError: there is none of that name.
        """
        known = {spec.name: spec for spec in self.list_providers()}
        if name not in known:
            raise UnknownNameError("provider", name, known, "Add one: python -m engine providers --add NAME")
        return known[name]

    def save_provider(self, spec: ProviderSpec, who: str) -> bool:
        """Keep a provider, in place of an earlier one of that name.

        Returns:
            whether there was an earlier one.
        """
        before = next((row["config"] for row in self.list_rows() if row["name"] == spec.name), None)
        self._write([spec], who)
        action = "provider added" if before is None else "provider changed"
        AuditTrail(self._store).record_entry(who, action, f"provider/{spec.name}", before=before, after=spec.as_json())
        return before is not None

    def order_providers(self, names: Sequence[str], who: str) -> None:
        """Ask them in this order from now on; those not named come after, in the order they have.

        Raises:
            UnknownNameError: a name that no provider has.
        """
        specs = {spec.name: spec for spec in self.list_providers()}
        for name in names:
            if name not in specs:
                raise UnknownNameError("provider", name, specs)
        order = [*names, *(name for name in specs if name not in names)]
        moved = [replace(specs[name], priority=i) for i, name in enumerate(order, 1) if specs[name].priority != i]
        if moved:
            self._write(moved, who)
            AuditTrail(self._store).record_entry(who, "providers ordered", "provider", before=list(specs), after=order)

    def delete_provider(self, name: str, who: str) -> None:
        """Forget a provider; the records of its calls stay.

        Raises:
            UnknownNameError: there is none of that name.
        """
        before = self.load_provider(name).as_json()
        self._store.execute("DELETE FROM providers WHERE name = ?", (name,))
        AuditTrail(self._store).record_entry(who, "provider removed", f"provider/{name}", before=before)

    def summarise_calls(self, hours: float = 24.0) -> dict[str, dict[str, Any]]:
        """By provider of the last hours: ``calls``, ``failed``, ``median_ms``, ``last_outcome``, ``state`` and ``state_at``
        of the breaker as some process last wrote them (None where it never changed)."""
        since = utc_now() - timedelta(hours=hours)
        rows = self._store.query(
            """
            SELECT provider, coalesce(calls, 0) AS calls, coalesce(failed, 0) AS failed, median_ms, last_outcome,
                state, state_at
            FROM (
                SELECT provider, count(*) AS calls, median(ms) AS median_ms, arg_max(outcome, started_at) AS last_outcome,
                    count(*) FILTER (outcome NOT IN ('ok', 'cancelled')) AS failed
                FROM provider_calls WHERE started_at >= ? GROUP BY provider
            ) FULL JOIN (
                SELECT provider, arg_max(state, changed_at) AS state, max(changed_at) AS state_at
                FROM breaker_changes GROUP BY provider
            ) USING (provider)""",
            (since,),
        )
        return {row["provider"]: row for row in rows}

    def _write(self, specs: Sequence[ProviderSpec], who: str) -> None:
        shared = {"updated_by": who, "updated_at": utc_now()}
        self._store.insert("providers", [{"name": spec.name, "config": spec.as_json(), **shared} for spec in specs])
