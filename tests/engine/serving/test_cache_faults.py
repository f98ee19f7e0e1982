"""What goes wrong around the caches: a kill, an embedder that fails or answers nonsense, a store without room."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ProviderError
from engine.serving import stored_answers
from engine.serving.answer_json import decode_answer
from engine.serving.cache import AnswerCache
from engine.serving.store_writer import StoreWriter
from engine.settings import ROOT
from engine.store import Store, open_store
from engine.telemetry import CacheEvent, SilentRecorder, recording
from tests.engine.serving.answers import make_answer, make_key

KEEPS_FOR_EVER = """
import itertools, numpy as np
from engine.serving.cache import AnswerCache
from engine.store import open_store
from tests.engine.serving.answers import make_answer, make_key
cache = AnswerCache(open_store())
for number in itertools.count():
    answer = make_answer(f"Answer {number}. " + "word " * 5_000)
    cache.keep(make_key(f"Question {number}?"), lambda: np.ones(8, np.float32), answer, 300.0)
    if number % 20 == 19:
        cache.flush()
        print(number, flush=True)
"""


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as opened:
        yield opened


def fail() -> np.ndarray:
    raise ProviderError("The embedder is down.", fails_over=True)


@pytest.mark.parametrize("lines", [1, 3])
def test_a_kill_in_the_middle_of_writing_leaves_whole_answers_and_all_that_were_acknowledged(
    home: Path, lines: int
) -> None:
    command = [sys.executable, "-c", KEEPS_FOR_EVER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        acknowledged = [int(program.stdout.readline()) for _ in range(lines)][-1]
        program.kill()
    with open_store(home) as store:
        rows = store.query("SELECT key, question, answer, expires_at > made_at AS right_times FROM answer_cache")
        assert len(rows) > acknowledged and all(row["right_times"] for row in rows)
        for row in rows:
            number = row["question"].removeprefix("Question ").removesuffix("?")
            assert decode_answer(row["answer"]) == make_answer(f"Answer {number}. " + "word " * 5_000)
        found = AnswerCache(store).find(make_key(f"Question {acknowledged}?"), fail)
        assert found is not None and found.tier == "store"


def test_an_embedder_that_fails_costs_the_similar_answers_and_not_the_exact_ones(store: Store) -> None:
    first = AnswerCache(store)
    assert first.keep(make_key("How long?"), lambda: np.ones(4, np.float32), make_answer(), 1.0)
    assert first.keep(make_key("How far?"), fail, make_answer(), 1.0)
    assert first.find(make_key("Please tell me how long"), fail) is None
    first.close()
    assert (found := AnswerCache(store).find(make_key("How far?"), fail)) and found.tier == "store"


@pytest.mark.parametrize("size", [0, 3])
def test_vectors_that_are_empty_or_of_another_size_find_nothing_and_break_nothing(store: Store, size: int) -> None:
    first = AnswerCache(store)
    assert first.keep(make_key("How long?"), lambda: np.ones(size, np.float32), make_answer(), 1.0)
    assert first.keep(make_key("How far?"), lambda: np.ones(4, np.float32), make_answer(), 1.0)
    first.close()
    for cache in (first, AnswerCache(store)):
        for length in (0, 3, 4):
            asked = make_key("Please tell me how wide it is")
            assert cache.find(asked, lambda length=length: np.ones(length, np.float32)) is None  # type: ignore[misc]
        assert cache.find(make_key("How long?"), fail) is not None


def test_what_the_store_lets_go_by_itself_is_told_to_the_recorder(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[CacheEvent] = []

    class Recording(SilentRecorder):
        def record_cache(self, event: CacheEvent) -> None:
            told.append(event)

    monkeypatch.setattr(stored_answers, "ENTRIES", 2)
    cache = AnswerCache(store, semantic=False)
    with recording(Recording()):
        for number in range(5):
            cache.keep(make_key(f"Question {number}?"), fail, make_answer(), 1.0)
        cache.close()
    evicted = sum(event.count for event in told if (event.tier, event.event) == ("store", "evicted"))
    assert evicted == cache.describe()["store"]["evicted"] > 0
    assert store.query("SELECT count(*) AS n FROM answer_cache")[0]["n"] == 5 - evicted


def test_what_waits_to_be_written_is_bounded_and_the_writer_ends_by_itself() -> None:
    written: list[dict[str, object]] = []
    going = threading.Event()

    def write(rows: list[dict[str, object]]) -> None:
        going.wait()
        written.extend(rows)

    writer = StoreWriter(write, lambda: None, pause_s=0.0, idle_s=0.0)
    writer.add({"number": -1})
    while not writer._writing:
        pass
    for number in range(700):
        writer.add({"number": number})
    going.set()
    writer.close()
    assert [row["number"] for row in written] == [-1, *range(200, 700)]
    writer.add({"number": 701})
    assert len(written) == 501


def test_letting_go_of_memory_counts_as_evicted_and_the_store_still_answers(store: Store) -> None:
    cache = AnswerCache(store, semantic=False)
    cache.keep(make_key(), fail, make_answer(), 1.0)
    cache.flush()
    assert cache.clear_memory() == 1 and cache.clear_memory() == 0
    assert cache.describe()["memory"]["evicted"] == 1
    assert (found := cache.find(make_key(), fail)) and found.tier == "store"
    cache.hold_writes(True)
    cache.keep(make_key("On a full disk?"), fail, make_answer(), 1.0)
    cache.close()
    assert store.query("SELECT count(*) AS n FROM answer_cache") == [{"n": 1}]
