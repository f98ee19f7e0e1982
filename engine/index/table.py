"""One LanceDB table of chunks: build, change, and all that ``ChunkReader`` reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import pyarrow as pa
from lancedb.index import FTS, IvfFlat

from engine.errors import DiskFullError
from engine.index.reader import ChunkReader
from engine.index.vectors import MOST_ROWS

# Below this many chunks a scan of all vectors is as fast as the index; see docs/decisions.
INDEX_FROM_ROWS = MOST_ROWS
# Every change writes a version of the table; a search under way may still read the one before.
OLD_VERSIONS = timedelta(minutes=2)
# Vectors in a partition of the index, of which a search looks into ``reader.PROBES``. At 100,000 chunks: recall@50 0.999
# against the scan in 3.2 ms, while LanceDB's own choice of partitions took 5 ms for the same recall.
PARTITION_ROWS = 512
LONGEST_WORD = 80


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


class ChunkTable(ChunkReader):
    """The chunks of a corpus under one index fingerprint, to read and to change."""

    def create(self, batches: Iterable[pa.RecordBatch], dimension: int) -> None:
        """Write the table anew and build its indexes. Nothing reads it before the catalog names it."""
        with _disk_errors(self.name):
            self._table = self._database.create_table(self.name, schema=schema(dimension), mode="overwrite")
        self._reader = None
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
