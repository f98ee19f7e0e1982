"""Follow-up questions of conversations: the last turn alone, as the engine resolves it, and as people rewrote it.

A set is a folder with ``corpus.jsonl`` and ``queries.jsonl`` whose questions have ``history`` (turns of role and text) and
``rewrite``; ``--data`` is one or holds several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.document_ranking import Query, SearchedSet, find_sets, load_queries
from engine.conversation import resolve_question
from engine.settings import PipelineSettings

# Recall@5 on the full corpora, of which these sets hold a pool of the hard passages.
PUBLISHED: dict[str, dict[str, dict[str, float]]] = {
    "mtrag_clapnq": {
        "BM25, this pool": {"last_turn": 0.192, "rewrite": 0.251},
        "dense, this pool": {"rewrite": 0.427},
        "RRF, this pool": {"rewrite": 0.386},
        "BGE-base": {"last_turn": 0.388, "rewrite": 0.462},
    },
    "mtrag_fiqa": {
        "BM25, this pool": {"last_turn": 0.101, "rewrite": 0.134},
        "BGE-base": {"last_turn": 0.263, "rewrite": 0.308},
    },
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By set: counts, then the measures with their intervals for each way of asking; ``later_turns`` without the first.

    Raises:
        InputError: no data set was given, or none was found.
    """
    settings = PipelineSettings().with_values(overrides)
    sets = find_sets(data, "multiturn", ("history", "rewrite"))
    return {name: measure_set(name, folder, settings) for name, folder in sets}


def measure_set(name: str, folder: Path, settings: PipelineSettings) -> dict[str, Any]:
    """The figures of one set."""
    queries = load_queries(folder)
    searched = SearchedSet(folder, settings)
    later = [i for i, query in enumerate(queries) if query.get("history")]
    figures: dict[str, Any] = {
        "documents": searched.documents,
        "chunks": searched.chunks,
        "questions": len(queries),
        "later_turns": {"questions": len(later)},
    }
    ways = {
        "last_turn": [(query["question"],) for query in queries],
        "resolved": [_resolve(query) for query in queries],
        "rewrite": [(query.get("rewrite") or query["question"],) for query in queries],
    }
    for way, phrasings in ways.items():
        posed = _pose(searched, phrasings, queries)
        figures[way] = searched.measure(posed, {})
        figures["later_turns"][way] = searched.measure([posed[i] for i in later], {}) if later else {}
    if name in PUBLISHED:
        figures["published"] = PUBLISHED[name]
    return figures


def _resolve(query: Mapping[str, Any]) -> tuple[str, ...]:
    """The question, and with what it leans on when it leans: as the pipeline searches it."""
    standalone = resolve_question(query["question"], pair_turns(query.get("history") or []))
    return (standalone.text, standalone.search_text) if standalone.background else (standalone.text,)


def pair_turns(history: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Turns of role and text as pairs of question and answer; a question without an answer has an empty one."""
    pairs: list[tuple[str, str]] = []
    for turn in history:
        if turn["role"] == "user":
            pairs.append((turn["text"], ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], turn["text"])
    return pairs


def _pose(
    searched: SearchedSet, phrasings: Sequence[tuple[str, ...]], queries: Sequence[Mapping[str, Any]]
) -> list[Query]:
    """Each question searched by the words of its last phrasing and by the mean vector of all of them."""
    vectors = searched.embed([text for texts in phrasings for text in texts])
    posed, at = [], 0
    for texts, query in zip(phrasings, queries, strict=True):
        mean = vectors[at : at + len(texts)].mean(axis=0)
        at += len(texts)
        posed.append(Query(texts[-1], mean / max(float(np.linalg.norm(mean)), 1e-12), query["gold"]))
    return posed
