"""A whole answer, warm and in this process: on the largest shipped corpus and on 100,000 chunks.

The large table holds passages that were really embedded, each repeated with its words in another order and its vectors
turned a little, so that no two rows are alike and both searches do their full work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.bench.texts import load_questions, load_texts
from engine.corpora import ingest_corpus, shipped_corpora
from engine.evaluation.suite_folders import list_shipped_suites
from engine.evaluation.suites import load_suite
from engine.index import Catalog, ChunkTable, CorpusEntry, IndexEntry
from engine.index.table import schema
from engine.pipeline import RagPipeline, open_pipeline
from engine.retrieval import index_terms
from engine.settings import PipelineSettings

ROWS = 100_000
BASE_DOCUMENTS = 1_500
QUESTIONS = 300
NOISE = 0.35


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """p50 and p95 in ms of ``answer``, and of its stages at p50.

    Answers whose context was improved in rounds are apart: ``enhanced`` counts them.
    """
    settings = PipelineSettings().with_values(overrides)
    figures: dict[str, Any] = {}
    sizes = {name: _ingest(name, path, settings) for name, path in shipped_corpora().items()}
    largest = max(sizes, key=lambda name: sizes[name])
    figures["shipped_corpus"], figures["shipped_chunks"] = largest, sizes[largest]
    cases = (
        case
        for suite in list_shipped_suites()
        if (found := load_suite(suite)).corpus == largest
        for case in found.cases
    )
    questions = [case.turns[0].question for case in cases if case.kind == "qa"]
    figures |= _time(open_pipeline(largest, settings), questions or load_questions(None), "shipped")
    pipeline = _build_large(data, settings)
    figures["large_chunks"] = ROWS
    figures |= _time(pipeline, load_questions(data), "large")
    return figures


def _ingest(name: str, path: Path, settings: PipelineSettings) -> int:
    return ingest_corpus(name, [path], settings).chunks


def _time(pipeline: RagPipeline, questions: list[str], label: str) -> dict[str, Any]:
    step = max(1, len(questions) // QUESTIONS)
    chosen = questions[::step][:QUESTIONS]
    for question in chosen[:20]:
        pipeline.answer(question)
    answers = [pipeline.answer(question) for question in chosen]
    plain = [answer for answer in answers if not answer.context.steps]
    enhanced = [answer for answer in answers if answer.context.steps]
    figures: dict[str, Any] = {f"{label}_questions": len(plain), f"{label}_enhanced": len(enhanced)}
    for name, group in ((label, plain), (f"{label}_enhanced", enhanced)):
        if group:
            totals = [answer.timings_ms["total"] for answer in group]
            figures[f"{name}_p50_ms"] = float(np.quantile(totals, 0.5))
            figures[f"{name}_p95_ms"] = float(np.quantile(totals, 0.95))
    for stage in ("embed", "search", "fetch", "context", "generate"):
        figures[f"{label}_{stage}_p50_ms"] = float(np.median([a.timings_ms[stage] for a in plain or answers]))
    return figures


def _build_large(data: Path | None, settings: PipelineSettings) -> RagPipeline:
    folder = Catalog().folder
    source = folder.parent / "texts"
    source.mkdir(parents=True)
    for i, text in enumerate(load_texts(data)[:BASE_DOCUMENTS]):
        (source / f"{i:05}.txt").write_text(text or "empty")
    ingest_corpus("base", [source], settings)
    catalog = Catalog()
    index = catalog.load("base").indexes[settings.index_fingerprint]
    base = ChunkTable(folder, index.table).table.to_arrow()
    table = ChunkTable(folder, "large-table")
    table.create(_repeat(base), 384)
    entry = IndexEntry(table="large-table", embedder=index.embedder, settings=index.settings)
    catalog.save(CorpusEntry(corpus="large", sources=(), indexes={settings.index_fingerprint: entry}))
    return open_pipeline("large", settings)


def _repeat(base: pa.Table) -> Iterator[pa.RecordBatch]:
    random = np.random.default_rng(0)
    rows = base.to_pylist()
    vectors = base["vector"].combine_chunks().flatten().to_numpy().reshape(len(base), -1)
    made = 0
    while made < ROWS:
        count = min(len(rows), ROWS - made)
        turned = vectors[:count] + NOISE * random.normal(size=vectors[:count].shape).astype(np.float32) / np.sqrt(384)
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        batch = []
        for row, vector in zip(rows[:count], turned, strict=True):
            words = row["text"].split(" ")
            random.shuffle(words)
            text = " ".join(words)
            name = f"{row['document']}/{made}"
            batch.append(row | {"document": name, "search_text": index_terms(text), "vector": vector})
        yield pa.RecordBatch.from_pylist(batch, schema=schema(vectors.shape[1]))
        made += count
