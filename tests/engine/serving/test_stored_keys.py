from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.serving import stored_keys
from engine.serving.cache import AnswerCache
from engine.serving.stored_keys import StoredKeys
from engine.store import Store, open_store
from engine.store.answer_cache import AnswerCacheStore
from tests.engine.serving.answers import make_answer, make_key, no_vector


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as opened:
        yield opened


def keep_one(store: Store, question: str) -> None:
    cache = AnswerCache(store, semantic=False)
    cache.keep(make_key(question), no_vector, make_answer(), 300.0)
    cache.close()


def test_before_the_store_was_read_it_may_hold_anything(store: Store) -> None:
    keys = StoredKeys(AnswerCacheStore(store))
    assert keys.may_hold("a.b")
    keys.look_again()
    assert not keys.may_hold("a.b") and not keys.has_family("a")


def test_what_is_stored_and_what_is_about_to_be_is_known(store: Store) -> None:
    keep_one(store, "How long?")
    keys = StoredKeys(AnswerCacheStore(store))
    keys.look_again()
    assert keys.may_hold(make_key("How long?").digest) and keys.has_family(make_key("How long?").family)
    assert not keys.may_hold(make_key("How far?").digest)
    keys.add(make_key("How far?").digest)
    assert keys.may_hold(make_key("How far?").digest) and keys.has_family(make_key("How far?").family)


def test_what_waits_to_be_written_outlives_a_reading(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = StoredKeys(AnswerCacheStore(store))
    keys.add("waits.1")
    monkeypatch.setattr(stored_keys, "LOOK_AGAIN_S", 0.0)
    keys.look_again()
    monkeypatch.setattr(stored_keys, "LOOK_AGAIN_S", 60.0)
    assert keys.may_hold("waits.1") and not keys.may_hold("other.1")


def test_another_process_s_answer_is_found_when_the_store_is_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = AnswerCache(store, semantic=False)
    monkeypatch.setattr(stored_keys, "LOOK_AGAIN_S", 60.0)
    assert ours.find(make_key("How long?"), no_vector) is None
    ours.flush()  # which has read the store meanwhile
    keep_one(store, "How long?")
    assert ours.is_new(make_key("How long?")), "known for a moment as what it was"
    monkeypatch.setattr(stored_keys, "LOOK_AGAIN_S", 0.0)
    assert not ours.is_new(make_key("How long?"))
    found = ours.find(make_key("How long?"), no_vector)
    assert found is not None and found.tier == "store"


def test_a_new_question_is_a_miss_of_each_tier_that_was_not_asked(store: Store) -> None:
    cache = AnswerCache(store)
    assert cache.find(make_key("First?"), no_vector) is None
    cache.flush()
    assert cache.is_new(make_key("Second?"))
    told = cache.describe()
    assert told["store"]["miss"] == told["semantic"]["miss"] == 2


def test_a_question_of_a_conversation_is_looked_for_in_memory_alone(store: Store) -> None:
    cache = AnswerCache(store)
    assert cache.is_new(make_key("And then?", history=[("First?", "So.")]))
    assert cache.describe()["store"]["miss"] == 0


def test_a_store_that_cannot_be_read_is_asked_each_time_and_told(store: Store) -> None:
    keys = StoredKeys(AnswerCacheStore(store))
    store.execute("DROP TABLE answer_cache")
    keys.look_again()
    assert keys.may_hold("a.b") and "answer_cache" in keys.failure
