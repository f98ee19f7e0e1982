"""Tokens that open the HTTP API and, off loopback, the screens. The store keeps a hash; the token itself is shown once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import InputError, UnknownNameError
from engine.store.audit_trail import AuditTrail
from engine.store.liveness import utc_now
from engine.store.store import Store

SCOPES = {
    "ask": "put questions to the engine",
    "read": "read runs, gates, settings, metrics and health",
    "config": "change settings",
    "screens": "sign in to the screens, which can do everything",
}
PREFIX = "pgt_"
LONGEST_NAME = 60
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A token without its secret. Times are UTC."""

    token_id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def state(self, now: datetime | None = None) -> str:
        """live, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        expired = self.expires_at is not None and self.expires_at <= (now or utc_now())
        return "expired" if expired else "live"


class TokenStore:
    """Creates, lists and revokes tokens; both leave an entry in the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_token(
        self, name: str, scopes: Iterable[str], who: str, *, days: int | None = None
    ) -> tuple[str, TokenRecord]:
        """A new token, which nobody can read again, and its record.

        Args:
            days: how long it holds; None for as long as nobody revokes it.

        Raises:
            InputError: a name that is empty, too long or borne by a live token; no scope, or one that does not exist.
        """
        chosen = check_scopes(scopes)
        name = _check_name(name, [token.name for token in self.list_tokens() if token.state() == "live"])
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise InputError(
                f"days: expected 1 to {MOST_DAYS:,}, found {days}.",
                "Such as --days 90",
                fields={"days": "out of range"},
            )
        token = PREFIX + secrets.token_urlsafe(32)
        now = utc_now()
        record = TokenRecord(
            token_id=secrets.token_hex(4),
            name=name,
            hash=hash_token(token),
            scopes=chosen,
            made_by=who,
            made_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        row = {field: getattr(record, field) for field in TokenRecord.__dataclass_fields__}
        self._store.insert("api_tokens", [row | {"scopes": list(chosen)}])
        after = {"name": name, "scopes": list(chosen), "expires_at": _iso(record.expires_at)}
        AuditTrail(self._store).record_entry(who, "token created", f"token/{record.token_id}", after=after)
        return token, record

    def list_tokens(self) -> list[TokenRecord]:
        """All that were ever made, newest first."""
        rows = self._store.query("SELECT * FROM api_tokens ORDER BY made_at DESC, token_id")
        return [TokenRecord(**(row | {"scopes": tuple(row["scopes"])})) for row in rows]

    def revoke_token(self, wanted: str, who: str) -> TokenRecord:
        """End a token by its id, or by the name of a live one. Ending one that was ended before changes nothing.

        Raises:
            UnknownNameError: no such token.
        """
        tokens = self.list_tokens()
        found = next((t for t in tokens if t.token_id == wanted), None)
        found = found or next((t for t in tokens if t.name == wanted and t.state() == "live"), None)
        if found is None:
            known = [t.token_id for t in tokens]
            raise UnknownNameError("token", wanted, known, "List them: python -m engine tokens")
        if found.revoked_at is None:
            now = utc_now()
            self._store.execute("UPDATE api_tokens SET revoked_at = ? WHERE token_id = ?", (now, found.token_id))
            before = {"name": found.name, "scopes": list(found.scopes)}
            AuditTrail(self._store).record_entry(who, "token revoked", f"token/{found.token_id}", before=before)
        return found

    def record_use(self, token_id: str) -> None:
        """Note that a token was used now."""
        self._store.execute("UPDATE api_tokens SET used_at = ? WHERE token_id = ?", (utc_now(), token_id))


def hash_token(token: str) -> str:
    """sha256 in hex. A token has 256 random bits, so that neither salt nor slowness would add anything."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def match_token(token: str, records: Sequence[TokenRecord]) -> TokenRecord | None:
    """The record of a token, whatever its state; takes the same time wherever it stands."""
    wanted = hash_token(token)
    found = None
    for record in records:
        if hmac.compare_digest(record.hash, wanted):
            found = record
    return found


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes without repetition, in their usual order.

    Raises:
        InputError: none, or one that does not exist.
    """
    given = set(scopes)
    unknown = sorted(given - SCOPES.keys())
    if unknown or not given:
        found = f"found {unknown[0]!r}" if unknown else "found none"
        expected = f"expected one or more of {', '.join(SCOPES)}"
        raise InputError(
            f"scope: {expected}, {found}.", "Such as --scope ask --scope read", fields={"scopes": expected}
        )
    return tuple(scope for scope in SCOPES if scope in given)


def _check_name(name: str, taken: Sequence[str]) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        expected = f"expected 1 to {LONGEST_NAME} characters on one line"
        raise InputError(f"The token's name: {expected}.", "Name it after who will use it.", fields={"name": expected})
    if name in taken:
        raise InputError(
            f"There is a token called {name!r} already.",
            "Choose another name, or revoke that one first.",
            fields={"name": "is taken"},
        )
    return name


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
