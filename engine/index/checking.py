"""Whether all of an index can be read, and mending the part that is made of the rest."""

from __future__ import annotations

from engine.index.damage import is_damage, reads_index
from engine.index.table import ChunkTable

PROBED_ROWS = 20_000
"""Larger tables are probed: reading all of them would take seconds."""


class IndexCheck:
    """Reads a table as nothing else does: every column of every chunk, and the index of words."""

    def __init__(self, table: ChunkTable) -> None:
        self.name = table.name
        self._table = table

    @reads_index
    def read_rows(self) -> int:
        """Read every column of every chunk; their number.

        Raises:
            IndexDamagedError: some of it cannot be read.
        """
        return sum(batch.num_rows for batch in self._table.table.search().to_batches())

    def probe(self) -> int:
        """Read all of a small table, the first chunks of a large one, and search for a word; the number of chunks.

        Raises:
            IndexDamagedError: what was read cannot be.
        """
        rows = self._table.count()
        if rows <= PROBED_ROWS:
            self.read_rows()
        else:
            self._read_first()
        self._table.search_lexical("a", 1)
        return rows

    def mend_words(self) -> bool:
        """Build the index of words again out of the chunks; whether it can be searched then. The chunks must be sound."""
        try:
            self._table.index_words()
            self._table.search_lexical("a", 1)
        except BaseException as error:  # a Rust panic is no Exception
            if not is_damage(error.__cause__ or error):
                raise
            return False
        return True

    @reads_index
    def _read_first(self) -> None:
        self._table.table.search().limit(100).to_arrow()
