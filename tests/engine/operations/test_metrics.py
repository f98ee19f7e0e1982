"""What the recorder counts, keeps and shows; that it never stands in the way."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.operations.metric_families import MOST_VALUES
from engine.operations.metrics import ServingRecorder, close_recorder, get_recorder
from engine.settings import ROOT
from engine.store import open_store
from engine.store.liveness import utc_now
from engine.store.requests import RequestStore
from engine.telemetry import BreakerChange, CacheEvent
from tests.engine.operations.records import make_call, make_request


@pytest.fixture
def recorder(home: Path) -> Iterator[ServingRecorder]:
    recorder = ServingRecorder(home)
    yield recorder
    recorder.close()


def samples(recorder: ServingRecorder) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(recorder.render_prometheus().decode())
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def test_requests_calls_breakers_and_caches_are_counted_under_the_documented_names(recorder: ServingRecorder) -> None:
    recorder.record_request(make_request())
    recorder.record_request(make_request(2, outcome="error", context_quality=None, retrieval_ms=None))
    recorder.record_call(make_call(outcome="RateLimitError"))
    recorder.record_breaker(BreakerChange(provider="local", changed_at=utc_now(), state="open", reason="5 failures"))
    recorder.record_cache(CacheEvent(tier="memory", event="hit", saved_ms=300.0, saved_usd=0.01))
    recorder.record_cache(CacheEvent(tier="memory", event="miss", count=3))
    found = samples(recorder)
    assert found["requests_total", ("api", "answered")] == 1
    assert found["requests_total", ("api", "error")] == 1
    assert found["request_duration_seconds_count", ("api",)] == 2
    assert found["rag_retrieval_seconds_sum", ()] == 0.005
    assert found["rag_chunks_count_sum", ()] == 10
    assert found["cache_hits_total", ("memory",)] == 1
    assert found["cache_misses_total", ("memory",)] == 3
    assert found["phasegate_cache_saved_seconds_total", ("memory",)] == 0.3
    assert found["phasegate_provider_calls_total", ("RateLimitError", "local")] == 1
    assert found["phasegate_breaker_state", ("local",)] == 2
    assert found["phasegate_window_success_ratio", ()] == 0.5
    assert found["phasegate_resident_memory_bytes", ()] > 10_000_000


def test_what_is_known_beforehand_begins_at_zero_so_that_its_first_count_is_an_increase(
    recorder: ServingRecorder,
) -> None:
    found = samples(recorder)
    assert found["requests_total", ("screen", "refused")] == 0
    assert found["request_duration_seconds_count", ("api",)] == 0
    for tier in ("memory", "store", "semantic", "vectors", "retrieval"):
        assert found["cache_hits_total", (tier,)] == found["cache_misses_total", (tier,)] == 0
    recorder.record_call(make_call())
    assert samples(recorder)["phasegate_breaker_state", ("local",)] == 0


def test_no_label_takes_more_values_than_a_scrape_can_carry(recorder: ServingRecorder) -> None:
    for number in range(3 * MOST_VALUES):
        recorder.record_call(make_call(provider=f"provider-{number}"))
    found = samples(recorder)
    providers = {labels[1] for name, labels in found if name == "phasegate_provider_calls_total"}
    assert len(providers) == MOST_VALUES + 1
    assert found["phasegate_provider_calls_total", ("ok", "other")] == 2 * MOST_VALUES


def test_nothing_that_a_person_wrote_is_in_the_metrics(recorder: ServingRecorder) -> None:
    recorder.record_request(make_request(question="a secret question", session="session-9", asker="grace"))
    text = recorder.render_prometheus().decode()
    assert not [word for word in ("secret", "session-9", "grace", "request-1") if word in text]


def test_a_record_that_cannot_be_read_is_counted_and_hurts_nobody(recorder: ServingRecorder) -> None:
    recorder.record_request(None)  # type: ignore[arg-type]
    recorder.record_request(make_request(total_ms=math.nan))
    recorder.record_request(make_request(2, context_quality=math.nan))
    found = samples(recorder)
    assert found["phasegate_recorder_errors_total", ()] == 2
    assert found["requests_total", ("api", "answered")] == 1
    assert math.isfinite(found["request_duration_seconds_sum", ("api",)])


def test_a_gauge_that_fails_or_hangs_does_not_hide_the_others(recorder: ServingRecorder) -> None:
    release = threading.Event()
    recorder.register_gauge("phasegate_broken", "Fails.", lambda: 1 / 0)
    recorder.register_gauge("phasegate_slow", "Hangs.", lambda: float(release.wait(20)), every_s=60)
    recorder.register_gauge("phasegate_of_two", "By colour.", lambda: {("red",): 1, ("blue",): 2}, labels=("colour",))
    found = samples(recorder)
    release.set()
    assert found["phasegate_of_two", ("blue",)] == 2
    assert not [name for name, _ in found if name in ("phasegate_broken", "phasegate_slow")]


def test_what_was_recorded_is_in_the_store_when_the_recorder_closes(home: Path) -> None:
    recorder = ServingRecorder(home)
    for number in range(20):
        recorder.record_request(make_request(number))
    recorder.record_call(make_call())
    recorder.record_breaker(BreakerChange(provider="local", changed_at=utc_now(), state="open", reason="5 failures"))
    recorder.close()
    with open_store(home) as store:
        requests = RequestStore(store)
        assert len(requests.load_latest()) == 20
        found = requests.find_request("request-1")
        assert found is not None
        assert (found["trace"][0]["name"], len(found["calls"])) == ("retrieve", 1)
        assert requests.load_breakers()["local"]["state"] == "open"


def test_recording_after_the_end_is_counted_as_lost(home: Path) -> None:
    recorder = ServingRecorder(home)
    recorder.close()
    recorder.record_request(make_request())
    assert samples(recorder)["phasegate_recorder_dropped_total", ("requests",)] == 1


def test_a_process_has_one_recorder_for_a_home(home: Path, tmp_path: Path) -> None:
    try:
        assert get_recorder() is get_recorder(home)
        assert get_recorder(tmp_path / "other") is not get_recorder(home)
    finally:
        close_recorder(home)
        close_recorder(tmp_path / "other")


def test_the_guide_lists_every_metric_and_no_other(recorder: ServingRecorder, home: Path) -> None:
    from engine.api.lifespan import open_observation
    from engine.serving.runtime import ServingRuntime

    text = (ROOT / "docs/guide/monitoring.md").read_text(encoding="utf-8")
    listed = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    with open_store(home) as store:
        open_observation(store)
        with ServingRuntime(open_store(home)):
            families = text_string_to_metric_families(get_recorder(home).render_prometheus().decode())
            kept = {family.name + ("_total" if family.type == "counter" else "") for family in families}
        close_recorder(home)
    assert {name for name in listed if not name.startswith("GET ")} == kept
