"""Follow-up questions of conversations: the last turn alone, as the engine resolves it, and as people rewrote it.

The limits and weights of resolving were chosen on the conversations whose id has an even crc32; the figures of the odd
ones stand under ``held_out``. A set is a folder with ``corpus.jsonl`` and ``queries.jsonl`` whose questions have ``history`` (turns of role and text) and
``rewrite``; ``--data`` is one or holds several.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.document_ranking import Query, SearchedSet, find_sets, load_queries, score_ranking, summarise
from engine.conversation import StandaloneQuestion, resolve_question
from engine.settings import PipelineSettings

RESAMPLES = 4000
SEED = 20
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
        "last_turn": [StandaloneQuestion(query["question"]) for query in queries],
        "resolved": [_resolve(query) for query in queries],
        "rewrite": [StandaloneQuestion(query.get("rewrite") or query["question"]) for query in queries],
    }
    scores = {}
    for way, standalone in ways.items():
        rankings = [searched.rank(posed, {}) for posed in _pose(searched, standalone, queries)]
        scores[way] = [score_ranking(r, q["gold"]) for r, q in zip(rankings, queries, strict=True)]
        figures[way] = summarise(scores[way])
        figures["later_turns"][way] = summarise([scores[way][i] for i in later]) if later else {}
    conversations = [str(query.get("conversation_id") or i) for i, query in enumerate(queries)]
    figures["gap_closed"] = measure_gap(scores, conversations)
    held = [i for i, conversation in enumerate(conversations) if zlib.crc32(conversation.encode()) % 2]
    figures["held_out"] = {
        "questions": len(held),
        **{way: summarise([rows[i] for i in held]) for way, rows in scores.items()},
        "gap_closed": measure_gap(
            {way: [rows[i] for i in held] for way, rows in scores.items()}, [conversations[i] for i in held]
        ),
    }
    if name in PUBLISHED:
        figures["published"] = PUBLISHED[name]
    return figures


def measure_gap(
    scores: Mapping[str, Sequence[Sequence[float]]], conversations: Sequence[str]
) -> dict[str, float | int | None]:
    """The share of the gap in recall@5 between the last turn alone and the human rewrite that resolving closes.

    The interval (95 %) is a bootstrap over conversations, whose questions are not independent. It is wide where the gap
    itself is small against its noise; ``difference`` has the two means' distances from the last turn.
    """
    names, place = np.unique(conversations, return_inverse=True) if len(conversations) else (np.array([]), None)
    if place is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    recall = {way: np.array([row[0] for row in rows]) for way, rows in scores.items()}
    gains = np.stack([recall["resolved"] - recall["last_turn"], recall["rewrite"] - recall["last_turn"]])
    sums = np.stack([np.bincount(place, gain, minlength=len(names)) for gain in gains])
    draws = np.random.default_rng(SEED).integers(0, len(names), (RESAMPLES, len(names)))
    resampled = sums[:, draws].sum(axis=2)
    shares = resampled[0] / np.where(resampled[1] > 0, resampled[1], np.nan)
    ends = np.nanquantile(shares, (0.025, 0.975)) if np.isfinite(shares).any() else (None, None)
    gained, gap = (float(total) for total in gains.mean(axis=1))
    return {
        "value": round(gained / gap, 4) if gap > 0 else None,
        "low": None if ends[0] is None else round(float(ends[0]), 4),
        "high": None if ends[1] is None else round(float(ends[1]), 4),
        "gained": round(gained, 4),
        "gap": round(gap, 4),
        "n": len(names),
    }


def _resolve(query: Mapping[str, Any]) -> StandaloneQuestion:
    return resolve_question(query["question"], pair_turns(query.get("history") or []))


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
    searched: SearchedSet, standalone: Sequence[StandaloneQuestion], queries: Sequence[Mapping[str, Any]]
) -> list[Query]:
    """Each question as the pipeline searches it: its words, those of its background for less, the mean of both vectors."""
    phrasings = [(q.text, q.search_text) if q.background else (q.text,) for q in standalone]
    vectors = searched.embed([text for texts in phrasings for text in texts])
    posed, at = [], 0
    for texts, resolved, query in zip(phrasings, standalone, queries, strict=True):
        mean = vectors[at : at + len(texts)].mean(axis=0)
        at += len(texts)
        unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
        posed.append(Query(resolved.text, unit, query["gold"], resolved.background_text))
    return posed
