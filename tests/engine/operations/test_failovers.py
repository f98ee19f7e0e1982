"""Failover is told once as a recovery, by who failed, who answered and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.operations.failovers import FOLLOWED, QUIET_S, FailoverWatch
from engine.operations.metrics import ServingRecorder
from engine.store import open_store
from engine.store.liveness import utc_now
from engine.store.recoveries import RecoveryStore
from engine.telemetry import BreakerChange
from tests.engine.operations.records import make_call, make_request


def test_a_call_that_goes_well_after_another_providers_failed_one_is_a_failover() -> None:
    watch = FailoverWatch()
    assert watch.follow_call(make_call(provider="first", outcome="Timeout")) is None
    found = watch.follow_call(make_call(provider="second"))
    assert found is not None
    assert (found.subject, found.action, found.outcome) == ("first", "second answered in its place", "recovered")
    assert (found.reason, found.told) == ("Timeout", True)


def test_a_retry_that_goes_well_is_no_failover() -> None:
    watch = FailoverWatch()
    watch.follow_call(make_call(outcome="Timeout"))
    assert watch.follow_call(make_call(attempt=2)) is None
    assert watch.follow_call(make_call(provider="second")) is None, "the failure was made good"


@pytest.mark.parametrize("other", [{"correlation_id": "request-2"}, {"purpose": "validate"}])
def test_another_question_and_another_purpose_do_not_take_over(other: dict[str, str]) -> None:
    watch = FailoverWatch()
    watch.follow_call(make_call(provider="first", outcome="Timeout"))
    assert watch.follow_call(make_call(provider="second", **other)) is None


def test_an_answer_without_a_model_after_a_failed_call_is_the_last_resort() -> None:
    watch = FailoverWatch()
    watch.follow_call(make_call(provider="first", outcome="Timeout"))
    found = watch.follow_request(make_request(outcome="degraded", provider="extractive"))
    assert found is not None
    assert (found.subject, found.action, found.outcome) == (
        "first",
        "the extractive engine answered in its place",
        "degraded",
    )
    assert watch.follow_request(make_request(outcome="degraded", provider="extractive")) is None, "told once"


def test_every_failover_counts_and_one_a_minute_is_kept() -> None:
    now = 0.0
    watch = FailoverWatch(lambda: now)
    told = []
    for number in range(5):
        now = number * QUIET_S / 2
        watch.follow_call(make_call(provider="first", outcome="Timeout"))
        found = watch.follow_call(make_call(provider="second"))
        assert found is not None
        told.append(found.told)
    assert told == [True, False, True, False, True]


def test_questions_that_never_end_take_no_more_than_their_room() -> None:
    watch = FailoverWatch()
    for number in range(2 * FOLLOWED):
        watch.follow_call(make_call(correlation_id=str(number), outcome="Timeout"))
    assert len(watch._failed) == FOLLOWED


def test_failovers_and_breakers_are_counted_and_kept(home: Path) -> None:
    recorder = ServingRecorder(home)
    recorder.record_call(make_call(provider="first", outcome="Timeout"))
    recorder.record_call(make_call(provider="second"))
    for state in ("open", "half_open", "open", "half_open", "closed"):
        recorder.record_breaker(BreakerChange(provider="first", changed_at=utc_now(), state=state, reason="5 failures"))
    recorder.close()
    text = recorder.render_prometheus().decode()
    assert 'phasegate_recoveries_total{component="provider",outcome="recovered"} 2.0' in text
    with open_store(home) as store:
        rows = RecoveryStore(store).list_recoveries()
    assert [(row["subject"], row["action"], row["outcome"]) for row in reversed(rows)] == [
        ("first", "second answered in its place", "recovered"),
        ("first", "left alone, its breaker opened", "degraded"),
        ("first", "asked again, its breaker closed", "recovered"),
    ]
