"""Documents to chunks. ``document.text[chunk.start:chunk.end] == chunk.text``, always.

``analyse_document`` looks at a document once; ``split_layout`` then cuts it to any size in milliseconds.
``chunk_document`` does both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.chunking.adaptive import plan_adaptive
from engine.chunking.cutting import CutPlan, Cutter, Span, cut_fixed
from engine.chunking.dialogue import plan_dialogue
from engine.chunking.layout import DocumentLayout, SentenceVectors, TokenOffsets
from engine.chunking.narrative import plan_narrative
from engine.chunking.recursive import plan_recursive, plan_sentences
from engine.chunking.semantic import plan_semantic
from engine.chunking.structure import plan_structure, plan_tables
from engine.settings import PipelineSettings
from engine.types import Chunk, Document

__all__ = ["SPLITTERS", "DocumentLayout", "analyse_document", "chunk_document", "split_layout", "split_spans"]

# Name to the places where it cuts; ``fixed`` has none: it counts.
SPLITTERS: dict[str, Callable[[DocumentLayout], CutPlan] | None] = {
    "adaptive": plan_adaptive,
    "recursive": plan_recursive,
    "fixed": None,
    "sentence": plan_sentences,
    "semantic": plan_semantic,
    "dialogue": plan_dialogue,
    "narrative": plan_narrative,
    "structure": plan_structure,
    "table": plan_tables,
}


def analyse_document(
    document: Document,
    sentences: Sequence[Span],
    token_offsets: TokenOffsets | None = None,
    sentence_vectors: SentenceVectors | None = None,
) -> DocumentLayout:
    """What the chunkers know of a document. Its parts are computed when first asked for, and kept.

    Args:
        sentences: spans of the document's sentences.
        token_offsets: the embedder's tokens of a text, as spans; needed when ``chunk_unit`` is ``tokens``.
        sentence_vectors: unit vectors of sentences, such as an embedder's ``embed``; needed by the semantic chunker.
    """
    return DocumentLayout(document, sentences, token_offsets, sentence_vectors)


def split_spans(layout: DocumentLayout, settings: PipelineSettings) -> list[Span]:
    """Start and end of each chunk.

    Raises:
        ValueError: tokens or sentence vectors are needed and the layout was made without them.
    """
    units = layout.tokens if settings.chunk_unit == "tokens" else layout.units
    planner = SPLITTERS[settings.chunker]
    if planner is None:
        return cut_fixed(layout.text, units, settings.chunk_size, settings.chunk_overlap)
    plan = layout.plans.get(settings.chunker)
    if plan is None:
        plan = layout.plans[settings.chunker] = planner(layout)
    return Cutter(layout.text, units, plan, settings.chunk_size, settings.chunk_overlap).cut()


def split_layout(layout: DocumentLayout, settings: PipelineSettings) -> list[Chunk]:
    """The chunks of a document, each with the path of headings above it."""
    name, text = layout.document.id, layout.text
    return [
        Chunk(document=name, index=i, start=a, end=b, text=text[a:b], heading=layout.heading_at(a))
        for i, (a, b) in enumerate(split_spans(layout, settings))
    ]


def chunk_document(
    document: Document,
    sentences: Sequence[Span],
    settings: PipelineSettings,
    token_offsets: TokenOffsets | None = None,
    sentence_vectors: SentenceVectors | None = None,
) -> list[Chunk]:
    """Cut a document: ``split_layout`` of ``analyse_document``."""
    return split_layout(analyse_document(document, sentences, token_offsets, sentence_vectors), settings)
