from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import InputError, UnknownNameError
from engine.store import AuditTrail, Store, open_store
from engine.store.liveness import utc_now
from engine.store.tokens import TokenStore, hash_token, match_token


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def test_the_store_keeps_a_hash_and_never_the_token(store: Store) -> None:
    token, record = TokenStore(store).create_token("ci", ["read", "ask", "ask"], "Ada", days=30)
    assert record.scopes == ("ask", "read") and record.hash == hash_token(token)
    (listed,) = TokenStore(store).list_tokens()
    assert listed == record
    everything = str(store.query("SELECT * FROM api_tokens")) + str(AuditTrail(store).list_entries())
    assert token not in everything and record.hash not in str(AuditTrail(store).list_entries())


def test_a_token_is_live_then_expired_and_once_revoked_stays_so(store: Store) -> None:
    _, record = TokenStore(store).create_token("ci", ["ask"], "Ada", days=1)
    assert record.state() == "live" and record.state(utc_now() + timedelta(days=2)) == "expired"
    tokens = TokenStore(store)
    tokens.revoke_token("ci", "Ben")
    first = tokens.list_tokens()[0].revoked_at
    tokens.revoke_token(record.token_id, "Ben")
    assert tokens.list_tokens()[0].state() == "revoked" and tokens.list_tokens()[0].revoked_at == first
    assert [(e["who"], e["action"]) for e in AuditTrail(store).list_entries()] == [
        ("Ben", "token revoked"),
        ("Ada", "token created"),
    ]


def test_a_name_is_free_again_once_its_token_has_ended(store: Store) -> None:
    tokens = TokenStore(store)
    tokens.create_token("ci", ["ask"], "Ada")
    with pytest.raises(InputError, match="already"):
        tokens.create_token(" ci ", ["ask"], "Ada")
    tokens.revoke_token("ci", "Ada")
    tokens.create_token("ci", ["ask"], "Ada")
    with pytest.raises(UnknownNameError):
        tokens.revoke_token("nobody", "Ada")


@pytest.mark.parametrize("name", ["", "x" * 61, "two\nlines", "\x00"])
def test_a_name_that_cannot_be_shown_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        TokenStore(store).create_token(name, ["ask"], "Ada")


def test_a_token_is_found_by_itself_alone(store: Store) -> None:
    tokens = TokenStore(store)
    made = [tokens.create_token(f"t{i}", ["ask"], "Ada") for i in range(3)]
    assert match_token(made[1][0], tokens.list_tokens()) == made[1][1]
    assert match_token(made[1][0][:-1], tokens.list_tokens()) is None
    assert match_token("\ud800", tokens.list_tokens()) is None
