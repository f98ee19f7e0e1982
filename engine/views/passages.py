"""Text with marked spans: the pieces between the borders, so that a page only has to colour them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AROUND = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A span of a document; ``name`` says why it is marked (``gold``, ``cited``, ``chunk``)."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text under the same marks."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A cut of a document. ``before`` and ``after`` count the characters that were left out."""

    document: str
    pieces: tuple[Piece, ...]
    start: int
    end: int
    before: int
    after: int


def split_pieces(text: str, marks: Iterable[Mark], offset: int = 0) -> tuple[Piece, ...]:
    """The text cut at every border of a mark; ``offset`` is where the text begins in its document."""
    inside = [(max(m.start - offset, 0), min(m.end - offset, len(text)), m.name) for m in marks]
    inside = [mark for mark in inside if mark[0] < mark[1]]
    borders = sorted({0, len(text), *(b for a, e, _ in inside for b in (a, e))})
    pieces: list[Piece] = []
    for start, end in itertools.pairwise(borders):
        names = tuple(sorted({name for a, e, name in inside if a <= start and end <= e}))
        if pieces and pieces[-1].marks == names:
            pieces[-1] = Piece(text=pieces[-1].text + text[start:end], marks=names)
        else:
            pieces.append(Piece(text=text[start:end], marks=names))
    return tuple(pieces)


def cut_passage(document: str, text: str, marks: Sequence[Mark], around: int | None = AROUND) -> Passage:
    """The part of a document from ``around`` characters before the first mark to as many after the last.

    ``around=None`` gives the whole document. A cut is moved to a space so that no word is halved.
    """
    start, end = 0, len(text)
    if around is not None and marks:
        start = _word_border(text, max(0, min(m.start for m in marks) - around), forward=True)
        end = _word_border(text, min(len(text), max(m.end for m in marks) + around), forward=False)
    pieces = split_pieces(text[start:end], marks, start)
    return Passage(document=document, pieces=pieces, start=start, end=end, before=start, after=len(text) - end)


def _word_border(text: str, position: int, *, forward: bool) -> int:
    if position in (0, len(text)):
        return position
    space = text.find(" ", position, position + 40) if forward else text.rfind(" ", position - 40, position)
    return position if space == -1 else space + (1 if forward else 0)
