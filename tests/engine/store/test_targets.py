from __future__ import annotations

import pytest

from engine.errors import UnknownNameError
from engine.store import AuditTrail, Store, TargetStore

CONFIG = {"kind": "http", "url": "http://h/", "headers": {"Authorization": "Bearer ${BOT_TOKEN}"}}


def test_targets_are_saved_changed_and_removed_with_an_audit_trail(either: Store) -> None:
    targets = TargetStore(either)
    assert not targets.save_target("bot", CONFIG, "Ada")
    assert targets.save_target("bot", {**CONFIG, "url": "http://g/"}, "Ben")
    targets.save_target("Alpha", {"kind": "callable", "callable": "a:b"}, "Ada")
    assert [row["name"] for row in targets.list_targets()] == ["Alpha", "bot"]
    assert targets.load_target("bot")["config"]["url"] == "http://g/"
    assert targets.load_target("bot")["updated_by"] == "Ben"
    targets.delete_target("bot", "Ada")
    assert list(targets.load_configs()) == ["Alpha"]
    entries = AuditTrail(either).list_entries("target/bot")
    assert [(e["who"], e["action"]) for e in entries] == [
        ("Ada", "target removed"), ("Ben", "target changed"), ("Ada", "target added"),
    ]  # fmt: skip


def test_an_unknown_target_lists_the_known_ones(either: Store) -> None:
    TargetStore(either).save_target("bot", CONFIG, "Ada")
    with pytest.raises(UnknownNameError, match="Known: bot"):
        TargetStore(either).load_target("nope")
    with pytest.raises(UnknownNameError):
        TargetStore(either).delete_target("nope", "Ada")
