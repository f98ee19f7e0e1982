"""Vectors, BM25 text and metadata of a corpus in one LanceDB table per index fingerprint."""

from __future__ import annotations

import os

os.environ.setdefault("LANCEDB_LOG", "error")  # read when lancedb loads; "no dataset yet" is no warning

from engine.index.lean_import import defer_package

defer_package()  # before anything imports lancedb

from engine.index.catalog import Catalog, CorpusEntry, IndexEntry  # noqa: E402
from engine.index.table import ChunkTable  # noqa: E402

__all__ = ["Catalog", "ChunkTable", "CorpusEntry", "IndexEntry"]
