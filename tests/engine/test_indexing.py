from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.chunking.headings import HEADING_SHARE, blend_headings, repeated_title
from engine.corpora import ingest_corpus
from engine.embedding import load_embedder
from engine.index import Catalog, ChunkTable
from engine.settings import PipelineSettings


def test_a_heading_turns_a_vector_by_its_share_and_none_leaves_it() -> None:
    blended = blend_headings(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert blended[0] == pytest.approx(np.array([1.0, HEADING_SHARE]) / np.hypot(1.0, HEADING_SHARE))
    assert blended[1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("title", "text", "skipped"),
    [
        ("Oslo", "Oslo\nThe capital.", 5),
        ("Oslo", "Oslo is the capital.", 0),
        ("Oslo", "Oslo\n", 0),
        ("", "\nThe capital.", 0),
        ("Oslo", "In Oslo\nx", 0),
    ],
)
def test_only_a_title_on_a_line_of_its_own_with_text_behind_it_is_repeated(title: str, text: str, skipped: int) -> None:
    assert repeated_title(title, text) == skipped


def test_every_vector_of_a_chunk_that_begins_with_its_title_has_direction(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"id": "a", "title": "Oslo", "text": "Oslo\\nThe capital of Norway. It lies on a fjord."}\n')
    ingest_corpus("towns", [path], PipelineSettings())
    catalog = Catalog()
    table = ChunkTable(catalog.folder, next(iter(catalog.load("towns").indexes.values())).table)
    [(row, _)] = table.search_lexical("oslo", 5)
    [chunk] = table.fetch({row: (1.0, 1.0)}, np.ones(384, np.float32))
    lengths = np.linalg.norm(chunk.sentences.vectors.astype(np.float32), axis=1)
    assert len(lengths) >= 2 and np.allclose(lengths, 1, atol=0.01)


def test_late_pooling_gives_an_index_of_its_own_whose_next_chunking_embeds_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    text = " ".join(f"Rule {i}: refunds of kind {i} take {i + 2} days to arrive." for i in range(60))
    path.write_text(json.dumps({"id": "a", "title": "Refunds", "text": text}) + "\n")
    separate = ingest_corpus("rules", [path], PipelineSettings())
    late = ingest_corpus("rules", [path], PipelineSettings(pooling="late"))
    finer = ingest_corpus("rules", [path], PipelineSettings(pooling="late", chunk_size=400, chunk_overlap=50))
    assert late.index_fingerprint != separate.index_fingerprint and late.chunks == separate.chunks
    assert late.embedded == late.chunks and finer.embedded == 0 and finer.reused == finer.chunks > late.chunks
    catalog = Catalog()
    tables = [
        ChunkTable(catalog.folder, catalog.load("rules").indexes[r.index_fingerprint].table) for r in (separate, late)
    ]
    question = load_embedder(PipelineSettings()).embed(["How long does a refund of kind 7 take?"])[0]
    found = [table.fetch({table.search_dense(question, 1)[0][0]: (1.0, 0.0)}, question)[0] for table in tables]
    assert found[0].start == found[1].start and found[0].similarity == pytest.approx(found[1].similarity, abs=0.15)
    assert np.allclose(np.linalg.norm(found[1].sentences.vectors.astype(np.float32), axis=1), 1, atol=0.01)
