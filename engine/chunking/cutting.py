"""Where to cut. A plan lists the good places of a document once; cutting it to a size is then a walk over the plan."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Span = tuple[int, int]
_WORD = re.compile(r"\s+")
_INK = re.compile(r"\S")


class Units(Protocol):
    """What sizes count."""

    def size(self, start: int, end: int) -> int:
        """The size of ``text[start:end]``."""
        ...

    def furthest(self, start: int, size: int) -> int:
        """The largest end such that ``text[start:end]`` is no larger than ``size``."""
        ...

    def earliest(self, end: int, size: int) -> int:
        """The smallest start such that ``text[start:end]`` is no larger than ``size``."""
        ...


@dataclass(frozen=True, slots=True)
class Characters:
    """Sizes in characters."""

    length: int

    def size(self, start: int, end: int) -> int:
        return end - start

    def furthest(self, start: int, size: int) -> int:
        return min(start + size, self.length)

    def earliest(self, end: int, size: int) -> int:
        return max(end - size, 0)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sizes in tokens; a token belongs to the span in which it begins."""

    starts: Sequence[int]
    length: int

    def size(self, start: int, end: int) -> int:
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)

    def furthest(self, start: int, size: int) -> int:
        last = bisect_left(self.starts, start) + size
        return self.starts[last] if last < len(self.starts) else self.length

    def earliest(self, end: int, size: int) -> int:
        first = bisect_left(self.starts, end) - size - 1
        return self.starts[first] + 1 if first >= 0 else 0


@dataclass(frozen=True, slots=True)
class Level:
    """Places of one strength. A cut there is taken only behind ``earliest``, a share of the window."""

    places: Sequence[int]
    earliest: float


@dataclass(frozen=True, slots=True)
class CutPlan:
    """The places of a document where a chunk may end or begin.

    Attributes:
        levels: strongest first; words, then anywhere, come by themselves.
        starts: where the overlap with the chunk before may begin.
        barriers: places that no overlap reaches across.
        wholes: spans that are kept whole where they fit, outer ones first; those of one list are disjoint.
    """

    levels: tuple[Level, ...]
    starts: Sequence[int]
    barriers: Sequence[int] = ()
    wholes: tuple[Sequence[Span], ...] = ()


class Cutter:
    """Cuts one text by a plan to chunks of at most ``size`` that share at most ``overlap``."""

    def __init__(self, text: str, units: Units, plan: CutPlan, size: int, overlap: int) -> None:
        self.text, self.units, self.plan, self.limit, self.overlap = text, units, plan, size, overlap
        self.whole_starts = [[start for start, _ in spans] for spans in plan.wholes]

    def cut(self) -> list[Span]:
        """The spans in order, without white space at their ends; none is empty, none lies within another."""
        text, length = self.text, len(self.text)
        spans: list[Span] = []
        start = end = skip_space(text, 0)
        while start < length:
            limit = self.units.furthest(start, self.limit)
            if limit >= length:
                spans.append(trim(text, start, length))
                break
            cut = self._choose(start, max(limit, start + 1), end)
            if cut <= end and start < end:
                start = skip_space(text, end)  # what is shared leaves no room for more: share nothing
                continue
            end = cut
            spans.append(trim(text, start, end))
            start = self._next_start(start, end)
        return without_nested(spans)

    def _choose(self, start: int, limit: int, previous: int) -> int:
        """The best place to end, in (previous, limit]."""
        held = self._holding(limit, start)
        if held is not None:
            # What begins at the window's end goes whole into the next chunk.
            if held[0] <= previous:
                return previous if start < previous else limit
            limit = held[0]
        for level in self.plan.levels:
            low = max(start + int((limit - start) * level.earliest), previous)
            if (cut := self._last_outside(level.places, low, limit, start)) is not None:
                return cut
        if held is not None:
            return limit
        low = max(start + (limit - start) // 2, previous)
        words = [m.end() for m in _WORD.finditer(self.text, low, limit) if m.end() > low]
        cut = self._last_outside(words, low, limit, start)
        return limit if cut is None else cut

    def _last_outside(self, places: Sequence[int], low: int, limit: int, start: int) -> int | None:
        """The last place in (low, limit], or the end of what is kept whole around it."""
        cut = last_in(places, low, limit)
        while cut is not None:
            inside = self._holding(cut, start)
            if inside is None:
                return cut
            if inside[1] <= limit:
                return inside[1]
            cut = last_in(places, low, inside[0])
        return None

    def _holding(self, place: int, start: int) -> Span | None:
        """The outermost span around ``place`` that is to stay whole: it begins at ``start`` or behind it, and fits."""
        for spans, starts in zip(self.plan.wholes, self.whole_starts, strict=True):
            i = bisect_left(starts, place) - 1
            if i >= 0:
                span = spans[i]
                if span[1] > place and span[0] >= start and self.units.size(*span) <= self.limit:
                    return span
        return None

    def _next_start(self, start: int, end: int) -> int:
        """The first good place within ``overlap`` before the cut, else the cut itself."""
        fresh = skip_space(self.text, end)
        barriers = self.plan.barriers
        if not self.overlap or _holds(barriers, end) or _holds(barriers, fresh):
            return fresh
        place = max(self.units.earliest(end, self.overlap), start + 1)
        i = bisect_left(self.plan.starts, place)
        if i == len(self.plan.starts) or self.plan.starts[i] >= end:
            return fresh
        place = self.plan.starts[i]
        if (crossed := last_in(barriers, place, end)) is not None:
            place = crossed
        inside = self._holding(place, 0)
        if inside is not None:
            place = inside[1]
        place = skip_space(self.text, place)
        return place if place < end else fresh


def cut_fixed(text: str, units: Units, size: int, overlap: int) -> list[Span]:
    """Windows of exactly ``size`` that share exactly ``overlap``, wherever that cuts."""
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = max(min(units.furthest(start, size), len(text)), start + 1)
        spans.append(trim(text, start, end))
        if end >= len(text):
            break
        start = max(units.furthest(start, size - overlap), start + 1)
    return without_nested(spans)


def skip_space(text: str, at: int) -> int:
    """The first place from ``at`` on that is no white space."""
    found = _INK.search(text, at)
    return found.start() if found else len(text)


def trim(text: str, start: int, end: int) -> Span:
    """The span without the white space at its ends."""
    piece = text[start:end]
    bare = piece.lstrip()
    return end - len(bare), end - len(bare) + len(bare.rstrip())


def without_nested(spans: Sequence[Span]) -> list[Span]:
    """Spans less the empty ones and those that, once trimmed, lie within a neighbour."""
    kept: list[Span] = []
    for start, end in spans:
        if kept and start == kept[-1][0] and end > kept[-1][1]:
            kept.pop()  # white space was trimmed from the one before: this one holds all of it
        if end > start and (not kept or end > kept[-1][1]):
            kept.append((start, end))
    return kept


def last_in(places: Sequence[int], low: int, high: int) -> int | None:
    """The last place p with low < p <= high."""
    i = bisect_right(places, high) - 1
    return places[i] if i >= 0 and places[i] > low else None


def _holds(places: Sequence[int], place: int) -> bool:
    i = bisect_left(places, place)
    return i < len(places) and places[i] == place
