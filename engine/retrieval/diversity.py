"""Fewer passages that say the same: maximal marginal relevance."""

from __future__ import annotations

import numpy as np

__all__ = ["diversify"]


def diversify(scores: np.ndarray, vectors: np.ndarray, diversity: float, k: int) -> list[int]:
    """The places of ``k`` items in the order of maximal marginal relevance (Carbonell and Goldstein 1998).

    Args:
        scores: (n,), scaled to [0, 1] within.
        vectors: (n, d), unit length.
        diversity: share of novelty against relevance; 0 keeps the order of the scores.
    """
    if not len(scores):
        return []
    relevance = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-9)
    alike = vectors @ vectors.T
    open_, closest = np.ones(len(scores), bool), np.zeros(len(scores))
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        gain = np.where(open_, (1 - diversity) * relevance - diversity * closest, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        open_[best] = False
        closest = np.maximum(closest, alike[best])
    return chosen
