from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.embedding import load_embedder
from engine.serving.cache import AnswerCache
from engine.settings import PipelineSettings
from engine.store import Store, open_store
from engine.telemetry import CacheEvent, SilentRecorder, recording
from tests.engine.serving.answers import NEW, OTHER_SETTINGS, make_answer, make_key, no_vector

ASKED = "What is the refund policy for defective products?"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Recording(SilentRecorder):
    def __init__(self) -> None:
        self.events: list[CacheEvent] = []

    def record_cache(self, event: CacheEvent) -> None:
        self.events.append(event)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    return AnswerCache(None, semantic=False, clock=clock)


def embed(text: str) -> np.ndarray:
    return load_embedder(PipelineSettings()).embed([text])[0]


def test_a_hit_is_the_same_answer_with_the_request_s_own_id_and_no_cost(cache: AnswerCache) -> None:
    cache.keep(make_key(), no_vector, make_answer(), 300.0)
    found = cache.find(make_key(), no_vector)
    assert found is not None and found.tier == found.answer.cache_tier == "memory" and not found.stale
    assert (found.answer.text, found.answer.citations) == (make_answer().text, make_answer().citations)
    assert found.answer.correlation_id != "first" and found.answer.cost_usd == 0.0
    assert found.answer.tokens == {"context": 4, "prompt": 0, "completion": 0}
    assert found.answer.timings_ms["total"] < 300


def test_the_scope_the_history_and_the_corpus_are_part_of_the_key(cache: AnswerCache) -> None:
    cache.keep(make_key(), no_vector, make_answer(), 300.0)
    assert cache.find(make_key(scope=NEW), no_vector) is None
    assert cache.find(make_key(scope=OTHER_SETTINGS), no_vector) is None
    assert cache.find(make_key(history=(("Hello?", "Yes."),)), no_vector) is None
    assert cache.find(make_key(), no_vector) is not None


def test_an_answer_of_an_older_version_is_stale_and_only_recovery_gets_it(cache: AnswerCache, clock: Clock) -> None:
    cache.keep(make_key(), no_vector, make_answer("Old."), 300.0)
    clock.now = 60.0
    assert cache.find(make_key(scope=NEW), no_vector) is None
    assert cache.describe()["memory"]["stale"] == 1
    found = cache.find_stale(make_key(scope=NEW))
    assert found is not None and found.stale and found.answer.text == "Old." and found.age_s == 60.0
    assert cache.find_stale(make_key(scope=OTHER_SETTINGS)) is None


def test_answers_of_other_settings_are_not_called_stale(cache: AnswerCache) -> None:
    cache.keep(make_key(), no_vector, make_answer(), 300.0)
    cache.find(make_key(scope=OTHER_SETTINGS), no_vector)
    assert cache.describe()["memory"]["stale"] == 0


def test_an_answer_past_its_time_is_not_found_but_recovery_may_have_it(cache: AnswerCache, clock: Clock) -> None:
    cache.keep(make_key(), no_vector, make_answer(), 300.0)
    clock.now = 899.9
    assert cache.find(make_key(), no_vector) is not None
    clock.now = 900.0
    assert cache.find(make_key(), no_vector) is None
    found = cache.find_stale(make_key())
    assert found is not None and found.stale
    assert cache.describe()["memory"]["stale"] == 2, "asked once too late, and once for recovery"


@pytest.mark.parametrize("changes", [{"degraded": ("The model is down.",)}, {"cache_tier": "memory"}])
def test_only_whole_answers_that_were_made_now_are_kept(cache: AnswerCache, changes: dict[str, object]) -> None:
    assert not cache.keep(make_key(), no_vector, make_answer(**changes), 300.0)
    assert cache.find(make_key(), no_vector) is None


def test_an_answer_made_while_documents_changed_is_not_kept(cache: AnswerCache) -> None:
    cache.keep(make_key(), no_vector, make_answer(), 300.0, identify=lambda: NEW)
    cache.flush()
    assert cache.find(make_key(), no_vector) is None
    cache.keep(make_key(), no_vector, make_answer(), 300.0, identify=lambda: make_key().scope)
    cache.flush()
    assert cache.find(make_key(), no_vector) is not None


def test_what_a_tier_did_is_counted_and_told_to_the_recorder(clock: Clock) -> None:
    recorder = Recording()
    cache = AnswerCache(None, entries=1, semantic=False, clock=clock)
    with recording(recorder):
        cache.find(make_key(), no_vector)
        cache.keep(make_key(), no_vector, make_answer(), 300.0)
        cache.find(make_key(), no_vector)
        cache.keep(make_key("Another?"), no_vector, make_answer(), 300.0)
    told = [(event.tier, event.event) for event in recorder.events]
    assert told == [("memory", name) for name in ("miss", "stored", "hit", "stored", "evicted")]
    figures = cache.describe()
    assert figures["memory"]["saved_ms"] == 300.0 and figures["memory"]["saved_usd"] == 0.002
    assert figures["answers"]["hit_rate"] == 0.5 and figures["memory"]["entries"] == 1


def test_the_store_gives_another_process_the_answer_whole(store: Store) -> None:
    first = AnswerCache(store)
    assert first.keep(make_key(), lambda: embed(make_key().question), make_answer(), 300.0)
    first.close()
    second = AnswerCache(store)
    found = second.find(make_key(), no_vector)
    assert found is not None and found.tier == "store"
    for name in ("text", "sentences", "citations", "retrieved", "context", "gaps", "validation"):
        assert getattr(found.answer, name) == getattr(make_answer(), name)
    again = second.find(make_key(), no_vector)
    assert again is not None and again.tier == "memory"


def test_an_answer_in_the_store_is_as_old_as_it_is_in_every_process(store: Store) -> None:
    first = AnswerCache(store, ttl_s=0.0)
    first.keep(make_key(), lambda: embed("x"), make_answer(), 300.0)
    first.flush()
    assert AnswerCache(store).find(make_key(), lambda: embed("x")) is None
    assert (found := AnswerCache(store).find_stale(make_key())) and found.tier == "store"
    first.close()


def test_a_stored_answer_of_older_documents_is_stale(store: Store) -> None:
    first = AnswerCache(store)
    first.keep(make_key(), lambda: embed("x"), make_answer("Old."), 300.0)
    first.flush()
    second = AnswerCache(store)
    assert second.find(make_key(scope=NEW), lambda: embed("x")) is None
    assert second.describe()["store"]["stale"] == 1
    found = second.find_stale(make_key(scope=NEW))
    assert found is not None and found.stale and found.answer.text == "Old."
    first.close()


def test_the_same_question_in_other_words_is_found_here_and_in_another_process(store: Store) -> None:
    first = AnswerCache(store)
    first.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    asked = "Hi, could you tell me what your refund policy for defective products is?"
    for cache in (first, AnswerCache(store)):
        first.flush()
        found = cache.find(make_key(asked), lambda: embed(asked))
        assert found is not None and found.tier == "semantic" and found.asked == ASKED
        assert found.answer.question == asked
    first.close()


@pytest.mark.parametrize(
    "asked",
    [
        "What is the refund policy for defective products not covered?",
        "What was the refund policy for defective products?",
        "What is the refund policy for defective products in 2019?",
        "Who is the refund policy for defective products?",
        "What is the return policy for defective products?",
    ],
)
def test_a_question_that_asks_something_else_is_never_a_hit(asked: str) -> None:
    cache = AnswerCache(None)
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    assert cache.find(make_key(asked), lambda: embed(asked)) is None


def test_neither_scope_nor_conversation_nor_abstention_is_crossed_by_similarity() -> None:
    cache = AnswerCache(None)
    other, history = "Please tell me what is the refund policy for defective products", (("Hello?", "Yes."),)
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    assert cache.find(make_key(other, scope=NEW), lambda: embed(other)) is None
    assert cache.find(make_key(other, history=history), no_vector) is None
    cache.clear()
    cache.keep(make_key(ASKED), no_vector, make_answer(abstained=True), 300.0)
    assert cache.find(make_key(other), lambda: embed(other)) is None
    assert cache.find(make_key(ASKED), no_vector) is not None


def test_a_vector_of_another_size_finds_nothing_and_breaks_nothing() -> None:
    cache = AnswerCache(None)
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    assert cache.find(make_key("What's the refund policy?"), lambda: np.zeros(3, np.float32)) is None
    assert cache.find(make_key("What's the refund policy?"), lambda: np.zeros(0, np.float32)) is None


def test_clearing_a_corpus_empties_every_tier_of_it_alone(store: Store) -> None:
    cache = AnswerCache(store)
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    cache.flush()
    assert cache.clear("another") == 0
    assert cache.find(make_key(ASKED), no_vector) is not None
    assert cache.clear("shop") == 2
    assert cache.find(make_key(ASKED), lambda: embed(ASKED)) is None
    assert store.query("SELECT count(*) AS n FROM answer_cache") == [{"n": 0}]
    cache.close()


def test_clearing_also_meets_what_is_not_written_yet(store: Store) -> None:
    cache = AnswerCache(store)
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    cache.clear()
    cache.close()
    assert store.query("SELECT count(*) AS n FROM answer_cache") == [{"n": 0}]


def test_answers_to_a_forgotten_person_s_questions_are_gone(store: Store) -> None:
    cache = AnswerCache(store)
    for question in (ASKED, "Where is the shop?"):
        cache.keep(make_key(question), lambda: embed("x"), make_answer(), 300.0)
    cache.flush()
    assert cache.forget([ASKED]) == 2
    assert cache.find(make_key(ASKED), lambda: embed(ASKED)) is None
    assert cache.find(make_key("Where is the shop?"), no_vector) is not None
    cache.close()


def test_nothing_of_a_private_question_or_of_a_conversation_is_written_down(store: Store) -> None:
    cache = AnswerCache(store, is_private=lambda question: "@" in question)
    private = (make_key("What did jo@example.org order?"), make_key(history=(("My number is 5.", "Noted."),)))
    for key in private:
        cache.keep(key, no_vector, make_answer(), 300.0)
        assert cache.find(key, no_vector) is not None
    cache.close()
    assert store.query("SELECT count(*) AS n FROM answer_cache") == [{"n": 0}]


def test_a_store_that_is_gone_costs_the_tier_and_not_the_question(store: Store, home: Path) -> None:
    handle = open_store(home)
    cache = AnswerCache(handle)
    handle.close()
    cache.keep(make_key(ASKED), lambda: embed(ASKED), make_answer(), 300.0)
    cache.flush()
    assert cache.find(make_key(ASKED), no_vector) is not None
    assert cache.find(make_key("Where?"), lambda: embed("Where?")) is None
    assert "closed" in cache.describe()["store"]["failure"]
    cache.close()


def test_memory_stays_within_its_bytes(clock: Clock) -> None:
    cache = AnswerCache(None, entries=1000, largest_bytes=100_000, semantic=False, clock=clock)
    for number in range(200):
        cache.keep(make_key(f"Question {number}?"), no_vector, make_answer("word " * 400), 300.0)
        assert cache.describe()["memory"]["bytes"] <= 100_000
    assert cache.describe()["memory"]["evicted"] > 100
    assert (
        not cache.keep(make_key("Long?"), no_vector, make_answer("word " * 40_000), 300.0)
        or cache.find(make_key("Long?"), no_vector) is None
    )


def test_many_threads_find_and_keep_without_losing_count() -> None:
    cache = AnswerCache(None, entries=50, semantic=False)
    cache.keep(make_key(), no_vector, make_answer(), 300.0)

    def work(name: int) -> None:
        for number in range(100):
            key = make_key(f"Question {name} {number % 20}?")
            if cache.find(key, no_vector) is None:
                cache.keep(key, no_vector, make_answer(), 1.0)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    figures = cache.describe()["memory"]
    assert figures["hit"] + figures["miss"] == 600
    assert figures["entries"] <= 50 and figures["stored"] - figures["evicted"] >= figures["entries"] - 1
