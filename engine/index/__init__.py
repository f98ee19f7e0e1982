"""Vectors, BM25 text and metadata of a corpus in one LanceDB table per index fingerprint."""

from __future__ import annotations

import os

os.environ.setdefault("LANCEDB_LOG", "error")  # read when lancedb loads; "no dataset yet" is no warning

from engine.lean_imports import defer_package

# LanceDB wants the types of the client of its catalogue server alone. Its generated classes of HTTP calls, which tables in
# files never use, took two fifths of the import of LanceDB.
defer_package("lance_namespace_urllib3_client")

from engine.index.catalog import Catalog, CorpusEntry, IndexEntry  # noqa: E402
from engine.index.table import ChunkTable  # noqa: E402

__all__ = ["Catalog", "ChunkTable", "CorpusEntry", "IndexEntry"]
