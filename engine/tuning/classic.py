"""Whole chunks scored as in Chroma's "Evaluating Chunking Strategies for Retrieval" (Smith and Troynikov 2024).

The ``k`` nearest chunks over all documents are the answer. Recall = gold characters found / gold characters; precision = the
same numerator / the characters of all retrieved chunks, in which overlaps count twice; IoU = the numerator / (the
characters of all retrieved chunks + gold characters missed).
"""

from __future__ import annotations

import numpy as np

from engine.tuning.corpus import ChunkSet, LabCorpus
from engine.tuning.questions import LabQuestions
from engine.tuning.ranking import find_best
from engine.tuning.scoring import count_shared, merge_pieces


def score_nearest(
    corpus: LabCorpus, questions: LabQuestions, chunks: ChunkSet, vectors: np.ndarray, k: int = 5
) -> dict[str, np.ndarray]:
    """``recall``, ``precision``, ``iou`` and ``tokens`` (q,) of the ``k`` nearest chunks; NaN without gold spans."""
    q = len(questions)
    order = find_best(questions.vectors @ vectors.T, min(k, len(chunks)))
    question, chunk = np.repeat(np.arange(q), order.shape[1]), order.ravel()
    base = corpus.base[chunks.document[chunk]]
    start, end = base + chunks.start[chunk], base + chunks.end[chunk]
    gold = questions.gold
    wanted = np.bincount(gold.question, gold.end - gold.start, q)
    shared = count_shared(gold, merge_pieces(question, start, end), q)
    taken = np.bincount(question, end - start, q)
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = {"recall": shared / wanted, "precision": shared / taken, "iou": shared / (taken + wanted - shared)}
    tokens = np.bincount(question, chunks.tokens[chunk], q)
    return {name: np.where(wanted > 0, x, np.nan) for name, x in {**figures, "tokens": tokens}.items()}
