"""Alerts: from pending to resolved, without flapping, by one process, to whoever listens."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from engine.errors import InputError, UnknownNameError
from engine.operations.alert_readings import FORGOTTEN, AlertReader
from engine.operations.alert_rules import RULES, AlertRule, load_rules, save_rule
from engine.operations.alert_states import AlertState, Reading, advance
from engine.operations.alerts import AlertEvaluator, describe, send_test_alert
from engine.operations.metrics import ServingRecorder
from engine.operations.webhook import Webhook, WebhookError, save_webhook
from engine.store import AuditTrail, Store, open_store
from engine.store.alerts import AlertStore
from engine.store.liveness import utc_now
from engine.store.requests import RequestStore
from engine.telemetry import BreakerChange
from tests.engine.operations.records import make_call, make_request

NOON = datetime(2026, 1, 31, 12, 0)
RULE = RULES["success_rate"]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as store:
        yield store


def play(
    rule: AlertRule, values: list[float | None], step_s: float = 15.0, samples: int = 100
) -> list[AlertState | None]:
    """The alert after each reading."""
    alert, states = None, []
    for i, value in enumerate(values):
        reading = Reading(value=value, samples=samples)
        alert = advance(rule, alert, reading, NOON + timedelta(seconds=step_s * i))
        states.append(alert)
        if alert is not None and alert.state == "resolved":
            alert = None
    return states


def count_firings(states: list[AlertState | None]) -> int:
    return len({state.firing_at for state in states if state is not None and state.firing_at is not None})


def test_the_thresholds_are_those_that_were_agreed() -> None:
    agreed = {"success_rate": 0.85, "context_quality": 0.9, "response_ms": 5000, "memory_mb": 1024, "error_rate": 0.05}
    assert {name: RULES[name].threshold for name in agreed} == agreed
    assert not RULE.is_bad(0.85)
    assert RULES["error_rate"].is_bad(0.0501)


def test_an_alert_waits_before_it_fires_and_before_it_is_resolved() -> None:
    states = play(RULE, [0.9] + [0.5] * 10 + [0.95] * 30)
    words = [state.state if state else "" for state in states]
    assert words[:6] == ["", "pending", "pending", "pending", "pending", "firing"]
    assert words[10:].index("resolved") == 21
    assert count_firings(states) == 1


def test_a_short_dip_never_fires() -> None:
    assert count_firings(play(RULE, [0.9, 0.5, 0.5, 0.9, 0.9, 0.5, 0.9])) == 0


def test_a_value_that_swings_around_its_threshold_makes_one_alert_not_many() -> None:
    rng = random.Random(5)
    wave = [0.85 + 0.015 * math.sin(i / 3) + rng.uniform(-0.004, 0.004) for i in range(1000)]
    assert sum((a < 0.85) != (b < 0.85) for a, b in itertools.pairwise(wave)) > 100
    states = play(RULE, list(wave))
    assert count_firings(states) == 1
    assert states[-1] is not None
    assert states[-1].state == "firing"


def test_with_too_few_requests_there_is_no_verdict() -> None:
    assert play(RULE, [0.0] * 20, samples=19) == [None] * 20


def test_a_firing_alert_outlives_silence_for_an_hour_and_is_then_over() -> None:
    states = play(RULE, [0.5] * 10 + [None] * 300)
    assert [s.state for s in states[10:200] if s] == ["firing"] * 190
    assert "resolved" in [s.state for s in states if s]


def test_a_clock_set_back_does_not_hold_an_alert_up() -> None:
    alert = advance(RULE, None, Reading(value=0.5, samples=100), NOON)
    earlier = NOON - timedelta(days=2)
    alert = advance(RULE, alert, Reading(value=0.5, samples=100), earlier)
    alert = advance(RULE, alert, Reading(value=0.5, samples=100), earlier + timedelta(seconds=61))
    assert alert is not None
    assert alert.state == "firing"


class Bench:
    """An evaluator whose clock and readings a test moves."""

    def __init__(self, store: Store) -> None:
        self.now, self.readings = NOON, dict[str, Reading]()
        self.evaluator = AlertEvaluator(store, self.read, lambda: self.now)
        self.alerts = AlertStore(store)

    def read(self, now: datetime) -> Mapping[str, Reading]:
        return self.readings

    def run(self, seconds: float, success: float) -> list[str]:
        """States after so many seconds of that success rate."""
        self.readings["success_rate"] = Reading(value=success, samples=100)
        for _ in range(max(1, round(seconds / 15))):
            assert self.evaluator.evaluate()
            self.now += timedelta(seconds=15)
        return [row["state"] for row in self.alerts.list_alerts()]


def test_an_alerts_life_is_kept_with_its_times_and_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(store)
    with caplog.at_level(logging.WARNING, "phasegate.alerts"):
        assert bench.run(30, 0.5) == ["pending"]
        assert bench.run(60, 0.6) == ["firing"]
        assert bench.run(330, 0.99) == ["resolved"]
    row = bench.alerts.list_alerts()[0]
    assert row["pending_at"] == NOON
    assert row["firing_at"] - row["pending_at"] == timedelta(seconds=60)
    assert "60.0 % over 100 requests, expected at least 85.0 %." in caplog.records[0].message
    assert "99.0 % over 100 requests" in caplog.records[1].message
    assert ["firing" in r.message for r in caplog.records] == [True, False]
    assert (row["value"], "60.0 %" in row["summary"]) == (0.6, True), "what was wrong can still be read"


def test_what_is_counted_is_told_in_the_words_of_one_or_many() -> None:
    rule = RULES["provider_down"]
    one = describe(rule, Reading(value=1, detail="local: Timeout"))
    assert one == "Providers whose calls all fail: 1 provider (local: Timeout), expected none."
    assert "2 providers (a, b), expected none." in describe(rule, Reading(value=2, detail="a, b"))
    assert "expected at most 1 ms" in describe(
        dataclasses.replace(rule, threshold=1, clear=1, unit="ms"), Reading(value=2)
    )


def test_a_pending_alert_that_clears_leaves_no_trace(store: Store) -> None:
    bench = Bench(store)
    bench.run(30, 0.5)
    assert bench.run(15, 0.95) == []


def test_a_restarted_evaluator_goes_on_where_the_other_stopped(store: Store) -> None:
    first = Bench(store)
    first.run(45, 0.5)
    first.evaluator.close()
    second = Bench(store)
    second.now = first.now
    assert second.run(30, 0.5) == ["firing"]


def test_of_several_processes_one_evaluates_and_another_follows_when_it_falls_silent(store: Store) -> None:
    one, two = Bench(store), Bench(store)
    assert one.evaluator.evaluate()
    assert not two.evaluator.evaluate()
    two.now += timedelta(seconds=61)
    assert two.evaluator.evaluate()
    two.evaluator.close()
    one.now += timedelta(seconds=70)
    assert one.evaluator.evaluate()
    two.now = one.now - timedelta(days=30)
    assert two.evaluator.evaluate(), "a lease from the future is nobody's"


def test_an_acknowledgement_survives_the_next_round(store: Store) -> None:
    bench = Bench(store)
    bench.run(75, 0.5)
    bench.alerts.acknowledge("success_rate", "Ada")
    bench.run(30, 0.4)
    row = bench.alerts.list_alerts()[0]
    assert (row["acknowledged_by"], row["value"]) == ("Ada", 0.4)
    with pytest.raises(UnknownNameError):
        bench.alerts.acknowledge("nothing", "Ada")


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[list[dict]], list[int]]]:
    """An address, what was posted to it, and the statuses it shall answer first."""
    posted: list[list[dict]] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = statuses.pop(0) if statuses else 200
            if status == 200:
                posted.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", posted, statuses
    server.shutdown()
    server.server_close()


def test_the_webhook_hears_of_firing_again_each_minute_and_of_the_end_once(store: Store, receiver: tuple) -> None:
    url, posted, _ = receiver
    save_webhook(store, Webhook(url=url, link="http://phasegate.local/alerts"), "Ada")
    bench = Bench(store)
    bench.run(60, 0.5)
    assert posted == []
    bench.run(135, 0.5)
    assert len(posted) == 3
    bench.run(600, 0.99)
    ends = [batch[0]["endsAt"] < (bench.now + timedelta(minutes=1)).isoformat() for batch in posted]
    first, last = posted[0][0], posted[-1][0]
    assert first["labels"] == {
        "alertname": "phasegate_success_rate", "severity": "critical", "service": "phasegate", "rule": "success_rate",
    }  # fmt: skip
    assert first["generatorURL"] == "http://phasegate.local/alerts"
    assert first["startsAt"] == last["startsAt"]
    assert ends[-1]
    assert last["endsAt"] == f"{bench.alerts.list_alerts()[0]['resolved_at']:%Y-%m-%dT%H:%M:%S.000Z}"
    told = bench.alerts.list_alerts()[0]["notified"]["webhook"]
    assert (told["state"], told["error"]) == ("resolved", "")


def test_a_receiver_that_fails_is_seen_and_tried_again(store: Store, receiver: tuple) -> None:
    url, posted, statuses = receiver
    save_webhook(store, Webhook(url=url), "Ada")
    bench = Bench(store)
    bench.run(60, 0.5)
    statuses.extend([500, 500, 500])
    bench.run(15, 0.5)
    assert "answered 500" in bench.alerts.list_alerts()[0]["notified"]["webhook"]["error"]
    bench.run(15, 0.5)
    assert len(posted) == 1
    assert bench.alerts.list_alerts()[0]["notified"]["webhook"]["error"] == ""


def test_a_silence_keeps_log_and_webhook_quiet_but_not_the_screen(
    store: Store, receiver: tuple, caplog: pytest.LogCaptureFixture
) -> None:
    url, posted, _ = receiver
    save_webhook(store, Webhook(url=url), "Ada")
    bench = Bench(store)
    bench.alerts.add_silence("success_rate", NOON + timedelta(minutes=5), "maintenance", "Ada")
    with caplog.at_level(logging.WARNING, "phasegate.alerts"):
        assert bench.run(120, 0.5) == ["firing"]
        assert (posted, caplog.records) == ([], [])
        bench.run(300, 0.5)
    assert posted


def test_a_webhook_that_cannot_be_reached_says_so_without_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "s3cret-token")
    with pytest.raises(WebhookError) as caught:
        send_test_alert(Webhook(url="http://127.0.0.1:9", token_env="HOOK_TOKEN"))
    assert "127.0.0.1:9" in caught.value.message
    assert "s3cret" not in caught.value.message
    monkeypatch.delenv("HOOK_TOKEN")
    with pytest.raises(WebhookError, match="HOOK_TOKEN"):
        send_test_alert(Webhook(url="http://127.0.0.1:9", token_env="HOOK_TOKEN"))


@pytest.mark.parametrize("url", ["", "ftp://x", "127.0.0.1:9093", "http://user:key@host", "javascript:alert(1)"])
def test_a_webhook_needs_an_http_address_without_a_password(url: str) -> None:
    with pytest.raises(InputError):
        Webhook(url=url)


def test_a_threshold_that_is_changed_is_kept_takes_its_clear_value_along_and_is_in_the_audit_trail(
    store: Store,
) -> None:
    save_rule(store, "success_rate", {"threshold": 0.7}, "Ada")
    rule = load_rules(store)["success_rate"]
    assert (rule.threshold, rule.clear) == (0.7, pytest.approx(0.72))
    assert AuditTrail(store).list_entries("alerts/success_rate")[0]["who"] == "Ada"
    save_rule(store, "success_rate", {}, "Ada")
    assert load_rules(store)["success_rate"] == RULES["success_rate"]


@pytest.mark.parametrize("changes", [{"clear": 0.5}, {"threshold": math.nan}, {"hold_s": -1}, {"severity": 1}])
def test_a_rule_that_contradicts_itself_is_refused(store: Store, changes: dict[str, float]) -> None:
    with pytest.raises(InputError):
        save_rule(store, "success_rate", changes, "Ada")
    assert load_rules(store)["success_rate"] == RULES["success_rate"]


def test_readings_come_from_all_requests_calls_and_this_process(store: Store, home: Path) -> None:
    recorder = ServingRecorder(home)
    reader = AlertReader(store, recorder)
    requests = RequestStore(store)

    def keep(table: str, record: object, **more: str) -> None:
        fields: Callable[[str], object] = lambda name: getattr(record, name)  # noqa: E731
        requests.add_rows(table, [{name: fields(name) for name in record.__dataclass_fields__} | more])  # type: ignore[attr-defined]

    for number in range(40):
        outcome = "error" if number % 4 == 0 else "answered"
        keep("requests", make_request(number, outcome=outcome, total_ms=6000.0))
    for number in range(3):
        keep("provider_calls", make_call(outcome="APIConnectionError"), call_id=f"a{number}")
        keep("provider_calls", make_call(provider="good"), call_id=f"b{number}")
    recorder.record_breaker(BreakerChange(provider="local", changed_at=utc_now(), state="open", reason="x"))
    recorder.close()
    recorder.record_call(make_call())
    found = reader.read(utc_now())
    assert (found["error_rate"].value, found["error_rate"].samples) == (0.25, 40)
    assert found["response_ms"].value == 6000.0
    assert found["provider_down"] == Reading(value=1, detail="local: APIConnectionError")
    assert found["breaker_open"] == Reading(value=1, detail="local")
    assert found["records_dropped"].value == 1
    assert reader.read(utc_now())["records_dropped"].value == 0
    assert set(found) == set(RULES)
    later = reader.read(utc_now() + FORGOTTEN)
    assert later["breaker_open"].value == 0, "nobody asks that provider any more"
