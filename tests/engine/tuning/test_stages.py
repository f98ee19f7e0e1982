from __future__ import annotations

from engine.tuning.stages import StageCache


def test_a_result_is_made_once_and_the_oldest_goes_when_there_are_too_many() -> None:
    cache, made = StageCache(kept=2), []

    def make(key: str) -> str:
        return cache.get("cut", key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    assert [make(key) for key in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"]


def test_stages_keep_their_results_apart() -> None:
    cache = StageCache()
    assert cache.get("cut", 1, lambda: "chunks") == "chunks"
    assert cache.get("rank", 1, lambda: "order") == "order"
