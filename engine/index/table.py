"""One LanceDB table of chunks: build, change, search."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("LANCEDB_LOG", "error")  # read when lancedb loads; "no dataset yet" is no warning

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import FTS, IvfFlat
from lancedb.query import MatchQuery

from engine.errors import DiskFullError, IndexMismatchError
from engine.index.conditions import restrict
from engine.index.damage import reads_index
from engine.index.sentence_columns import unpack_sentences
from engine.types import Condition, ScoredChunk

# Below this many chunks a scan of all vectors is as fast as the index; see docs/decisions.
INDEX_FROM_ROWS = 10_000
# Every change writes a version of the table; a search under way may still read the one before.
OLD_VERSIONS = timedelta(minutes=2)
# Vectors in a partition of the index, and partitions searched. At 100,000 chunks: recall@50 0.999 against the scan in
# 3.2 ms, while LanceDB's own choice of partitions took 5 ms for the same recall.
PARTITION_ROWS = 512
PROBES = 16
LONGEST_WORD = 80
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


def schema(dimension: int) -> pa.Schema:
    """Columns of a chunk. The row with ``chunk_index`` 0 also carries its document's text and description."""
    return pa.schema(
        [
            ("document", pa.string()),
            ("chunk_index", pa.int32()),
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("text", pa.string()),
            ("title", pa.string()),
            ("heading", pa.string()),
            ("search_text", pa.string()),
            ("vector", pa.list_(pa.float32(), dimension)),
            ("sentence_spans", pa.list_(pa.int32())),
            ("sentence_vectors", pa.binary()),
            ("sentence_numbers", pa.binary()),
            ("sentence_words", pa.binary()),
            ("content_hash", pa.string()),
            ("document_text", pa.large_string()),
            ("source", pa.string()),
            ("content_type", pa.string()),
        ]
    )


class ChunkTable:
    """The chunks of a corpus under one index fingerprint. Reads see what other processes have committed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._database = lancedb.connect(folder, read_consistency_interval=timedelta(0))
        self.name = name
        self._table: Any = None
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
        return int(self.table.count_rows())

    def create(self, batches: Iterable[pa.RecordBatch], dimension: int) -> None:
        """Write the table anew and build its indexes. Nothing reads it before the catalog names it."""
        with _disk_errors(self.name):
            self._table = self._database.create_table(self.name, schema=schema(dimension), mode="overwrite")
        # Rows are made on this thread, not on LanceDB's: Ctrl-C and what goes wrong come out as they are.
        parts = 0
        for batch in batches:
            parts += 1
            with _disk_errors(self.name):
                self._table.add(pa.Table.from_batches([batch]))
        with _disk_errors(self.name):
            if parts > 1:
                self._table.optimize(cleanup_older_than=timedelta(milliseconds=1))
            self._index()

    def change(self, batch: pa.RecordBatch, replaced: Sequence[str]) -> None:
        """Put the chunks of new and changed documents in, take out those of ``replaced`` ones, in one commit."""
        with _disk_errors(self.name):
            merge = self.table.merge_insert(["document", "chunk_index"])
            merge = merge.when_matched_update_all().when_not_matched_insert_all()
            if replaced:
                names = ", ".join("'" + name.replace("'", "''") + "'" for name in replaced)
                merge = merge.when_not_matched_by_source_delete(f"document IN ({names})")
            merge.execute(pa.Table.from_batches([batch]))
            self.table.optimize(cleanup_older_than=OLD_VERSIONS)
            if self.count() >= INDEX_FROM_ROWS and not any(
                index.columns == ["vector"] for index in self.table.list_indices()
            ):
                self._index_vectors()

    def drop(self, names: Iterable[str]) -> None:
        """Remove tables that nothing names any more."""
        for name in names:
            self._database.drop_table(name, ignore_missing=True)

    def names(self) -> list[str]:
        """Every table in the folder."""
        return list(self._database.list_tables(limit=100_000).tables)

    def _index(self) -> None:
        rows = self.count()
        if rows == 0:
            return
        self.index_words()
        if rows >= INDEX_FROM_ROWS:
            self._index_vectors()

    def index_words(self) -> None:
        """Build the index of words anew."""
        # The words are already apart: ``search_text`` is what ``engine.retrieval.terms`` makes of a passage.
        config = FTS(
            with_position=False,
            base_tokenizer="whitespace",
            max_token_length=LONGEST_WORD,
            stem=True,
            remove_stop_words=False,
            ascii_folding=True,
        )
        self.table.create_index("search_text", config=config, replace=True)

    def _index_vectors(self) -> None:
        config = IvfFlat(distance_type="cosine", num_partitions=max(1, self.count() // PARTITION_ROWS))
        self.table.create_index("vector", config=config, replace=True)

    @reads_index
    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> list[tuple[int, float]]:
        """Row ids and cosine similarities of the nearest ``k`` chunks, best first."""
        self._check_width(vector)
        query = self.table.search(vector, vector_column_name="vector").distance_type("cosine").nprobes(PROBES)
        query = restrict(query, conditions)
        found = query.select(["_distance"]).with_row_id(True).limit(k).to_arrow()
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
        query = restrict(self.table.search(wanted, query_type="fts"), conditions)
        found = query.select(["_score"]).with_row_id(True).limit(k).to_arrow()
        return [(row, score / repeats) for row, score in _pairs(found, "_score")]

    @reads_index
    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        """The chunks of the given row ids, in the order of ``scores`` (row id to fused score and BM25 score)."""
        if not scores:
            return []
        self._check_width(vector)
        rows = self.table.take_row_ids(list(scores)).with_row_id().select(FETCHED).to_arrow()
        vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), len(vector))
        similarities = dict(zip(rows["_rowid"].to_pylist(), (vectors @ vector).tolist(), strict=True))
        spans = rows["sentence_spans"].combine_chunks()
        values = spans.values.to_numpy()
        pieces = [values[start:end] for start, end in pairwise(spans.offsets.to_pylist())]
        texts = rows.drop_columns(["vector", "sentence_spans"]).to_pylist()
        by_id = {row["_rowid"]: row | {"sentence_spans": piece} for row, piece in zip(texts, pieces, strict=True)}
        return [
            _scored(by_id[i], fused, similarities[i], lexical, vectors.shape[1])
            for i, (fused, lexical) in scores.items()
            if i in by_id
        ]

    def _check_width(self, vector: np.ndarray) -> None:
        """A provider may change what stands behind a model's name."""
        self._width = self._width or self.table.schema.field("vector").type.list_size
        if len(vector) != self._width:
            raise IndexMismatchError(
                f"The question's vector has {len(vector)} numbers, those of the index {self._width}.",
                "The embedding model has changed: ingest the corpus again, or set the embedder that made the index.",
            )

    @reads_index
    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        """Document, start and end by row id, in the order given; rows that a change has taken out meanwhile are missing."""
        found = self.table.take_row_ids(list(rows)).with_row_id().select(["document", "start", "end"]).to_arrow()
        by_id = {r["_rowid"]: (r["document"], r["start"], r["end"]) for r in found.to_pylist()}
        return {row: by_id[row] for row in rows if row in by_id}

    @reads_index
    def count_documents(self) -> int:
        """Documents in the table."""
        return int(self.table.count_rows("chunk_index = 0"))

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


def _pairs(found: pa.Table, score: str) -> list[tuple[int, float]]:
    return list(zip(found["_rowid"].to_pylist(), found[score].to_pylist(), strict=True))


def _scored(row: dict[str, Any], fused: float, similarity: float, lexical: float, dimension: int) -> ScoredChunk:
    return ScoredChunk(
        document=row["document"],
        chunk_index=row["chunk_index"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        title=row["title"],
        heading=row["heading"],
        score=fused,
        similarity=similarity,
        lexical=lexical,
        sentences=unpack_sentences(row, dimension),
    )


class _disk_errors:
    """LanceDB reports a full disk as an OSError or RuntimeError that names the system's message."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OSError, RuntimeError)) and "No space left" in str(error):
            raise DiskFullError(
                f"The disk is full: the index {self.table} was not changed.", "Free some space and ingest again."
            ) from error
