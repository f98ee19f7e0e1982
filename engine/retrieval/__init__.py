"""Question to ranked chunks: dense, lexical (BM25) or both, fused, rescored by what is known of the best, re-ranked."""

from __future__ import annotations

from engine.retrieval.filters import parse_filter
from engine.retrieval.fusion import DEPTH, RRF_CONSTANT, Balance, Evidence, fuse_scores, load_balance
from engine.retrieval.rankings import ChunkIndex, Rankings, Search, search_index
from engine.retrieval.remembered import RememberedIndex
from engine.retrieval.search import Reranker, Retrieved, collect_evidence, retrieve_chunks
from engine.retrieval.terms import find_identifiers, index_terms, question_terms, share_of_name

__all__ = [
    "DEPTH",
    "RRF_CONSTANT",
    "Balance",
    "ChunkIndex",
    "Evidence",
    "Rankings",
    "RememberedIndex",
    "Reranker",
    "Retrieved",
    "Search",
    "collect_evidence",
    "find_identifiers",
    "fuse_scores",
    "index_terms",
    "load_balance",
    "parse_filter",
    "question_terms",
    "retrieve_chunks",
    "search_index",
    "share_of_name",
]
