"""What a chunker knows of a document: computed once, cut to any size afterwards."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.chunking.cutting import Characters, CutPlan, Span, Tokens, Units
from engine.ingestion.sections import Section, detect_sections
from engine.ingestion.structure import Block, parse_blocks
from engine.types import Document

TokenOffsets = Callable[[str], Sequence[Span]]
SentenceVectors = Callable[[Sequence[str]], np.ndarray]
# A line this long was not wrapped: its end is the end of a paragraph.
UNWRAPPED = 160
# A paragraph up to this long that ends with a colon belongs to the list, table or code below it.
LONGEST_LEAD = 300
_LINE = re.compile(r"\n+")
_ESCAPED = re.compile(r"(?:\\r)?\\n(?:(?:\\r)?\\n)+")


@dataclass(eq=False)
class DocumentLayout:
    """A document with its blocks, and the plans of the chunkers that were asked for so far.

    Attributes:
        sentences: spans of the document's sentences.
        token_offsets: the embedder's tokens of a text, as spans; needed when ``chunk_unit`` is ``tokens``.
        sentence_vectors: unit vectors of sentences, one row each; needed by the semantic chunker.
    """

    document: Document
    sentences: Sequence[Span]
    token_offsets: TokenOffsets | None = None
    sentence_vectors: SentenceVectors | None = None
    plans: dict[str, CutPlan] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.document.text

    @cached_property
    def blocks(self) -> list[Block]:
        """Headings, paragraphs, lists, tables, code and scene breaks, in order."""
        return parse_blocks(self.text)

    @cached_property
    def sections(self) -> list[Section]:
        """What kind of text stands where."""
        return detect_sections(self.text, self.blocks)

    @cached_property
    def sentence_starts(self) -> list[int]:
        """Where a sentence begins, but for the first one below a heading: that one stays with it."""
        held = set(self.held)
        return [start for start, _ in self.sentences if start not in held]

    @cached_property
    def held(self) -> list[int]:
        """Starts of the blocks that belong to the block above them: the first below a heading or a lead-in."""
        return [b.start for a, b in zip(self.blocks, self.blocks[1:], strict=False) if self._leads(a, b)]

    @cached_property
    def headings(self) -> list[int]:
        """Where a section of the document begins; of several headings in a row the first."""
        above = ["", *(block.kind for block in self.blocks)]
        return [b.start for a, b in zip(above, self.blocks, strict=False) if b.kind == "heading" != a]

    @cached_property
    def scenes(self) -> list[int]:
        """Where a scene begins: at its break, or behind three empty lines."""
        return [b.start for b in self.blocks if b.kind == "scene" or (b.blank_before >= 3 and b.kind == "paragraph")]

    @cached_property
    def paragraphs(self) -> list[int]:
        """Where a cut between two blocks, or two unwrapped lines of one, hurts little."""
        places = {b.start for b in self.blocks} - set(self.held)
        for block in self.blocks:
            if block.kind == "paragraph" and block.end - block.start > UNWRAPPED:
                places.update(self._inner_paragraphs(block))
        return sorted(places)

    @cached_property
    def parts(self) -> list[int]:
        """Where an item of a list, a row of a table or a line of code begins."""
        return [p for b in self.blocks for p in b.parts[1:]]

    @cached_property
    def units(self) -> Units:
        """Characters."""
        return Characters(len(self.text))

    @cached_property
    def tokens(self) -> Units:
        """Tokens; the text is tokenised once."""
        if self.token_offsets is None:
            raise ValueError("chunk_unit tokens needs token_offsets")
        return Tokens([start for start, _ in self.token_offsets(self.text)], len(self.text))

    @cached_property
    def _paths(self) -> tuple[list[int], list[str]]:
        starts, paths = [], []
        path: dict[int, str] = {}
        for block in self.blocks:
            if block.kind == "heading":
                path = {level: t for level, t in path.items() if level < block.level} | {block.level: block.title}
                starts.append(block.start)
                paths.append(" > ".join(path[level] for level in sorted(path)))
        return starts, paths

    @cached_property
    def _tables(self) -> tuple[list[int], list[Block]]:
        tables = [b for b in self.blocks if b.kind == "table" and len(b.parts) > 1]
        return [b.start for b in tables], tables

    def heading_at(self, position: int) -> str:
        """The path of headings above a place; within a table the cells of its first row come with it."""
        starts, paths = self._paths
        i = bisect_right(starts, position) - 1
        path = paths[i] if i >= 0 else ""
        starts, tables = self._tables
        i = bisect_right(starts, position) - 1
        if i >= 0 and tables[i].start < position < tables[i].end:
            table = tables[i]
            header = self.text[table.start : table.parts[1]][:300]
            cells = " | ".join(cell.strip() for cell in re.split(r"[|\t]", header) if cell.strip())
            return f"{path} > {cells}" if path and cells else path or cells
        return path

    def _leads(self, above: Block, below: Block) -> bool:
        if above.kind in ("heading", "scene"):
            return True
        short = above.kind == "paragraph" and above.end - above.start <= LONGEST_LEAD
        return short and below.kind in ("list", "table", "code") and self.text[above.end - 1] in ":："

    def _inner_paragraphs(self, block: Block) -> list[int]:
        places, previous = [], block.start
        for line in _LINE.finditer(self.text, block.start, block.end):
            if line.start() - previous > UNWRAPPED:
                places.append(line.end())
            previous = line.end()
        if block.end - previous > UNWRAPPED:
            places += [m.end() for m in _ESCAPED.finditer(self.text, previous, block.end)]
        return places
