"""Settings that no other beats: better in one figure only by being worse in the other."""

from __future__ import annotations

from collections.abc import Sequence


def find_front(gains: Sequence[float | None], costs: Sequence[float | None]) -> list[int]:
    """Places of the points that no other point dominates, cheapest first.

    A point is dominated when another has at least its gain at no higher cost and is better in one of the two. Of points
    that are equal in both, the first stands for all. A point without a gain or a cost is left out.
    """
    points = [
        (cost, -gain, place)
        for place, (gain, cost) in enumerate(zip(gains, costs, strict=True))
        if gain is not None and cost is not None
    ]
    front: list[int] = []
    best: float | None = None
    for _, negative_gain, place in sorted(points):
        if best is None or negative_gain < best:
            front.append(place)
            best = negative_gain
    return front
