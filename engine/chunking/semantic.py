"""Semantic: where the likeness of neighbouring groups of sentences falls, the subject changes."""

from __future__ import annotations

import numpy as np

from engine.chunking.cutting import CutPlan, Level
from engine.chunking.layout import DocumentLayout

# Sentences on each side of a place that are held against each other.
GROUP = 3
# Shares of the places with the least likeness, strongest first, and where in the window each may end a chunk.
SHARES = ((0.08, 0.25), (0.2, 0.4), (0.5, 0.5))


def plan_semantic(layout: DocumentLayout) -> CutPlan:
    """Cuts at the least alike neighbours.

    Raises:
        ValueError: the layout was made without ``sentence_vectors``.
    """
    if layout.sentence_vectors is None:
        raise ValueError("chunker semantic needs sentence_vectors: pass the embedder's embed")
    starts = [start for start, _ in layout.sentences]
    if len(starts) < 2:
        return CutPlan((Level(starts, 0.25),), starts)
    likeness = measure_likeness(layout.sentence_vectors([layout.text[a:b] for a, b in layout.sentences]))
    order = np.argsort(likeness, kind="stable")
    places = np.array(starts[1:])
    levels = [Level(np.sort(places[order[: int(share * len(order))]]).tolist(), at) for share, at in SHARES]
    return CutPlan((*levels, Level(starts, 0.25)), starts, levels[0].places)


def measure_likeness(vectors: np.ndarray) -> np.ndarray:
    """Cosine of the mean vectors of the ``GROUP`` sentences before and behind each place between two sentences."""
    sums = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=np.float64)])
    at = np.arange(1, len(vectors))
    before = sums[at] - sums[np.maximum(at - GROUP, 0)]
    behind = sums[np.minimum(at + GROUP, len(vectors))] - sums[at]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(behind, axis=1)
    return np.einsum("ij,ij->i", before, behind) / np.maximum(norms, 1e-12)
