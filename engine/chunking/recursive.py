"""Recursive: before a heading if one stands in the second half of the window, else a paragraph, a sentence, a word."""

from __future__ import annotations

from engine.chunking.cutting import CutPlan, Level
from engine.chunking.layout import DocumentLayout


def plan_recursive(layout: DocumentLayout) -> CutPlan:
    """The strongest boundary of the second half; neighbours share whole sentences, never across a heading."""
    starts = [start for start, _ in layout.sentences]
    return CutPlan(
        (Level(layout.headings, 0.5), Level(layout.paragraphs, 0.5), Level(layout.sentence_starts, 0.25)),
        starts,
        layout.headings,
    )


def plan_sentences(layout: DocumentLayout) -> CutPlan:
    """Windows of as many whole sentences as fit, whatever they say."""
    starts = [start for start, _ in layout.sentences]
    return CutPlan((Level(starts, 0.0),), starts)
