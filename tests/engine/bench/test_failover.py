"""``bench failover``, with fewer requests: two servers as processes, one of them killed while it answers."""

from __future__ import annotations

import pytest

from engine.bench import failover


def test_a_provider_killed_in_the_middle_loses_no_request_and_gives_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "REQUESTS", 40)
    monkeypatch.setattr(failover, "AT_ONCE", 5)
    monkeypatch.setattr(failover, "COOL_DOWN_S", 0.3)
    found = failover.measure(None, {})
    assert found["requests"] == 40 and found["answered"] + found["refused"] == 40
    assert found["answered_twice"] == found["neither_or_wrong"] == 0
    assert set(found["by_provider"]) == {"first", "second"} and found["failed_calls"]
    assert found["breaker_history_right"] and found["returned_after_s"] is not None
    assert found["failover_ms"] > 0
