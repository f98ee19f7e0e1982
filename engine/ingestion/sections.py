"""The sections of a document: where it is dialogue, narrative, technical, and where a table, a list or code stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.ingestion.content_types import detect_content_type
from engine.ingestion.speech import find_turns
from engine.ingestion.structure import STRUCTURED, Block, parse_blocks

# Prose is judged in windows of whole blocks: one ends before a heading from the first size on, else at the second.
SHORTEST_WINDOW = 700
LONGEST_WINDOW = 1000
# Of a paragraph without an end no more than this is read.
MOST_READ = 4000
# Under this probability a window is taken for what stands before it.
SURE = 0.55
# How sure it is that a text that names its speakers at least this often (characters a turn) is dialogue.
TRANSCRIPT = 0.97
LONGEST_TURN = 3000
# How sure it is that a block without marks of its own (a fence, a pipe, a bullet) is code or a table.
UNMARKED = 0.8


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document and its ``kind``: dialogue, narrative, mixed, technical, table, code or list.

    Headings belong to the section below them. ``confidence`` is the probability of the kind.
    """

    start: int
    end: int
    kind: str
    confidence: float


def detect_sections(text: str, blocks: Sequence[Block] | None = None) -> list[Section]:
    """The sections of a text in order; they are disjoint and hold all of it but white space.

    Args:
        blocks: what ``parse_blocks`` gave for the text, when it was asked already.
    """
    sections: list[Section] = []
    kind, confidence = "narrative", 0.0
    talk = _find_talk(text)
    for window in _windows(text, parse_blocks(text) if blocks is None else blocks):
        if talk and talk[0] <= window[-1].start < talk[1]:
            kind, confidence = "dialogue", TRANSCRIPT
        elif any(block.kind not in STRUCTURED for block in window):
            found = detect_content_type(text[window[0].start : min(window[-1].end, window[0].start + MOST_READ)])
            if found.confidence >= SURE or confidence == 0.0:
                kind, confidence = found.name, found.confidence
        _add_window(sections, text, window, kind, confidence)
    return sections


def _find_talk(text: str) -> tuple[int, int] | None:
    """Where a transcript runs from its first turn to its last; None when its turns are few and far between."""
    turns = find_turns(text)
    if not turns or turns[-1].end - turns[0].start > LONGEST_TURN * len(turns):
        return None
    return turns[0].start, turns[-1].end


def _windows(text: str, blocks: Sequence[Block]) -> Iterator[list[Block]]:
    window: list[Block] = []
    for block in blocks:
        size = window[-1].end - window[0].start if window else 0
        breaks = block.kind in ("heading", "scene") and size >= SHORTEST_WINDOW
        if window and (breaks or size >= LONGEST_WINDOW) and window[-1].kind != "heading":
            yield window
            window = []
        if block.kind == "paragraph" and block.end - block.start > 3 * LONGEST_WINDOW:
            if any(above.kind not in ("heading", "scene") for above in window):
                yield window
                window = []
            for piece in _cut_paragraph(text, block):
                yield [*window, piece]
                window = []
        else:
            window.append(block)
    if window:
        yield window


def _cut_paragraph(text: str, block: Block) -> list[Block]:
    """A long paragraph at its line ends: the turns of a transcript often have no empty lines between them."""
    pieces, start = [], block.start
    while block.end - start > 3 * LONGEST_WINDOW:
        line = text.find("\n", start + LONGEST_WINDOW, block.end)
        if line < 0:
            break
        pieces.append(Block("paragraph", start, line))
        start = line + 1
    return [*pieces, Block("paragraph", start, block.end)]


def _add_window(sections: list[Section], text: str, window: Sequence[Block], kind: str, confidence: float) -> None:
    heads = -1
    for block in window:
        if block.kind in ("heading", "scene"):
            heads = block.start if heads < 0 else heads
            continue
        start = block.start if heads < 0 else heads
        heads = -1
        if block.kind in STRUCTURED:
            marked = block.kind == "list" or text[block.start] in "|`~"
            sections.append(Section(start, block.end, block.kind, 1.0 if marked else UNMARKED))
        else:
            _extend(sections, Section(start, block.end, kind, confidence))
    if heads >= 0:
        _extend(sections, Section(heads, window[-1].end, kind, confidence))


def _extend(sections: list[Section], new: Section) -> None:
    """Append a section, or join it with the last one of the same kind; their confidence is that of the longer one."""
    last = sections[-1] if sections else None
    if last is None or last.kind != new.kind:
        sections.append(new)
        return
    longer = max(last, new, key=lambda section: section.end - section.start)
    sections[-1] = Section(last.start, new.end, last.kind, longer.confidence)
