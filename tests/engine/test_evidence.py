"""What the index says of a question may be asked before its turn: the same is found, and nothing old is kept as new."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import evidence
from engine.conversation import StandaloneQuestion, resolve_question
from engine.corpora import ingest_corpus
from engine.evidence import EvidenceFinder
from engine.index import Catalog
from engine.serving.stage_caches import StageCaches
from engine.settings import PipelineSettings

CORPUS = "customer-service"
FOLLOW_UP = resolve_question("And how long does that take?", [("What is the refund policy?", "Refunds are paid back.")])
QUESTIONS = [
    StandaloneQuestion("What are the payment terms for new customers?", ()),
    StandaloneQuestion("Who painted the moon?", ()),
    FOLLOW_UP,
]


def open_finder(corpus: str, caches: StageCaches | None, **settings: object) -> EvidenceFinder:
    catalog = Catalog()
    return EvidenceFinder(corpus, PipelineSettings().with_values(settings), catalog, catalog.load(corpus), caches)


@pytest.mark.parametrize("settings", [{}, {"mode": "lexical"}, {"mode": "dense"}, {"expansion": 8}, {"top_k": 40}])
@pytest.mark.parametrize("question", QUESTIONS, ids=["answered", "unanswerable", "follow-up"])
def test_what_was_asked_ahead_changes_nothing_of_what_is_found(
    library: Path, monkeypatch: pytest.MonkeyPatch, question: StandaloneQuestion, settings: dict[str, object]
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))
    alone = open_finder(CORPUS, None, **settings).find(question)
    for caches in (None, StageCaches()):
        ahead = asyncio.run(open_finder(CORPUS, caches, **settings).find_async(question))
        assert ahead.selection.context == alone.selection.context
        assert ahead.ranking == alone.ranking
        assert set(ahead.timings_ms) == set(alone.timings_ms) and ahead.timings_ms["search"] > 0


def test_the_index_is_not_asked_for_what_is_kept(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))
    finder = open_finder(CORPUS, StageCaches())
    first = asyncio.run(finder.find_async(QUESTIONS[0]))
    monkeypatch.setattr(evidence, "search_index", lambda *_: pytest.fail("the index was asked"))
    again = asyncio.run(finder.find_async(QUESTIONS[0]))
    assert again.ranking == first.ranking and again.timings_ms["search"] == 0


def test_an_ingest_between_asking_and_the_turn_is_seen_by_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    document = tmp_path / "terms.md"
    document.write_text("# Terms\n\nInvoices are paid within 14 days of delivery.\n")
    ingest_corpus("terms", [document], PipelineSettings())
    finder, question = open_finder("terms", StageCaches()), StandaloneQuestion("When are invoices paid?", ())
    wanted = asyncio.run(finder.ask_ahead(question))
    document.write_text("# Terms\n\nInvoices are paid within 30 days of delivery.\n")
    ingest_corpus("terms", [document], PipelineSettings())
    assert finder.find(question, wanted).selection.context.parts
    found = asyncio.run(finder.find_async(question))
    assert "30 days" in found.selection.context.parts[0].text
