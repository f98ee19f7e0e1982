from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from engine.serving.cache import AnswerCache, CacheKey
from engine.serving.identity import identify_scope
from engine.settings import PipelineSettings
from engine.store import open_store
from tests.conftest import RunCli
from tests.engine.serving.answers import make_answer


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
        text = run_cli("cache", "--corpus", "shop", home=home).stdout
        assert "shop" in text and "library" not in text and "false hits on near misses" in text
        assert json.loads(run_cli("cache", "--clear", "--corpus", "shop", "--json", home=home).stdout)["deleted"] == 1
        key = CacheKey(identify_scope(pipeline), "shop", "How long?")
        assert cache.find_in_memory(key) is None, "what a program that runs has in memory is not found either"
        cache.close()
    assert "1 kept answer deleted" in run_cli("cache", "--clear", home=home).stdout
