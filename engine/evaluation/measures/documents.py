"""Ranking of documents: recall@k, nDCG@k, MRR, with binary relevance, on ``retrieved``.

The ranking is reduced to distinct documents in order of first appearance. Definitions as in trec_eval (Järvelin and
Kekäläinen 2002 for nDCG, discount log2(rank + 1)); a ranking that finds nothing, or is empty, scores 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import log2

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_gold, score_gap


def rank_documents(documents: Sequence[str]) -> list[str]:
    """Distinct documents in order."""
    return list(dict.fromkeys(documents))


def recall_at(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of the relevant documents that stand among the first k."""
    return len(set(ranking[:k]) & set(relevant)) / len(set(relevant))


def ndcg_at(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Discounted gain over the first k, divided by the best that k could give."""
    wanted = set(relevant)
    gain = sum(1 / log2(rank + 1) for rank, document in enumerate(ranking[:k], 1) if document in wanted)
    best = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(wanted)) + 1))
    return gain / best


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str]) -> float:
    """One over the rank of the first relevant document, 0 when there is none."""
    return next((1 / rank for rank, document in enumerate(ranking, 1) if document in relevant), 0.0)


def _measure(name: str, description: str, formula: Callable[[list[str], set[str]], float]) -> Measure:
    def score(sample: Sample) -> Score:
        assert sample.answer is not None
        if gap := score_gap(sample, "retrieved"):
            return gap
        ranking = rank_documents([r.document for r in sample.answer.retrieved])
        return Score.of(formula(ranking, {s.document for s in sample.relevant}))

    return Measure(name=name, description=description, applies=needs_gold, score=score)


MEASURES = (
    _measure("recall@5", "Share of the gold documents among the first 5 retrieved.", lambda r, g: recall_at(r, g, 5)),
    _measure(
        "recall@10", "Share of the gold documents among the first 10 retrieved.", lambda r, g: recall_at(r, g, 10)
    ),
    _measure(
        "nDCG@10",
        "How near the top the gold documents stand among the first 10 retrieved; 1 when none could stand higher.",
        lambda r, g: ndcg_at(r, g, 10),
    ),
    _measure("MRR", "One over the rank of the first gold document; 0 when none was retrieved.", reciprocal_rank),
)
