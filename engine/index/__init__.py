"""Vectors, BM25 text and metadata of a corpus in one LanceDB table per index fingerprint."""

from __future__ import annotations

from engine.index.catalog import Catalog, CorpusEntry, IndexEntry
from engine.index.table import ChunkTable

__all__ = ["Catalog", "ChunkTable", "CorpusEntry", "IndexEntry"]
