"""How far the quick view of an index whose chunks are embedded one by one can be trusted: both are measured and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.settings import PipelineSettings
from engine.tuning.classic import score_nearest
from engine.tuning.lab import Lab

# Chunk size and overlap of the settings that are compared when none are given.
CHUNKINGS = ((256, 0), (400, 100), (512, 0), (800, 200), (1024, 200), (1600, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """The same chunkings pooled from token vectors and embedded one by one.

    Attributes:
        chunkings: chunk size and overlap of each.
        pooled, separate: recall of the five nearest chunks by chunking; ``pooled_iou`` and ``separate_iou`` likewise.
        tau, tau_iou: Kendall's tau-b between the two rankings of the chunkings, 1 when they agree; None when one of them
            is all ties.
        difference: mean absolute difference in recall.
    """

    chunkings: tuple[tuple[int, int], ...]
    pooled: tuple[float, ...]
    separate: tuple[float, ...]
    pooled_iou: tuple[float, ...]
    separate_iou: tuple[float, ...]
    tau: float | None
    tau_iou: float | None
    difference: float


def measure_faithfulness(
    lab: Lab,
    chunkings: Sequence[tuple[int, int]] = CHUNKINGS,
    settings: PipelineSettings | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Faithfulness:
    """Embed a few chunkings one by one and compare. Takes as long as as many ingests: run it in the background.

    Later evaluations of these chunkings are exact (see ``Lab.embed_chunks``).
    """
    base = settings or lab.settings
    rows: list[list[float]] = []
    for i, (size, overlap) in enumerate(chunkings):
        chosen = base.with_values({"chunk_size": size, "chunk_overlap": overlap, "pooling": "separate"})
        if not lab.is_exact(chosen):
            lab.embed_chunks(chosen)
        chunks = lab.cut(chosen)
        views = [
            score_nearest(lab.corpus, lab.questions, chunks, vectors)
            for vectors in (chunks.vectors, lab.separate_vectors(chosen))
        ]
        rows.append([float(np.nanmean(view[name])) for name in ("recall", "iou") for view in views])
        if progress:
            progress(i + 1, len(chunkings), "comparing with chunks embedded one by one")
    pooled, separate, pooled_iou, separate_iou = (tuple(column) for column in zip(*rows, strict=True))
    return Faithfulness(
        chunkings=tuple(chunkings),
        pooled=pooled,
        separate=separate,
        pooled_iou=pooled_iou,
        separate_iou=separate_iou,
        tau=kendall_tau(pooled, separate),
        tau_iou=kendall_tau(pooled_iou, separate_iou),
        difference=float(np.mean(np.abs(np.array(pooled) - np.array(separate)))),
    )


def kendall_tau(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Kendall's tau-b (1945) between two rankings of the same things; None when either holds nothing but ties."""
    x, y = np.sign(np.subtract.outer(a, a)), np.sign(np.subtract.outer(b, b))
    scale = float(np.sqrt((x != 0).sum() * float((y != 0).sum())))
    return float((x * y).sum()) / scale if scale else None
