"""Where to cut a text. Sizes are in units: characters, or tokens when the boundaries were built so."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

Span = tuple[int, int]
_PARAGRAPH = re.compile(r"\n\s*\n\s*")
_WORD = re.compile(r"\s+")


class Boundaries:
    """The places of a text where a cut hurts least: before headings, between paragraphs, between sentences, words.

    ``units[i]`` is the size of ``text[:i]``.
    """

    def __init__(self, text: str, sentences: Sequence[Span], headings: Sequence[int], units: np.ndarray) -> None:
        self.text, self.units = text, units
        self.headings = sorted(headings)
        self.paragraphs = [m.end() for m in _PARAGRAPH.finditer(text)]
        self.sentences = [start for start, _ in sentences]

    def size(self, start: int, end: int) -> int:
        """The size of ``text[start:end]``."""
        return int(self.units[end] - self.units[start])

    def furthest(self, start: int, size: int) -> int:
        """The largest end such that ``text[start:end]`` is no larger than ``size``."""
        return int(np.searchsorted(self.units, self.units[start] + size, side="right")) - 1

    def trim(self, start: int, end: int) -> Span:
        """The span without the white space at its ends."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return start, end


def split_recursive(b: Boundaries, size: int, overlap: int) -> list[Span]:
    """Cut at the strongest boundary of the second half: heading, paragraph, sentence, word, anywhere.

    Neighbours share up to ``overlap``, from the start of a sentence on; a cut before a heading shares nothing.
    """
    spans: list[Span] = []
    start, _ = b.trim(0, len(b.text))
    end = start
    while start < len(b.text):
        limit = b.furthest(start, size)
        if limit >= len(b.text):
            spans.append(b.trim(start, len(b.text)))
            break
        end = _strongest_cut(b, start, limit, end)
        spans.append(b.trim(start, end))
        start = _next_start(b, start, end, overlap)
    return _without_nested(spans)


def split_fixed(b: Boundaries, size: int, overlap: int) -> list[Span]:
    """Windows of exactly ``size`` that share exactly ``overlap``, wherever that cuts."""
    spans: list[Span] = []
    start = 0
    while start < len(b.text):
        end = max(min(b.furthest(start, size), len(b.text)), start + 1)
        spans.append(b.trim(start, end))
        if end >= len(b.text):
            break
        start = max(b.furthest(start, size - overlap), start + 1)
    return _without_nested(spans)


def _without_nested(spans: Sequence[Span]) -> list[Span]:
    """Spans less the empty ones and those that, once trimmed, lie within a neighbour."""
    kept: list[Span] = []
    for start, end in spans:
        if kept and start == kept[-1][0] and end > kept[-1][1]:
            kept.pop()  # white space was trimmed from the one before: this one holds all of it
        if end > start and (not kept or end > kept[-1][1]):
            kept.append((start, end))
    return kept


def _strongest_cut(b: Boundaries, start: int, limit: int, previous: int) -> int:
    """The best place to end, behind the ``previous`` cut: a large overlap must not give a chunk within a chunk."""
    half = max(start + (limit - start) // 2, previous)
    quarter = max(start + (limit - start) // 4, previous)
    for places, earliest in ((b.headings, half), (b.paragraphs, half), (b.sentences, quarter)):
        cut = _last_in(places, earliest, limit)
        if cut is not None:
            return cut
    words = [m.end() for m in _WORD.finditer(b.text, half, limit) if m.end() > half]
    return words[-1] if words else max(limit, start + 1)


def _next_start(b: Boundaries, start: int, end: int, overlap: int) -> int:
    """The first sentence within ``overlap`` before the cut, else the cut itself."""
    if overlap and end not in b.headings:
        for place in b.sentences[bisect_right(b.sentences, start) : bisect_left(b.sentences, end)]:
            if b.size(place, end) <= overlap:
                crossed = _last_in(b.headings, place, end)
                return place if crossed is None else max(place, crossed)
    while end < len(b.text) and b.text[end].isspace():
        end += 1
    return end


def _last_in(places: Sequence[int], low: int, high: int) -> int | None:
    """The last place p with low < p <= high."""
    i = bisect_right(places, high) - 1
    return places[i] if i >= 0 and places[i] > low else None
