"""Documents to chunks. ``document.text[chunk.start:chunk.end] == chunk.text``, always."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from engine.chunking.splitters import Boundaries, split_fixed, split_recursive
from engine.settings import PipelineSettings
from engine.types import Chunk, Document

__all__ = ["chunk_document"]

TokenOffsets = Callable[[str], Sequence[tuple[int, int]]]
SPLITTERS = {"recursive": split_recursive, "fixed": split_fixed}
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*)$", re.M)


def chunk_document(
    document: Document,
    sentences: Sequence[tuple[int, int]],
    settings: PipelineSettings,
    token_offsets: TokenOffsets | None = None,
) -> list[Chunk]:
    """Cut a document.

    Args:
        sentences: spans of the document's sentences.
        token_offsets: the embedder's tokens of a text, as spans; needed when ``chunk_unit`` is ``tokens``.
    """
    text = document.text
    if settings.chunk_unit == "tokens":
        if token_offsets is None:
            raise ValueError("chunk_unit tokens needs token_offsets")
        starts = np.array([start for start, _ in token_offsets(text)], np.int64)
        units = np.searchsorted(starts, np.arange(len(text) + 1), side="left")
    else:
        units = np.arange(len(text) + 1)
    headings = [(m.start(), len(m.group(1)), m.group(2).rstrip().rstrip("#").rstrip()) for m in _HEADING.finditer(text)]
    boundaries = Boundaries(text, sentences, [position for position, _, _ in headings], units)
    spans = SPLITTERS[settings.chunker](boundaries, settings.chunk_size, settings.chunk_overlap)
    return [
        Chunk(document=document.id, index=i, start=a, end=b, text=text[a:b], heading=_heading_path(headings, a))
        for i, (a, b) in enumerate(spans)
    ]


def _heading_path(headings: Sequence[tuple[int, int, str]], position: int) -> str:
    path: dict[int, str] = {}
    for start, level, title in headings:
        if start > position:
            break
        path = {k: v for k, v in path.items() if k < level} | {level: title}
    return " > ".join(path[level] for level in sorted(path))
