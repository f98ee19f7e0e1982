"""Documents ranked on labelled sets: dense, lexical, fused by rank, and as the settings say.

A set is a folder with ``corpus.jsonl`` and ``queries.jsonl``; ``--data`` is one or holds several. Questions without
relevant documents are left out. A question with a ``rewrite`` is asked by it. Where questions have an ``alert_name``,
three tasks are measured: by the question, by the name, and by both.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.bench.document_ranking import Query, SearchedSet, find_sets, load_queries
from engine.settings import PipelineSettings

QUESTIONS = 1_000
WAYS: dict[str, dict[str, Any]] = {
    "dense": {"mode": "dense"},
    "lexical": {"mode": "lexical"},
    "rrf": {"mode": "hybrid", "fusion": "rrf", "weight": 0.5},
    "settings": {},
}
# all-MiniLM-L6-v2 on whole documents unless said otherwise, as published with the sets.
PUBLISHED: dict[str, dict[str, dict[str, float]]] = {
    "squad2": {
        "BM25": {"recall@5": 0.933, "nDCG@10": 0.883},
        "dense": {"recall@5": 0.890, "nDCG@10": 0.803},
        "RRF": {"recall@5": 0.953, "nDCG@10": 0.874},
    },
    "nq_gold": {
        "BM25": {"recall@5": 0.935, "nDCG@10": 0.889},
        "dense": {"recall@5": 0.995, "nDCG@10": 0.963},
        "RRF": {"recall@5": 0.978, "nDCG@10": 0.937},
    },
    "clapnq_dev": {"BM25": {"recall@5": 0.974, "nDCG@10": 0.948}, "dense": {"recall@5": 1.0, "nDCG@10": 0.993}},
    "pubmedqa": {"BM25": {"recall@5": 0.986, "nDCG@10": 0.978}},
    "mtrag_clapnq": {
        "BM25": {"recall@5": 0.251},
        "dense": {"recall@5": 0.427},
        "RRF": {"recall@5": 0.386},
        "BGE-base, full corpus": {"recall@5": 0.462},
    },
    "mtrag_fiqa": {"BM25": {"recall@5": 0.134}, "BGE-base, full corpus": {"recall@5": 0.308}},
    "multihop_evidence": {
        "BM25": {"recall@5": 0.706, "nDCG@10": 0.739},
        "dense": {"recall@5": 0.642, "nDCG@10": 0.680},
        "RRF": {"recall@5": 0.722, "nDCG@10": 0.763},
    },
    "runbooks_alerts": {
        "BM25": {"recall@5": 0.736, "nDCG@10": 0.660},
        "dense": {"recall@5": 0.887, "nDCG@10": 0.759},
        "RRF": {"recall@5": 0.906, "nDCG@10": 0.819},
        "BM25, by the name": {"recall@5": 1.0, "nDCG@10": 0.987},
        "dense, by the name": {"recall@5": 0.887, "nDCG@10": 0.755},
    },
    "holmesgpt": {
        "BM25": {"recall@5": 0.426, "nDCG@10": 0.514},
        "dense": {"recall@5": 0.389, "nDCG@10": 0.428},
        "RRF": {"recall@5": 0.539, "nDCG@10": 0.592},
    },
}
Phrase = Callable[[Mapping[str, Any]], str]


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By set: counts, then for each task and way of searching the measures with their intervals.

    Raises:
        InputError: no data set was given, or none was found.
    """
    settings = PipelineSettings().with_values(overrides)
    return {name: measure_set(name, folder, settings) for name, folder in find_sets(data, "retrieval")}


def measure_set(name: str, folder: Path, settings: PipelineSettings) -> dict[str, Any]:
    """The figures of one set, on at most 1,000 of its questions (``random.Random(7).sample``)."""
    queries = load_queries(folder)
    chosen = random.Random(7).sample(queries, min(QUESTIONS, len(queries)))
    searched = SearchedSet(folder, settings)
    figures: dict[str, Any] = {"documents": searched.documents, "chunks": searched.chunks, "questions": len(chosen)}
    for task, phrase in _tasks(chosen).items():
        asked = [phrase(query) for query in chosen]
        vectors = searched.embed(asked)
        posed = [Query(text, v, query["gold"]) for text, v, query in zip(asked, vectors, chosen, strict=True)]
        figures[task] = {way: searched.measure(posed, values) for way, values in WAYS.items()}
    if name in PUBLISHED:
        figures["published"] = PUBLISHED[name]
    return figures


def _tasks(queries: list[dict[str, Any]]) -> dict[str, Phrase]:
    if queries and all(query.get("alert_name") for query in queries):
        return {
            "by_description": lambda query: query["question"],
            "by_name": lambda query: query["alert_name"],
            "by_name_and_description": lambda query: f"{query['alert_name']} {query['question']}",
        }
    return {"by_question": lambda query: query.get("rewrite") or query["question"]}
