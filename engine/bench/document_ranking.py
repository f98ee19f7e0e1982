"""Labelled sets searched through the real index: documents ranked for questions, and how well."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.texts import find_file
from engine.corpora import ingest_corpus
from engine.embedding import load_embedder
from engine.errors import FileFormatError, InputError
from engine.evaluation.measures.documents import ndcg_at, rank_documents, recall_at, reciprocal_rank
from engine.evaluation.statistics import estimate_mean
from engine.index import Catalog, ChunkTable
from engine.retrieval import Evidence, collect_evidence, retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import ScoredChunk

# A corpus of fewer documents ranks nothing; such a set is left out when a folder of several is given.
FEWEST_DOCUMENTS = 20
MEASURES = ("recall@5", "recall@10", "nDCG@10", "MRR")


@dataclass(frozen=True, slots=True)
class Query:
    """Words to search by, their vector, the documents that should come up, and words that count half."""

    words: str
    vector: np.ndarray
    gold: frozenset[str]
    background: str = ""


class SearchedSet:
    """A set's corpus, ingested with the settings."""

    def __init__(self, folder: Path, settings: PipelineSettings) -> None:
        self.settings, self.embedder = settings, load_embedder(settings)
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "corpus.jsonl"
            path.write_bytes(find_file(folder, "corpus.jsonl").read_bytes())
            report = ingest_corpus("searched", [path], settings, replace=True)
        self.documents, self.chunks = report.documents, report.chunks
        catalog = Catalog()
        self._table = ChunkTable(catalog.folder, catalog.load("searched").indexes[settings.index_fingerprint].table)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of questions, (n, dimension)."""
        return self.embedder.embed(list(texts))

    def rank(self, query: Query, overrides: Mapping[str, Any]) -> list[str]:
        """Documents, best first, at least ten where the corpus has them."""
        settings = self.settings.with_values(overrides)
        found = retrieve_chunks(
            self._table, query.words, lambda: query.vector, settings, lambda: 0.0, background=query.background
        )
        return rank_documents([c.document for c in found.chunks] + [r.document for r in found.rest])

    def collect(self, text: str, vector: np.ndarray) -> tuple[list[ScoredChunk], Evidence]:
        """The shortlist of a question, and what its scores are made of."""
        return collect_evidence(self._table, text, vector, self.settings)

    def measure(self, queries: Sequence[Query], overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Mean and 95 % interval of each measure."""
        rankings = [self.rank(query, overrides) for query in queries]
        return summarise([score_ranking(r, q.gold) for r, q in zip(rankings, queries, strict=True)])


def score_ranking(ranking: Sequence[str], gold: Collection[str]) -> tuple[float, ...]:
    """One value for each of ``MEASURES``."""
    return (
        recall_at(ranking, gold, 5),
        recall_at(ranking, gold, 10),
        ndcg_at(ranking, gold, 10),
        reciprocal_rank(ranking, gold),
    )


def summarise(scores: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Mean, low and high of each of ``MEASURES`` over questions."""
    summary = {}
    for name, values in zip(MEASURES, zip(*scores, strict=True), strict=True):
        estimate = estimate_mean(values)
        ends = (estimate.mean, estimate.low, estimate.high)
        summary[name] = {
            key: None if end is None else round(end, 4) for key, end in zip(("mean", "low", "high"), ends, strict=True)
        }
    return summary


def find_sets(data: Path | None, bench: str, needed: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """Name and folder of the set, or of each set in a folder of several, whose questions have all fields of ``needed``.

    Raises:
        InputError: no folder was given, or it holds no such set.
    """
    if data is None:
        raise InputError(f"bench {bench} needs --data.", "Give a folder with corpus.jsonl and queries.jsonl.")
    if (data / "queries.jsonl").is_file():
        yield data.name, data
        return
    found = 0
    for folder in sorted(path for path in data.iterdir() if path.is_dir()) if data.is_dir() else ():
        if not ((folder / "queries.jsonl").is_file() and (folder / "corpus.jsonl").is_file()):
            continue
        with (folder / "corpus.jsonl").open() as lines:
            documents = sum(1 for _ in lines)
        queries = load_queries(folder)
        if documents >= FEWEST_DOCUMENTS and queries and all(any(q.get(name) for q in queries) for name in needed):
            found += 1
            yield folder.name, folder
    if not found:
        fields = f" whose queries have {', '.join(needed)}" if needed else ""
        raise InputError(f"{data}: there is no set{fields}.", "Give a folder with corpus.jsonl and queries.jsonl.")


def load_queries(folder: Path) -> list[dict[str, Any]]:
    """The questions of a set that name relevant documents.

    Raises:
        FileFormatError: a line is no JSON object with a question and the documents that are relevant.
    """
    path = find_file(folder, "queries.jsonl")
    queries = []
    for number, line in enumerate(path.open(), 1):
        try:
            query = json.loads(line)
            query["gold"] = frozenset(entry["doc_id"] for entry in query["relevant"])
            query["question"].strip()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileFormatError(
                path, "expected an object with question and relevant[{doc_id}]", line=number
            ) from error
        if query["gold"] and query.get("answerable", True):
            queries.append(query)
    return queries
