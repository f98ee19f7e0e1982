"""The audit trail: what leaves an entry, finding one, and pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.code_audit.audit import audit_tree
from engine.settings import ROOT
from engine.store import AuditTrail, Store, open_store
from engine.store.config_audits import record_config_audit
from engine.store.tokens import TokenStore
from engine.views.settings import save_settings
from engine.views.trail import load_trail
from tests.conftest import RunCli


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def test_saved_settings_leave_an_entry_with_only_what_was_changed(store: Store) -> None:
    save_settings(store, {"top_k": 7}, "ann", "a try")
    save_settings(store, {"top_k": 7}, "ann")
    save_settings(store, {"top_k": 7, "mode": "dense"}, "bob")
    newest, first = load_trail(store).rows
    assert (newest["who"], newest["subject"]) == ("bob", "settings/pipeline")
    assert (newest["before"], newest["after"]) == ("mode hybrid", "mode dense")
    assert (first["action"], first["reason"]) == ("settings changed", "a try")


def test_a_token_is_named_and_never_shown(store: Store) -> None:
    token, record = TokenStore(store).create_token("robot", ("ask",), "ann")
    TokenStore(store).revoke_token(record.token_id, "bob")
    view = load_trail(store, "TOKEN")
    assert [row["action"] for row in view.rows] == ["token revoked", "token created"]
    assert token not in str(view) and record.hash not in str(view)


def test_words_find_entries_by_who_what_and_why_and_pages_end(store: Store) -> None:
    for number in range(5):
        AuditTrail(store).record_entry("ann", "prompt saved", f"prompt/p@{number}", reason="Shorter")
    AuditTrail(store).record_entry("address 10.0.0.9", "access refused", "api/token")
    assert load_trail(store, "refused").total == load_trail(store, "10.0.0").total == 1
    assert load_trail(store, "SHORTER").total == 5
    assert load_trail(store, "%").total == 0
    view = load_trail(store, page=9, per_page=4)
    assert (view.page, view.pages, view.first, len(view.rows), view.total) == (2, 2, 5, 2, 6)


def test_the_last_configuration_audit_is_named(store: Store, tmp_path: Path) -> None:
    assert "not been audited yet" in load_trail(store).audit
    (tmp_path / "code").mkdir()
    record_config_audit(store, audit_tree(tmp_path / "code").as_json() | {"path": str(ROOT)})
    assert "configuration audit passed with 0 findings" in load_trail(store).audit


def test_clearing_the_cache_is_in_the_trail_of_the_command_line(home: Path, run_cli: RunCli) -> None:
    assert run_cli("cache", "--clear", home=home).returncode == 0
    out = run_cli("trail", "--search", "cache", home=home).stdout
    assert "cache cleared" in out and "Page 1 of 1, 1 entries." in out
    assert '"total": 1' in run_cli("trail", "--json", home=home).stdout
