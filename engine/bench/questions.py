"""The corpus and the questions that the benchmarks of a whole answer use: the largest shipped suite's."""

from __future__ import annotations

from pathlib import Path

from engine.bench.texts import load_questions, load_texts
from engine.corpora import ingest_corpus, shipped_corpora
from engine.evaluation.suites import Turn, load_suite
from engine.settings import PipelineSettings, home

SUITE = "customer-service"
DOCUMENTS = 500


def load_turns(data: Path | None, limit: int) -> list[Turn]:
    """Questions with their answers, evenly spread over the suite; of a data set, questions alone."""
    if data is not None:
        found = [Turn(question=question) for question in load_questions(data)]
    else:
        cases = load_suite(SUITE).cases
        found = [case.turns[0] for case in cases if case.kind == "qa"]
    step = max(1, len(found) // limit)
    return found[::step][:limit]


def ingest_questions_corpus(data: Path | None, settings: PipelineSettings) -> str:
    """The corpus that answers them, ingested into the present home; its name."""
    if data is None:
        ingest_corpus(SUITE, [shipped_corpora()[SUITE]], settings)
        return SUITE
    folder = home() / "bench-texts"
    folder.mkdir(parents=True, exist_ok=True)
    for i, text in enumerate(load_texts(data)[:DOCUMENTS]):
        (folder / f"{i:05}.txt").write_text(text or "empty")
    ingest_corpus("bench-texts", [folder], settings)
    return "bench-texts"
