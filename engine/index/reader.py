"""Reading one LanceDB table of chunks: search, rows, documents.

What a question waits for goes through LanceDB's asynchronous client in one step each: its synchronous one asks for the
schema before every search and hands every batch from thread to thread, which takes twice as long (docs/decisions/0031).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.background_loop import LOOP
from lancedb.query import MatchQuery

from engine.errors import IndexMismatchError
from engine.index.conditions import restrict
from engine.index.damage import reads_index
from engine.index.rows import ROWS, Row
from engine.index.sentence_columns import unpack_sentences
from engine.index.vectors import MOST_ROWS, VECTORS, TableVectors
from engine.index.versions import read_newest
from engine.types import Condition, ScoredChunk

NEWEST = timedelta(0)
"""A read sees what was committed before it began."""
PROBES = 16
# How often a word of the question counts against one that feedback adds.
EXPANSION_REPEATS = 3
FETCHED = [
    "document",
    "chunk_index",
    "start",
    "end",
    "text",
    "title",
    "heading",
    "vector",
    "sentence_spans",
    "sentence_vectors",
    "sentence_numbers",
    "sentence_words",
]


class ChunkReader:
    """The chunks of a corpus under one index fingerprint. Reads see what other processes have committed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._database = lancedb.connect(folder, read_consistency_interval=NEWEST)
        self.name = name
        self._folder = folder
        self._place = str(folder / name)
        self._table: Any = None
        self._reader: lancedb.AsyncTable | None = None
        self._width: int | None = None

    @property
    def table(self) -> Any:
        """The open LanceDB table."""
        if self._table is None:
            self._table = self._database.open_table(self.name)
        return self._table

    @property
    @reads_index
    def version(self) -> int:
        """Grows with every committed change."""
        return int(self.table.version)

    @reads_index
    def count(self) -> int:
        """Chunks in the table."""
        held = VECTORS.find(self._place, read_newest(self._folder, self.name) or "")[1]
        return LOOP.run(self._count()) if held is None else len(held.ids)

    @reads_index
    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> list[tuple[int, float]]:
        """Row ids and cosine similarities of the nearest ``k`` chunks, best first."""
        self._check_width(vector)
        if not conditions and (held := self._hold_vectors()) is not None:
            return held.find_nearest(vector, k)
        found = LOOP.run(self._find_near(vector, k, conditions))
        return [(row, 1.0 - distance) for row, distance in _pairs(found, "_distance")]

    @reads_index
    def search_lexical(
        self,
        words: str,
        k: int,
        conditions: Sequence[Condition] = (),
        expansion: str = "",
        repeats: int = EXPANSION_REPEATS,
    ) -> list[tuple[int, float]]:
        """Row ids and BM25 scores of the best ``k`` chunks, best first; none when no word is known.

        Args:
            words: joined by spaces, as ``question_terms`` makes them.
            expansion: further words, joined by spaces, that count less: one part in ``repeats``.
        """
        # A word that is written thrice counts thrice. Boosted queries joined by OR would say the same in ten times as long.
        repeats = repeats if expansion else 1
        wanted = MatchQuery(" ".join([words] * repeats + [expansion]) if expansion else words, "search_text")
        found = LOOP.run(self._find_words(wanted, k, conditions))
        return [(row, score / repeats) for row, score in _pairs(found, "_score")]

    @reads_index
    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        """The chunks of the given row ids, in the order of ``scores`` (row id to fused score and BM25 score)."""
        if not scores:
            return []
        self._check_width(vector)
        found = self._load_rows(list(scores))
        if not found:
            return []
        vectors = np.stack([row.vector for row in found.values()])
        similarities = dict(zip(found, (vectors @ vector).tolist(), strict=True))
        return [
            found[i].chunk.rescored(fused, similarities[i], lexical)
            for i, (fused, lexical) in scores.items()
            if i in found
        ]

    @reads_index
    def load_width(self) -> int:
        """Numbers in each vector."""
        self._width = self._width or LOOP.run(self._read_schema()).field("vector").type.list_size
        return self._width

    def _check_width(self, vector: np.ndarray) -> None:
        """A provider may change what stands behind a model's name."""
        if len(vector) != self.load_width():
            raise IndexMismatchError(
                f"The question's vector has {len(vector)} numbers, those of the index {self.load_width()}.",
                "The embedding model has changed: ingest the corpus again, or set the embedder that made the index.",
            )

    @reads_index
    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        """Document, start and end by row id, in the order given; rows that a change has taken out meanwhile are missing."""
        held = ROWS.find(self._place, rows)
        by_id = {i: (row.chunk.document, row.chunk.start, row.chunk.end) for i, row in held.items()}
        if missing := [row for row in rows if row not in by_id]:
            found = LOOP.run(self._take(missing, ["document", "start", "end"]))
            by_id |= {r["_rowid"]: (r["document"], r["start"], r["end"]) for r in found.to_pylist()}
        return {row: by_id[row] for row in rows if row in by_id}

    @reads_index
    def count_documents(self) -> int:
        """Documents in the table."""
        return LOOP.run(self._count("chunk_index = 0"))

    def load_hashes(self) -> dict[str, str]:
        """Content hash of every document."""
        rows = self._documents(["document", "content_hash"])
        return {row["document"]: row["content_hash"] for row in rows}

    def load_documents(self) -> list[dict[str, Any]]:
        """id, title, source, content type, hash and text of every document."""
        return self._documents(["document", "title", "source", "content_type", "content_hash", "document_text"])

    @reads_index
    def load_text(self, document: str) -> str | None:
        """A document's text, or None when it is not in the table."""
        where = "chunk_index = 0 AND document = '" + document.replace("'", "''") + "'"
        rows = self.table.search().where(where).select(["document_text"]).limit(1).to_arrow().to_pylist()
        return rows[0]["document_text"] if rows else None

    @reads_index
    def load_chunks(self, document: str) -> list[dict[str, Any]]:
        """index, start, end and heading of a document's chunks, in order."""
        where = "document = '" + document.replace("'", "''") + "'"
        columns = ["chunk_index", "start", "end", "heading"]
        rows = self.table.search().where(where).select(columns).limit(1_000_000).to_arrow().to_pylist()
        return sorted(rows, key=lambda row: row["chunk_index"])

    @reads_index
    def count_chunks(self) -> dict[str, int]:
        """Chunks of every document."""
        names = self.table.search().select(["document"]).limit(100_000_000).to_arrow()["document"]
        return {pair["values"]: pair["counts"] for pair in names.combine_chunks().value_counts().to_pylist()}

    @reads_index
    def _documents(self, columns: list[str]) -> list[dict[str, Any]]:
        query = self.table.search().where("chunk_index = 0").select(columns).limit(100_000_000)
        return query.to_arrow().to_pylist()

    def _hold_vectors(self) -> TableVectors | None:
        """The vectors of the newest version, read when it was not seen before; None of a table that is too large."""
        version = read_newest(self._folder, self.name)
        if version is None:
            return None
        seen, held = VECTORS.find(self._place, version)
        if not seen:
            if LOOP.run(self._count()) < MOST_ROWS:
                held = LOOP.run(self._read_vectors())
            VECTORS.keep(self._place, version, held)
        return held

    def _load_rows(self, ids: list[int]) -> dict[int, Row]:
        """The rows by id, in the order of ``ids``; those that a change has taken out meanwhile are missing."""
        held = ROWS.find(self._place, ids)
        if missing := [i for i in ids if i not in held]:
            read = _read_rows(LOOP.run(self._take(missing, FETCHED)))
            ROWS.keep(self._place, read)
            held |= read
        return {i: held[i] for i in ids if i in held}

    async def _open_reader(self) -> lancedb.AsyncTable:
        if self._reader is None:
            database = await lancedb.connect_async(self._folder, read_consistency_interval=NEWEST)
            self._reader = await database.open_table(self.name)
        return self._reader

    async def _read_schema(self) -> pa.Schema:
        return await (await self._open_reader()).schema()

    async def _count(self, where: str | None = None) -> int:
        return await (await self._open_reader()).count_rows(where)

    async def _find_near(self, vector: np.ndarray, k: int, conditions: Sequence[Condition]) -> pa.Table:
        query = (await self._open_reader()).query().nearest_to(vector).column("vector")
        query = restrict(query.distance_type("cosine").nprobes(PROBES), conditions)
        return await query.select(["_distance"]).with_row_id().limit(k).to_arrow()

    async def _read_vectors(self) -> TableVectors:
        rows = await (await self._open_reader()).query().select(["vector"]).with_row_id().limit(MOST_ROWS).to_arrow()
        return TableVectors.of(rows["_rowid"].to_numpy(), _stack(rows["vector"]))

    async def _find_words(self, wanted: MatchQuery, k: int, conditions: Sequence[Condition]) -> pa.Table:
        query = restrict((await self._open_reader()).query().nearest_to_text(wanted), conditions)
        return await query.select(["_score"]).with_row_id().limit(k).to_arrow()

    async def _take(self, rows: Sequence[int], columns: list[str]) -> pa.Table:
        return await (await self._open_reader()).take_row_ids(list(rows)).with_row_id().select(columns).to_arrow()


def _pairs(found: pa.Table, score: str) -> list[tuple[int, float]]:
    return list(zip(found["_rowid"].to_pylist(), found[score].to_pylist(), strict=True))


def _stack(vectors: pa.ChunkedArray) -> np.ndarray:
    """A column of vectors as a matrix."""
    flat = vectors.combine_chunks().flatten().to_numpy()
    return flat.reshape(len(vectors), -1) if len(vectors) else np.zeros((0, 1), np.float32)


def _read_rows(rows: pa.Table) -> dict[int, Row]:
    vectors = _stack(rows["vector"])
    spans = rows["sentence_spans"].combine_chunks()
    values = spans.values.to_numpy()
    pieces = [values[start:end] for start, end in pairwise(spans.offsets.to_pylist())]
    texts = rows.drop_columns(["vector", "sentence_spans"]).to_pylist()
    return {
        row["_rowid"]: Row(_as_chunk(row | {"sentence_spans": piece}, vectors.shape[1]), vector.copy())
        for row, piece, vector in zip(texts, pieces, vectors, strict=True)
    }


def _as_chunk(row: dict[str, Any], dimension: int) -> ScoredChunk:
    return ScoredChunk(
        document=row["document"],
        chunk_index=row["chunk_index"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        title=row["title"],
        heading=row["heading"],
        score=0.0,
        similarity=0.0,
        lexical=0.0,
        sentences=unpack_sentences(row, dimension),
    )
