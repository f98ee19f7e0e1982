"""Two rankings into one: by rank, by normalised score, or by a fitted balance of what is known of each chunk.

Everything works on arrays of shape (questions, chunks), so that one question and a whole suite are scored alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.settings import PipelineSettings

__all__ = ["BALANCE_PATH", "DEPTH", "RRF_CONSTANT", "Balance", "Evidence", "fuse_scores", "load_balance", "rank_of"]

RRF_CONSTANT = 60
# Chunks of a ranking that fusion by rank looks at.
DEPTH = 50
BALANCE_PATH = Path(__file__).with_name("fusion.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Coefficients of the fitted fusion, fitted by ``engine.calibration.fusion``.

    A chunk's score is (1 - sentence) * similarity + sentence * best sentence's similarity + lexical * BM25 / ln(1 + n)
    + title * share of its title that identifiers of the question cover, for a corpus of n chunks. BM25 is not scaled to
    its best: a question of rare words and names has large scores and is decided by them, a vague one by meaning.
    """

    sentence: float
    lexical: float
    title: float
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of chunks, arrays (questions, chunks); one that is None is not known of any.

    Attributes:
        dense: cosine of question and chunk.
        lexical: BM25 score, 0 where no word is shared.
        sentences: cosine of question and the chunk's best sentence.
        titles: share of the chunk's title covered by identifiers of the question.
        chunks: chunks in the corpus.
    """

    dense: np.ndarray
    lexical: np.ndarray
    chunks: int
    sentences: np.ndarray | None = None
    titles: np.ndarray | None = None


@lru_cache(maxsize=1)
def load_balance() -> Balance:
    """The shipped coefficients."""
    return Balance(**json.loads(BALANCE_PATH.read_text()))


def fuse_scores(evidence: Evidence, settings: PipelineSettings, balance: Balance | None = None) -> np.ndarray:
    """The score of each chunk for each question; higher is better, comparable within one question.

    ``weight`` is the share of meaning in hybrid search: 1 is the dense ranking alone, 0 the lexical one. At 0.5 the
    learned fusion stands as it was fitted. A mode of one ranking gives that ranking's own scores.
    """
    if settings.mode == "dense":
        return evidence.dense
    if settings.mode == "lexical":
        return evidence.lexical
    return FUSIONS[settings.fusion](evidence, settings, balance or load_balance())


def fuse_ranks(evidence: Evidence, settings: PipelineSettings, balance: Balance) -> np.ndarray:
    """Reciprocal rank fusion (Cormack et al. 2009): sum of share / (60 + rank) over the first 50 of both rankings."""
    depth = max(DEPTH, settings.top_k)
    fused = np.zeros(evidence.dense.shape)
    for scores, share, found in (
        (evidence.dense, settings.weight, True),
        (evidence.lexical, 1 - settings.weight, evidence.lexical > 0),
    ):
        rank = rank_of(scores)
        fused += np.where((rank <= depth) & found, share / (RRF_CONSTANT + rank), 0.0)
    return fused


def fuse_normalised(evidence: Evidence, settings: PipelineSettings, balance: Balance) -> np.ndarray:
    """Convex combination after min-max scaling with the theoretical minimum of each score (Bruch et al. 2023, eq. 4)."""
    dense = _scale(evidence.dense, -1.0)
    return settings.weight * dense + (1 - settings.weight) * _scale(evidence.lexical, 0.0)


def fuse_learned(evidence: Evidence, settings: PipelineSettings, balance: Balance) -> np.ndarray:
    """The fitted balance, see ``Balance``."""
    meaning = evidence.dense
    if evidence.sentences is not None:
        meaning = (1 - balance.sentence) * evidence.dense + balance.sentence * evidence.sentences
    letters = balance.lexical * evidence.lexical / np.log1p(evidence.chunks)
    if evidence.titles is not None:
        letters = letters + balance.title * evidence.titles
    return 2 * (settings.weight * meaning + (1 - settings.weight) * letters)


FUSIONS: dict[str, Callable[[Evidence, PipelineSettings, Balance], np.ndarray]] = {
    "learned": fuse_learned,
    "rrf": fuse_ranks,
    "convex": fuse_normalised,
}


def rank_of(scores: np.ndarray) -> np.ndarray:
    """The rank of each score in its row, 1 is the highest; of equal ones the first comes first."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    ranks = np.empty(scores.shape, np.int64)
    np.put_along_axis(ranks, order, np.arange(1, scores.shape[-1] + 1) * np.ones_like(order), -1)
    return ranks


def _scale(scores: np.ndarray, lowest: float) -> np.ndarray:
    highest = scores.max(axis=-1, keepdims=True, initial=lowest)
    return (scores - lowest) / np.maximum(highest - lowest, 1e-9)
