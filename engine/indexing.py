"""Documents to an index: what changed is chunked, embedded and committed in one step."""

from __future__ import annotations

import dataclasses
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engine.chunking import chunk_document
from engine.chunking.headings import blend_headings, heading_prefix, repeated_title
from engine.context.sentences import describe_sentences
from engine.embedding import Embedder, load_embedder
from engine.embedding.cache import VectorCache
from engine.embedding.late import embed_late
from engine.embedding.token_index import TokenEmbedder, TokenIndex
from engine.errors import IndexDamagedError, SettingError
from engine.index import Catalog, ChunkTable, CorpusEntry, IndexEntry
from engine.index.sentence_columns import pack_sentences
from engine.index.table import schema
from engine.ingestion import LoadedDocuments, Skipped
from engine.ingestion.sentences import split_sentences
from engine.retrieval.terms import index_terms
from engine.settings import INDEX_FIELDS, PipelineSettings, home
from engine.types import Chunk, Document, SentenceArrays

Progress = Callable[[int, int, str], None]
# A chunk, its document, and the spans of its sentences in the document.
_Item = tuple[Document, Chunk, list[tuple[int, int]]]
CHUNKS_PER_BATCH = 2048
# Above this share of changed documents the table is written anew rather than merged into.
REBUILD_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusReport:
    """What an ingest did: the JSON of ``ingest``, and what the store keeps."""

    corpus: str
    documents: int
    chunks: int
    embedded: int
    reused: int
    skipped: tuple[Skipped, ...]
    seconds: float
    index_fingerprint: str
    sources: tuple[str, ...]
    characters: int
    changed: int
    removed: int


class IndexUpdate:
    """One ingest of one corpus under one fingerprint."""

    def __init__(
        self, catalog: Catalog, entry: CorpusEntry, settings: PipelineSettings, progress: Progress | None
    ) -> None:
        self.catalog, self.entry, self.settings, self.progress = catalog, entry, settings, progress
        self.embedder: Embedder = load_embedder(settings)
        self.fingerprint = settings.index_fingerprint
        self.embedded = self.reused = self.done = self.total = 0

    def run(self, loaded: LoadedDocuments, started: float) -> CorpusReport:
        """Write what changed and report it."""
        known = self.entry.indexes.get(self.fingerprint)
        if known and known.embedder != self.embedder.name:
            known = None  # its vectors are another model's: all of them are made anew
        table = ChunkTable(self.catalog.folder, known.table) if known else None
        try:
            if table and table.load_width() != self.embedder.dimension:
                table = None  # another model stands behind its name now
            before = table.load_hashes() if table else {}
        except IndexDamagedError:  # nothing of it can be kept
            table, before = None, {}
        now = {document.id: document.content_hash for document in loaded.documents}
        changed = [document for document in loaded.documents if before.get(document.id) != document.content_hash]
        removed = [name for name in before if name not in now]
        merging = table is not None and len(changed) + len(removed) <= max(5, REBUILD_SHARE * len(before))
        if not merging:
            table = self._rebuild(loaded.documents)
        elif changed or removed:
            replaced = removed + [document.id for document in changed if document.id in before]
            table.change(self._merged_batch(changed), replaced)
        assert table is not None
        chunks = table.count()
        self._save(table, now, bool(changed or removed))
        if merging:
            self.reused += chunks - self.embedded - self.reused
        return CorpusReport(
            corpus=self.entry.corpus,
            documents=len(now),
            chunks=chunks,
            embedded=self.embedded,
            reused=self.reused,
            skipped=tuple(loaded.skipped),
            seconds=round(time.perf_counter() - started, 3),
            index_fingerprint=self.fingerprint,
            sources=self.entry.sources,
            characters=sum(len(document.text) for document in loaded.documents),
            changed=len(changed),
            removed=len(removed),
        )

    def _rebuild(self, documents: Sequence[Document]) -> ChunkTable:
        table = ChunkTable(self.catalog.folder, f"{self.entry.corpus}-{self.fingerprint}-{uuid.uuid4().hex[:8]}")
        self.total = sum(len(document.text) for document in documents)
        table.create(self._batches(documents), self.embedder.dimension)
        return table

    def _merged_batch(self, documents: Sequence[Document]) -> pa.RecordBatch:
        self.total = sum(len(document.text) for document in documents)
        batches = list(self._batches(documents))
        if not batches:
            return pa.RecordBatch.from_pylist([], schema=schema(self.embedder.dimension))
        return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]

    def _batches(self, documents: Sequence[Document]) -> Iterator[pa.RecordBatch]:
        cache = VectorCache(home() / "vectors.sqlite")
        try:
            waiting: list[_Item] = []
            for document in documents:
                sentences = split_sentences(document.text)
                starts, ends = [start for start, _ in sentences], [end for _, end in sentences]
                for chunk in chunk_document(
                    document, sentences, self.settings, self.embedder.token_offsets, self.embedder.embed
                ):
                    first, last = bisect_right(ends, chunk.start), bisect_left(starts, chunk.end)
                    inside = [(max(a, chunk.start), min(b, chunk.end)) for a, b in sentences[first:last]]
                    waiting.append((document, chunk, inside))
                if len(waiting) >= CHUNKS_PER_BATCH:
                    yield self._embed(cache, waiting)
                    waiting = []
            if waiting:
                yield self._embed(cache, waiting)
        finally:
            cache.close()

    def _embed(self, cache: VectorCache, items: Sequence[_Item]) -> pa.RecordBatch:
        prefixes = [heading_prefix(document.title, chunk.heading) for document, chunk, _ in items]
        texts, spans = [], []
        for document, chunk, sentences in items:
            skipped = repeated_title(document.title, chunk.text)
            shift = chunk.start + skipped
            texts.append(chunk.text[skipped:])
            spans.append([(max(0, a - shift), max(0, b - shift)) for a, b in sentences])

        def report(done: int, count: int) -> None:
            if self.progress:
                share = sum(len(chunk.text) for _, chunk, _ in items) * done // count
                self.progress(min(self.done + share, self.total), self.total, "embedding")

        headings = self._embed_headings(cache, prefixes)
        if self.settings.pooling == "late":
            chunks, own = self._pool_late(items, report)
        else:
            vectors, made = cache.embed_spans(self.embedder, texts, spans, report)
            self.embedded += made
            self.reused += len(items) - made
            chunks = np.stack([v.vector for v in vectors])
            # A sentence that is only the title was not embedded with the text: it has the title's vector.
            own = [
                np.where(np.diff(bounds, axis=1) > 0, v.span_vectors, heading.astype(np.float16))
                for v, heading, bounds in zip(vectors, headings, map(_as_pairs, spans), strict=True)
            ]
        self.done += sum(len(chunk.text) for _, chunk, _ in items)
        sentences = self._describe(items, own)
        matrix = pa.array(blend_headings(chunks, headings).ravel())
        first = [chunk.index == 0 for _, chunk, _ in items]
        columns = {
            "document": [d.id for d, _, _ in items],
            "chunk_index": [c.index for _, c, _ in items],
            "start": [c.start for _, c, _ in items],
            "end": [c.end for _, c, _ in items],
            "text": [c.text for _, c, _ in items],
            "title": [d.title for d, _, _ in items],
            "heading": [c.heading for _, c, _ in items],
            "search_text": [index_terms(p + chunk.text) for p, (_, chunk, _) in zip(prefixes, items, strict=True)],
            "vector": pa.FixedSizeListArray.from_arrays(matrix, self.embedder.dimension),
            **{name: [packed[name] for packed in sentences] for name in sentences[0]},
            "content_hash": [d.content_hash for d, _, _ in items],
            "document_text": [d.text if f else None for (d, _, _), f in zip(items, first, strict=True)],
            "source": [d.source for d, _, _ in items],
            "content_type": [d.content_type for d, _, _ in items],
        }
        return pa.RecordBatch.from_pydict(columns, schema=schema(self.embedder.dimension))

    def _pool_late(
        self, items: Sequence[_Item], report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Vectors (n, d) of the chunks and those of each one's sentences, out of one pass over each document."""
        index = TokenIndex(_with_tokens(self.embedder))
        by_document: dict[str, list[_Item]] = {}
        for item in items:
            by_document.setdefault(item[0].id, []).append(item)
        groups = list(by_document.values())
        made = embed_late(
            index,
            [group[0][0].text for group in groups],
            [[(chunk.start, chunk.end) for _, chunk, _ in group] for group in groups],
            [[span for _, _, spans in group for span in spans] for group in groups],
            report,
        )
        fresh = index.embedded / max(1, index.embedded + index.reused)
        self.embedded += round(fresh * len(items))
        self.reused += len(items) - round(fresh * len(items))
        sentences = [
            part
            for group, (_, vectors) in zip(groups, made, strict=True)
            for part in np.split(vectors, np.cumsum([len(spans) for _, _, spans in group])[:-1])
        ]
        return np.concatenate([chunks for chunks, _ in made]), sentences

    def _embed_headings(self, cache: VectorCache, prefixes: Sequence[str]) -> np.ndarray:
        """The vector of what stands above each chunk, zero where nothing does."""
        places = {prefix: i for i, prefix in enumerate(dict.fromkeys(filter(None, prefixes)))}
        rows = np.zeros((len(places) + 1, self.embedder.dimension), np.float32)
        if places:
            found, _ = cache.embed_spans(self.embedder, [p.strip() for p in places], [[] for _ in places], None)
            rows[:-1] = [v.vector for v in found]
        return rows[[places.get(prefix, -1) for prefix in prefixes]]

    def _describe(self, items: Sequence[_Item], vectors: Sequence[np.ndarray]) -> list[dict[str, object]]:
        """The columns of each chunk that hold its sentences."""
        texts = [document.text[a:b] for document, _, spans in items for a, b in spans]
        tokens = np.array(self.embedder.count_tokens(texts) if texts else [], np.int64)
        signs, words, names = describe_sentences(texts)
        columns, at = [], 0
        for (_, _, spans), own in zip(items, vectors, strict=True):
            rows = np.arange(at, at + len(spans))
            at += len(spans)
            arrays = SentenceArrays(
                spans=np.array(spans, np.int64).reshape(-1, 2),
                vectors=own,
                tokens=tokens[rows],
                signs=signs[rows],
                words=words.take(rows),
                names=names.take(rows),
            )
            columns.append(pack_sentences(arrays))
        return columns

    def _save(self, table: ChunkTable, now: dict[str, str], changed: bool) -> None:
        """Name the table in the catalog. Other indexes of the corpus that hold other documents than ``now`` are stale: they go."""
        settings = {name: getattr(self.settings, name) for name in INDEX_FIELDS}
        entry = IndexEntry(table=table.name, embedder=self.embedder.name, settings=settings)
        others = {k: v for k, v in self.entry.indexes.items() if k != self.fingerprint}
        kept = {
            k: v
            for k, v in others.items()
            if not changed or ChunkTable(self.catalog.folder, v.table).load_hashes() == now
        }
        previous = {index.table for index in self.entry.indexes.values()}
        self.catalog.save(dataclasses.replace(self.entry, indexes={**kept, self.fingerprint: entry}))
        named = previous | {table.name} | {index.table for index in kept.values()}
        prefix = f"{self.entry.corpus}-"
        table.drop(
            n for n in table.names() if n.startswith(prefix) and _belongs(n, self.entry.corpus) and n not in named
        )


def _with_tokens(embedder: Embedder) -> TokenEmbedder:
    if not isinstance(embedder, TokenEmbedder):
        raise SettingError(
            f"pooling late needs the vectors of single tokens; {embedder.name} does not give them.",
            "Set pooling=separate, or embedder=minilm.",
        )
    return embedder


def _as_pairs(spans: Sequence[tuple[int, int]]) -> np.ndarray:
    return np.array(spans, np.int64).reshape(-1, 2)


def _belongs(table: str, corpus: str) -> bool:
    """Whether a table's name is ``corpus-fingerprint-id``, not that of a corpus whose name begins alike."""
    return table.count("-") == corpus.count("-") + 2
