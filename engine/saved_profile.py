"""The profile of this home: what was saved on the Settings screen joined with the variables of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.profiles import PREFERENCE, ResolvedProfile, load_profile
from engine.store import AuditTrail, PreferenceStore, Store

SUBJECT = "profile"


def load_saved(store: Store) -> dict[str, Any]:
    """Environment, policy and single fields as saved; empty when nothing was."""
    return dict(PreferenceStore(store).load_preference(PREFERENCE, {}) or {})


def list_provider_names(store: Store) -> tuple[str, ...]:
    """Names of the saved providers that are enabled, in the order in which they are asked."""
    rows = store.query(
        "SELECT name FROM providers WHERE coalesce(CAST(config->>'$.enabled' AS BOOLEAN), true)"
        " ORDER BY coalesce(CAST(config->>'$.priority' AS INTEGER), 0), name"
    )
    return tuple(row["name"] for row in rows)


def resolve_profile(
    store: Store, given: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> ResolvedProfile:
    """The profile in force for this home and process.

    Raises:
        UnknownNameError: no such environment, policy or field.
        SettingError: a value that cannot be; the message says where it stands.
    """
    return load_profile(environ, load_saved(store), providers=list_provider_names(store), given=given)


def save_profile(store: Store, values: Mapping[str, Any], who: str, reason: str = "") -> ResolvedProfile:
    """Save environment, policy and single fields in place of what was saved; nothing of it left empty is kept.

    Returns:
        The profile that follows, with this process's variables.

    Raises:
        UnknownNameError: no such environment, policy or field; nothing was saved.
        SettingError: a value that cannot be; nothing was saved.
    """
    before = load_saved(store)
    after = {name: value for name, value in values.items() if value is not None and value != ""}
    load_profile({}, after)
    if after != before:
        PreferenceStore(store).save_preference(PREFERENCE, after or None)
        AuditTrail(store).record_entry(who, "profile changed", SUBJECT, before=before, after=after, reason=reason)
    return resolve_profile(store)
