"""Foreign contexts to spans of the suite's documents: exact, then without regard to white space, then the best window.

The last step takes the document that shares most words with a context, finds the window that is most like it
(``rapidfuzz.fuzz.partial_ratio_alignment``, the normalised indel similarity) and keeps it when the likeness is at
least ``LEAST_LIKENESS``. What is below that is not located, and is not guessed.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from engine.evaluation.target_replies import ForeignContext

# Percent of characters in common under which a window is another text: a reworded passage lies below, typographic
# changes, stripped Markdown and cut ends above.
LEAST_LIKENESS = 88.0
# Documents whose windows are compared, those with most words in common first.
TRIED_DOCUMENTS = 3
# Documents that are looked at more closely than word for word, and how many words choose them.
ALIKE_DOCUMENTS = 20
TRIED_WORDS = 12
# Longer contexts are located by their words' positions alone; the comparison is quadratic.
LONGEST_COMPARED = 20_000
SHORTEST_FUZZY = 12
_WORD = re.compile(r"\w+")
# A word, or a piece of one: writing without spaces is cut into pieces too.
_PIECE = re.compile(r"\w{2,12}")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a context stands. ``likeness`` in percent; ``how``: given, exact, spaces, marks, window."""

    document: str
    start: int
    end: int
    how: str
    likeness: float = 100.0


class _Squeezed:
    """A text without what matches a pattern, and where each character that is left stood."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        pieces, self.starts, at = [], array("I"), 0
        for start, end in (*(found.span() for found in pattern.finditer(text)), (len(text), len(text))):
            pieces.append(text[at:start])
            self.starts.extend(range(at, start))
            at = end
        self.text = _lower("".join(pieces))

    def find(self, needle: str) -> tuple[int, int] | None:
        """Start and end in the original text of the first occurrence."""
        at = self.text.find(needle) if needle else -1
        return None if at < 0 else (self.starts[at], self.starts[at + len(needle) - 1] + 1)


class _Indexed:
    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lowered(self) -> str:
        return _lower(self.text)

    @cached_property
    def spaceless(self) -> _Squeezed:
        return _Squeezed(self.text, _SPACE)

    @cached_property
    def bare(self) -> _Squeezed:
        return _Squeezed(self.text, _MARKS)

    @cached_property
    def words(self) -> Counter[str]:
        return Counter(_WORD.findall(self.text.lower()))


class Locator:
    """Finds passages in documents. What it learns of a document, and where a text stands, is kept."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = {name: _Indexed(text) for name, text in documents.items()}
        self._by_tail: dict[str, str | None] = {}
        for name in documents:
            for tail in {PurePosixPath(name).name.lower(), PurePosixPath(name).stem.lower()}:
                self._by_tail[tail] = None if tail in self._by_tail else name
        self._found: dict[tuple[str, str], Place | None] = {}

    def find_document(self, name: str) -> str | None:
        """The corpus' document that a target means: the same name, the end of its path, or its file's name if only one
        document has that."""
        name = name.strip().replace("\\", "/")
        if name in self._documents:
            return name
        ends = [known for known in self._documents if name.endswith(f"/{known}")]
        if ends:
            return max(ends, key=len)
        tail = PurePosixPath(name.partition("?")[0]).name.lower()
        return self._by_tail.get(tail)

    def locate(self, context: ForeignContext) -> Place | None:
        """Where a context stands, or None."""
        document = self.find_document(context.document) if context.document else None
        if document and context.start is not None and context.end is not None:
            text = self._documents[document].text
            if _same(text[context.start : context.end], context.text):
                return Place(document=document, start=context.start, end=context.end, how="given")
        key = (document or "", context.text)
        if key not in self._found:
            if len(self._found) > 20_000:
                self._found.clear()
            self._found[key] = self._search(context.text, document)
        return self._found[key]

    def _search(self, text: str, document: str | None) -> Place | None:
        text = text.strip()
        if not text:
            return None
        names = [document] if document else list(self._documents)
        alike: list[str] | None = None
        for how, find in (("exact", _find_exact), ("spaces", _find_spaceless), ("marks", _find_bare)):
            for name in names if how == "exact" else alike or ():
                if found := find(self._documents[name], text):
                    return Place(document=name, start=found[0], end=found[1], how=how)
            alike = self._find_alike(text, names) if alike is None else alike
        return self._find_window(text, alike or ())

    def _find_alike(self, text: str, names: Sequence[str]) -> list[str]:
        """Documents that hold at least a third of the context's longest words, those that hold most first."""
        words = sorted(set(_PIECE.findall(_lower(text))), key=lambda word: (-len(word), word))[:TRIED_WORDS]
        held = {name: sum(word in self._documents[name].lowered for word in words) for name in names}
        return sorted((n for n in names if 3 * held[n] >= len(words)), key=lambda n: -held[n])[:ALIKE_DOCUMENTS]

    def _find_window(self, text: str, names: Sequence[str]) -> Place | None:
        if not SHORTEST_FUZZY <= len(text) <= LONGEST_COMPARED:
            return None
        from rapidfuzz import fuzz

        wanted = Counter(_WORD.findall(text.lower()))
        shared = {name: (wanted & self._documents[name].words).total() for name in names}
        best: Place | None = None
        for name in sorted(names, key=lambda n: -shared[n])[:TRIED_DOCUMENTS]:
            if shared[name] < wanted.total() / 2:
                break
            whole = self._documents[name].text
            if len(text) > len(whole) * 1.15:
                continue
            found = fuzz.partial_ratio_alignment(text, whole, score_cutoff=LEAST_LIKENESS)
            if found and (best is None or found.score > best.likeness):
                start, end = found.dest_start, found.dest_end
                best = Place(document=name, start=start, end=end, how="window", likeness=found.score)
        return best


def _lower(text: str) -> str:
    """In lower case, character by character: positions stay."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _same(a: str, b: str) -> bool:
    return _SPACE.sub("", a) == _SPACE.sub("", b)


def _find_exact(document: _Indexed, text: str) -> tuple[int, int] | None:
    at = document.text.find(text)
    return None if at < 0 else (at, at + len(text))


def _find_spaceless(document: _Indexed, text: str) -> tuple[int, int] | None:
    return document.spaceless.find(_lower(_SPACE.sub("", text)))


def _find_bare(document: _Indexed, text: str) -> tuple[int, int] | None:
    """Without punctuation and marks of Markdown; too short a rest would be found anywhere."""
    bare = _lower(_MARKS.sub("", text))
    return document.bare.find(bare) if len(bare) >= SHORTEST_FUZZY else None
