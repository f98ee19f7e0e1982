"""The measures of ``engine.evaluation.measures`` for a whole suite in array operations: spans in characters, documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Intervals:
    """Disjoint pieces of text by question, sorted: ``question``, ``start``, ``end`` on one axis of all documents."""

    question: np.ndarray
    start: np.ndarray
    end: np.ndarray


def merge_pieces(question: np.ndarray, start: np.ndarray, end: np.ndarray) -> Intervals:
    """Pieces joined where they overlap or touch; empty ones are dropped."""
    kept = end > start
    question, start, end = question[kept], start[kept], end[kept]
    if not len(question):
        return Intervals(question, start, end)
    order = np.lexsort((start, question))
    question, start, end = question[order], start[order], end[order]
    # Questions laid behind each other on one axis, so that one running maximum serves all.
    width = int(end.max()) + 2
    reach = np.maximum.accumulate(end + question * width)
    opens = np.ones(len(question), bool)
    opens[1:] = (start + question * width)[1:] > reach[:-1]
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(question)) - 1
    return Intervals(question[first], start[first], reach[last] - question[first] * width)


def score_spans(gold: Intervals, found: Intervals, questions: int) -> dict[str, np.ndarray]:
    """``recall``, ``precision`` and ``iou`` in characters, NaN for questions without gold."""
    wanted = np.bincount(gold.question, gold.end - gold.start, questions)
    held = np.bincount(found.question, found.end - found.start, questions)
    shared = count_shared(gold, found, questions)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = shared / wanted
        precision = np.where(held > 0, shared / held, 0.0)
        iou = shared / (wanted + held - shared)
    empty = wanted == 0
    return {
        name: np.where(empty, np.nan, x)
        for name, x in zip(("recall", "precision", "iou"), (recall, precision, iou), strict=True)
    }


def count_shared(gold: Intervals, found: Intervals, questions: int) -> np.ndarray:
    """Characters in both: each gold piece meets a run of the question's found pieces."""
    if not len(gold.question) or not len(found.question):
        return np.zeros(questions)
    width = int(max(gold.end.max(), found.end.max())) + 2
    begins, ends = found.start + found.question * width, found.end + found.question * width
    low = np.searchsorted(ends, gold.start + gold.question * width, "right")
    high = np.searchsorted(begins, gold.end + gold.question * width, "left")
    counts = np.maximum(high - low, 0)
    g = np.repeat(np.arange(len(counts)), counts)
    f = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    overlap = np.minimum(gold.end[g], found.end[f]) - np.maximum(gold.start[g], found.start[f])
    return np.bincount(gold.question[g], np.maximum(overlap, 0), questions)


def score_documents(ranking: np.ndarray, gold: Sequence[frozenset[int]]) -> dict[str, np.ndarray]:
    """``document_recall@5`` and ``ndcg@10`` over documents (questions, depth), -1 for none; NaN for questions without gold."""
    place = _number_distinct(ranking)
    recall, ndcg = np.full(len(gold), np.nan), np.full(len(gold), np.nan)
    width = int(ranking.max(initial=0)) + 2
    keys = [i * width + d for i, documents in enumerate(gold) for d in documents if d < width]
    found = np.isin(ranking + np.arange(len(ranking))[:, None] * width, np.array(keys, np.int64)) & (place >= 0)
    gain = np.where(found & (place < 10), 1 / np.log2(np.maximum(place, 0) + 2), 0.0).sum(axis=1)
    counts = np.array([len(documents) for documents in gold])
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(10) + 2))])[np.minimum(counts, 10)]
    known = counts > 0
    recall[known] = (found & (place < 5)).sum(axis=1)[known] / counts[known]
    ndcg[known] = gain[known] / best[known]
    return {"document_recall@5": recall, "ndcg@10": ndcg}


def _number_distinct(ranking: np.ndarray) -> np.ndarray:
    """At the first mention of each document its place among the distinct ones, from 0; -1 elsewhere."""
    order = np.argsort(ranking, axis=1, kind="stable")
    ordered = np.take_along_axis(ranking, order, axis=1)
    first = np.ones(ordered.shape, bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    mentioned = np.zeros(ranking.shape, bool)
    np.put_along_axis(mentioned, order, first & (ordered >= 0), axis=1)
    return np.where(mentioned, np.cumsum(mentioned, axis=1) - 1, -1)
