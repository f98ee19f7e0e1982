"""Chunkings by the characters they retrieve: the published table's measure on whole chunks, and our context selection.

The classic part follows Chroma's "Evaluating Chunking Strategies for Retrieval": all documents of the set are searched
together and the five nearest chunks are scored (``engine.tuning.classic``). Ours answers through the pipeline: the context
under a token budget, each character counted once.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.corpora import ingest_corpus
from engine.errors import InputError
from engine.evaluation.measures.spans import merge_intervals, span_iou, span_precision, span_recall
from engine.evaluation.statistics import estimate_mean
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.tuning import Lab, LabCase, open_lab
from engine.tuning.classic import score_nearest

CORPUS = "bench-chunking"
NEAREST = 5
# chunker, size, overlap, unit
CLASSIC = (
    ("recursive", 200, 0, "tokens"), ("recursive", 250, 0, "tokens"), ("recursive", 250, 125, "tokens"),
    ("recursive", 400, 0, "tokens"), ("fixed", 200, 0, "tokens"), ("fixed", 250, 0, "tokens"), ("fixed", 250, 125, "tokens"),
    ("recursive", 200, 0, "characters"), ("recursive", 400, 0, "characters"), ("recursive", 800, 0, "characters"),
    ("adaptive", 400, 0, "characters"), ("adaptive", 800, 0, "characters"),
)  # fmt: skip
# Context budgets, and what else differs from the default settings there.
OURS: dict[str, dict[str, Any]] = {"1000": {"budget_tokens": 1000}, "400": {"budget_tokens": 340}}
# All five of the report's corpora; recall, precision, IoU in percent of five retrieved chunks.
PUBLISHED = (
    {"embedder": "all-MiniLM-L6-v2", "chunking": "Recursive 250/125", "recall": 0.787, "precision": 0.049, "iou": 0.049},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "TokenText 250/125", "recall": 0.824, "precision": 0.036, "iou": 0.035},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "Recursive 250/0", "recall": 0.785, "precision": 0.054, "iou": 0.054},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "TokenText 250/0", "recall": 0.771, "precision": 0.033, "iou": 0.033},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "Recursive 200/0", "recall": 0.757, "precision": 0.065, "iou": 0.065},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "TokenText 200/0", "recall": 0.766, "precision": 0.041, "iou": 0.041},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "Cluster 250", "recall": 0.773, "precision": 0.061, "iou": 0.060},
    {"embedder": "all-MiniLM-L6-v2", "chunking": "Cluster 200", "recall": 0.752, "precision": 0.072, "iou": 0.072},
    {"embedder": "text-embedding-3-large", "chunking": "Recursive 400/200", "recall": 0.881, "precision": 0.033, "iou": 0.033},
    {"embedder": "text-embedding-3-large", "chunking": "Recursive 200/0", "recall": 0.881, "precision": 0.070, "iou": 0.069},
    {"embedder": "text-embedding-3-large", "chunking": "Cluster 200", "recall": 0.873, "precision": 0.080, "iou": 0.080},
    {"embedder": "text-embedding-3-large", "chunking": "LLM", "recall": 0.919, "precision": 0.039, "iou": 0.039},
)  # fmt: skip


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of one set, or by set of a folder that holds several.

    Raises:
        InputError: no data set was given, or none is there.
    """
    if data is None:
        raise InputError("bench chunking needs --data.", "Give a folder with corpus.jsonl and queries.jsonl.")
    if (data / "queries.jsonl").is_file():
        return _measure(data, overrides)
    folders = sorted(path.parent for path in data.glob("*/queries.jsonl"))
    chosen = [folder for folder in folders if folder.name.startswith("chunking")] or folders
    if not chosen:
        raise InputError(f"{data}: no queries.jsonl is there.", "Give a folder with corpus.jsonl and queries.jsonl.")
    return {folder.name: _measure(folder, overrides) for folder in chosen}


def _measure(folder: Path, overrides: Mapping[str, Any]) -> dict[str, Any]:
    settings = PipelineSettings().with_values(overrides)
    lab = open_lab(folder, settings)
    return {
        "documents": len(lab.documents),
        "questions": sum(bool(case.gold) for case in lab.cases),
        "ours": _measure_ours(lab, settings),
        "classic": [_measure_classic(lab, settings, *row) for row in CLASSIC],
        "published": list(PUBLISHED),
    }


def _measure_classic(
    lab: Lab, settings: PipelineSettings, chunker: str, size: int, overlap: int, unit: str
) -> dict[str, Any]:
    """One row of the table, from chunks embedded one by one and from the same chunks pooled."""
    values = {
        "chunker": chunker,
        "chunk_size": size,
        "chunk_overlap": overlap,
        "chunk_unit": unit,
        "pooling": "separate",
    }
    chosen = settings.with_values(values)
    lab.embed_chunks(chosen)
    chunks = lab.cut(chosen)
    row: dict[str, Any] = {"chunking": f"{chunker} {size}/{overlap} {unit}", "chunks": len(chunks)}
    for side, vectors in (("separate", lab.separate_vectors(chosen)), ("late", chunks.vectors)):
        scores = score_nearest(lab.corpus, lab.questions, chunks, vectors, NEAREST)
        row |= {f"{name}_{side}": float(np.nanmean(values)) for name, values in scores.items()}
    return row


def _measure_ours(lab: Lab, settings: PipelineSettings) -> dict[str, Any]:
    """Recall, precision and IoU of the pipeline's contexts: of all questions and of two halves told by the question's hash.

    Of the smaller context 340 of 400 tokens are used: less context has a higher IoU. The halves tell how far the figures
    hang on the questions.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        rows = [{"id": d.id, "title": d.title, "text": d.text} for d in lab.documents]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        ingest_corpus(CORPUS, [path], settings)
    figures: dict[str, Any] = {}
    for limit, values in OURS.items():
        pipeline = open_pipeline(CORPUS, settings.with_values(values))
        asked = [case for case in lab.cases if case.gold]
        scores = [_score(case, pipeline) for case in asked]
        parts = {"all": asked} | {f"half_{h}": [c for c in asked if _half(c) == h] for h in (0, 1)}
        tokens = [score["tokens"] for score in scores]
        row: dict[str, Any] = {"settings": values, "tokens_mean": float(np.mean(tokens)), "tokens_most": max(tokens)}
        for part, members in parts.items():
            own = [score for case, score in zip(asked, scores, strict=True) if case in members]
            for name in ("recall", "precision", "iou"):
                estimate = estimate_mean([score[name] for score in own])
                row[f"{name}_{part}"] = {
                    "mean": estimate.mean,
                    "low": estimate.low,
                    "high": estimate.high,
                    "n": estimate.n,
                }
        figures[f"at_most_{limit}_tokens"] = row
    return figures


def _score(case: LabCase, pipeline: RagPipeline) -> dict[str, float]:
    _, selection = pipeline.find_evidence(case.question)
    parts = selection.context.parts
    gold = merge_intervals((span.document, span.start, span.end or 0) for span in case.gold)
    found = merge_intervals((part.document, part.start, part.end) for part in parts)
    return {
        "recall": span_recall(gold, found),
        "precision": span_precision(gold, found),
        "iou": span_iou(gold, found),
        "tokens": float(sum(pipeline.embedder.count_tokens([part.text])[0] for part in parts)),
    }


def _half(case: LabCase) -> int:
    return zlib.crc32(case.question.encode()) % 2
