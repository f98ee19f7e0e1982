from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from engine.operations.intervals import IntervalFigures
from engine.operations.metric_history import HistoryWriter
from engine.serving.cache import AnswerCache, CacheKey
from engine.serving.identity import identify_scope
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.telemetry import CacheEvent
from tests.conftest import RunCli
from tests.engine.serving.answers import make_answer


def test_what_the_tiers_of_the_app_did_is_shown_by_tier(home: Path, run_cli: RunCli) -> None:
    counted = IntervalFigures()
    for tier, event, count in (("memory", "hit", 3), ("memory", "miss", 1), ("retrieval", "stale", 2)):
        counted.add_cache(CacheEvent(tier=tier, event=event, saved_ms=1500.0, saved_usd=0.01, count=count))
    with open_store(home) as store:
        HistoryWriter(store, counted).write()
    shown = json.loads(run_cli("cache", "--json", "--hours", "1", home=home).stdout)
    memory = shown["tiers"]["memory"]
    assert (memory["hits"], memory["misses"], memory["hit_rate"]) == (3, 1, 0.75) and shown["hours"] == 1
    text = run_cli("cache", home=home).stdout
    assert "Tiers in the last 24 hours" in text and "75.0 %" in text
    assert text.index("memory") < text.index("retrieval")
    assert run_cli("cache", "--hours", "0", home=home).returncode == 2


def test_kept_answers_are_shown_by_corpus_and_cleared(home: Path, run_cli: RunCli) -> None:
    assert "No answers are kept" in run_cli("cache", home=home).stdout
    pipeline = SimpleNamespace(corpus="shop", settings=PipelineSettings())
    with open_store(home) as store:
        cache = AnswerCache(store)
        for corpus in ("shop", "library"):
            key = CacheKey(identify_scope(pipeline), corpus, "How long?")
            cache.keep(key, lambda: np.ones(4, np.float32), make_answer(), 300.0)
        cache.flush()
        shown = json.loads(run_cli("cache", "--json", home=home).stdout)
        assert [(row["corpus"], row["entries"], row["mean_ms"]) for row in shown["corpora"]] == [
            ("library", 1, 300.0), ("shop", 1, 300.0),
        ]  # fmt: skip
        assert shown["requests"] == {"asked": 0, "hits": {}, "hit_rate": None}
        assert shown["semantic"]["held_out"]["false_hits"]["high"] < 0.01
        assert shown["hours"] == 24 and shown["tiers"] == {}
        text = run_cli("cache", "--corpus", "shop", home=home).stdout
        assert "shop" in text and "library" not in text and "false hits on near misses: 2 of 7158" in text
        assert "counted nothing in the last 24 hours" in text
        assert json.loads(run_cli("cache", "--clear", "--corpus", "shop", "--json", home=home).stdout)["deleted"] == 1
        key = CacheKey(identify_scope(pipeline), "shop", "How long?")
        assert cache.find_in_memory(key) is None, "what a program that runs has in memory is not found either"
        cache.close()
    assert "1 kept answer deleted" in run_cli("cache", "--clear", home=home).stdout
