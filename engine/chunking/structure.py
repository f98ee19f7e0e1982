"""Structure: sections of a document by their headings; lists, tables and code are kept whole where they fit."""

from __future__ import annotations

import itertools
import re

from engine.chunking.cutting import CutPlan, Level, Span
from engine.chunking.layout import DocumentLayout
from engine.ingestion.structure import STRUCTURED, Block

_CELL = re.compile(r"; (?=[^;:]{1,80}: )")


def plan_structure(layout: DocumentLayout) -> CutPlan:
    """Headings, blocks, then items, rows and lines of code; a block goes with the line that leads up to it."""
    return _plan(layout, STRUCTURED)


def plan_tables(layout: DocumentLayout) -> CutPlan:
    """Tables whole, else between rows; a row of a CSV file is one chunk as long as it fits."""
    return _plan(layout, ("table",))


def _plan(layout: DocumentLayout, kinds: tuple[str, ...]) -> CutPlan:
    sentences = [start for start, _ in layout.sentences]
    if layout.document.content_type == "row":
        cells = [m.end() for m in _CELL.finditer(layout.text)]
        return CutPlan((Level(cells, 0.0), Level(sentences, 0.25)), cells)
    parts = [span for b in layout.blocks if b.kind in STRUCTURED for span in _part_spans(b)]
    return CutPlan(
        (
            Level(layout.headings, 0.5),
            Level(layout.paragraphs, 0.5),
            Level(layout.parts, 0.25),
            Level(layout.sentence_starts, 0.25),
        ),
        sorted({*sentences, *layout.parts}),
        layout.headings,
        (whole_blocks(layout, kinds), parts),
    )


def whole_blocks(layout: DocumentLayout, kinds: tuple[str, ...]) -> list[Span]:
    """Blocks of these kinds, each from the headings and the lead-in above it on."""
    held = set(layout.held)
    spans, lead = [], 0
    for i, block in enumerate(layout.blocks):
        if block.start not in held:
            lead = i
        if block.kind in kinds:
            spans.append((layout.blocks[lead].start, block.end))
            lead = i + 1
    return spans


def _part_spans(block: Block) -> list[Span]:
    return list(itertools.pairwise([*block.parts, block.end]))
