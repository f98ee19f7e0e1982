from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine.pipeline import open_pipeline
from engine.retrieval import Retrieved
from engine.serving.stage_caches import RETRIEVAL_FIELDS, StageCaches
from engine.settings import ROOT, PipelineSettings

VERSION = ("shop-1", "7.manifest")


def make_retrieved() -> Retrieved:
    return Retrieved(chunks=[], rest=[], vector=np.zeros(4, np.float32), timings_ms={"embed": 2.0, "search": 3.0})


class Counting:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Retrieved:
        self.made += 1
        return make_retrieved()


def test_the_same_search_is_made_once_for_each_version_of_the_index() -> None:
    caches, make, settings = StageCaches(), Counting(), PipelineSettings()
    for version in (VERSION, VERSION, ("shop-1", "6.manifest"), ("shop-2", "7.manifest")):
        caches.retrieve(version, ("words",), settings, make)
    assert make.made == 3
    figures = caches.describe()["retrieval"]
    assert (figures["hit"], figures["miss"], figures["saved_ms"]) == (1, 3, 5.0)


def test_whether_a_search_is_kept_is_told_without_counting() -> None:
    caches, settings = StageCaches(), PipelineSettings()
    assert not caches.holds_retrieved(VERSION, ("words",), settings)
    caches.retrieve(VERSION, ("words",), settings, make_retrieved)
    assert caches.holds_retrieved(VERSION, ("words",), settings)
    assert not caches.holds_retrieved(("shop-1", "6.manifest"), ("words",), settings)
    assert (caches.describe()["retrieval"]["hit"], caches.describe()["retrieval"]["miss"]) == (0, 1)


@pytest.mark.parametrize("change", [{"top_k": 3}, {"mode": "dense"}, {"filter": "document=a*"}, {"weight": 0.7}])
def test_a_setting_that_retrieval_reads_is_another_search(change: dict[str, object]) -> None:
    caches, make = StageCaches(), Counting()
    caches.retrieve(VERSION, ("words",), PipelineSettings(), make)
    caches.retrieve(VERSION, ("words",), PipelineSettings().with_values(change), make)
    assert make.made == 2


def test_retrieval_reads_no_setting_that_its_key_lacks() -> None:
    sources = (path.read_text() for path in (ROOT / "engine" / "retrieval").rglob("*.py"))
    read = {name for source in sources for name in re.findall(r"\bsettings\.([a-z_]+)", source)}
    assert read and read <= set(RETRIEVAL_FIELDS)


def test_settings_of_the_answer_alone_share_a_search() -> None:
    caches, make = StageCaches(), Counting()
    for settings in (PipelineSettings(), PipelineSettings(answer_words=20, min_quality=0.5, temperature=1.0)):
        caches.retrieve(VERSION, ("words",), settings, make)
    assert make.made == 1 and "answer_words" not in RETRIEVAL_FIELDS


def test_what_a_caller_does_to_its_result_reaches_nobody_else() -> None:
    caches = StageCaches()
    first = caches.retrieve(VERSION, ("words",), PipelineSettings(), make_retrieved)
    first.timings_ms["rerank"] = 9.0
    second = caches.retrieve(VERSION, ("words",), PipelineSettings(), make_retrieved)
    assert second.timings_ms == {"embed": 0.0, "search": 0.0}
    vector = caches.embed("minilm", ("a",), lambda: np.ones(4, np.float32))
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 2.0


def test_vectors_are_those_of_an_embedder_and_of_texts_in_order() -> None:
    caches, made = StageCaches(), []

    def make() -> np.ndarray:
        made.append(1)
        return np.ones(4, np.float32)

    for embedder, texts in (("a", ("x", "y")), ("a", ("x", "y")), ("b", ("x", "y")), ("a", ("y", "x")), ("a", ("x",))):
        caches.embed(embedder, texts, make)
    assert len(made) == 4
    assert caches.describe()["vectors"]["hit"] == 1 and caches.describe()["vectors"]["saved_ms"] >= 0


def test_both_tiers_keep_within_their_bounds() -> None:
    caches = StageCaches(entries=10, largest_bytes=10_000)
    for number in range(100):
        caches.embed("a", (str(number),), lambda: np.ones(64, np.float32))
        caches.retrieve(VERSION, (str(number),), PipelineSettings(), make_retrieved)
    figures = caches.describe()
    assert all(tier["entries"] <= 10 and tier["bytes"] <= tier["most_bytes"] for tier in figures.values())
    assert all(tier["evicted"] > 0 for tier in figures.values())
    caches.clear()
    assert all(tier["entries"] == 0 for tier in caches.describe().values())


def test_a_pipeline_answers_the_same_from_its_caches(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))
    caches = StageCaches()
    pipeline = open_pipeline("customer-service", PipelineSettings(), caches=caches)
    plain = open_pipeline("customer-service", PipelineSettings())
    question = "What are the payment terms for new customers?"
    answers = [p.answer(question) for p in (plain, pipeline, pipeline)]
    assert len({(a.text, a.citations, a.retrieved, a.context) for a in answers}) == 1
    assert caches.describe()["retrieval"]["hit"] >= 1
