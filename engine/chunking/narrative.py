"""Narrative: scenes and chapters first, then paragraphs."""

from __future__ import annotations

from engine.chunking.cutting import CutPlan, Level
from engine.chunking.layout import DocumentLayout


def plan_narrative(layout: DocumentLayout) -> CutPlan:
    """A chunk ends with its scene even when that leaves half of it empty, and shares nothing with the next scene."""
    breaks = sorted({*layout.headings, *layout.scenes})
    return CutPlan(
        (Level(breaks, 0.25), Level(layout.paragraphs, 0.5), Level([], 1.0), Level(layout.sentence_starts, 0.25)),
        [start for start, _ in layout.sentences],
        breaks,
    )
