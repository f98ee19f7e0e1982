"""Overlapping windows over the tokens of a document, and how much each window has to say about each token.

A token in the middle of a window has seen words on both sides of it; one at the border has not. Where windows overlap, a
token's vector is the mean of what they give, weighted by how far from the window's borders it stands. On three open sets
that finds more than the vector of the most central window alone.
"""

from __future__ import annotations

import numpy as np

# Without [CLS] and [SEP].
WINDOW = 254
STRIDE = 160


def place_windows(tokens: int, stride: int = STRIDE, window: int = WINDOW) -> np.ndarray:
    """First token of each window; the last window ends with the document. None for a document without tokens."""
    if tokens <= window:
        return np.zeros(min(tokens, 1), np.int64)
    starts = np.arange(0, tokens - window, stride, dtype=np.int64)
    return np.append(starts, tokens - window)


def weigh_window(start: int, tokens: int, window: int = WINDOW) -> np.ndarray:
    """Weight of each token of a window, by its distance to the borders; the document's own ends are no borders."""
    length = min(window, tokens - start)
    place = np.arange(length, dtype=np.float32)
    before = place + 1 if start else np.full(length, window, np.float32)
    behind = length - place if start + length < tokens else np.full(length, window, np.float32)
    return np.minimum(before, behind)
