"""Question to evidence: retrieval, reranking, context selection and its improvement, over one corpus's index."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.context.coefficients import load_coefficients
from engine.context.enhance import Attempt, enhance_context, widest
from engine.context.select import Selection, select_context
from engine.context.sentences import hash_telling
from engine.context.words import Question, parse_followup
from engine.conversation import StandaloneQuestion
from engine.corpora import ingest_corpus
from engine.embedding import Embedder, load_embedder, mean_vector
from engine.embedding.lexicon import load_lexicon
from engine.errors import IndexMismatchError, ProviderError
from engine.index import Catalog, ChunkTable, CorpusEntry
from engine.index.versions import read_index_version
from engine.providers.rerank import load_reranker
from engine.retrieval import (
    ChunkIndex,
    Rankings,
    RememberedIndex,
    Retrieved,
    Search,
    retrieve_chunks,
    search_index,
)
from engine.search_threads import ask_in_thread, search_in_thread
from engine.settings import PipelineSettings
from engine.telemetry import trace_span
from engine.text_index import TextIndex, search_by_words
from engine.types import Ranked

# Words beyond these add nothing to a search: the model reads 256 tokens at a time.
SEARCHED_CHARACTERS = 2_000


class StageCaches(Protocol):
    """What keeps vectors of questions and results of retrieval; ``engine.serving.stage_caches`` has one."""

    def embed(self, embedder: str, texts: Sequence[str], make: Callable[[], np.ndarray]) -> np.ndarray:
        """The vector of a question, kept or made."""
        ...

    def holds_retrieved(self, version: tuple[str, str], texts: Sequence[str], settings: PipelineSettings) -> bool:
        """Whether what retrieval finds for a question is kept."""
        ...

    def retrieve(
        self, version: tuple[str, str], texts: Sequence[str], settings: PipelineSettings, make: Callable[[], Retrieved]
    ) -> Retrieved:
        """What retrieval finds for a question, kept or made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found for a question, with the milliseconds of each stage; ``searched`` is the text by which."""

    retrieved: Retrieved
    selection: Selection
    question: Question
    searched: str
    timings_ms: dict[str, float]
    degraded: tuple[str, ...] = ()

    @property
    def ranking(self) -> tuple[Ranked, ...]:
        """The ranking before context selection: the chunks in their last order, then what was found behind them."""
        chunks = self.selection.chunks
        best = tuple(
            Ranked(document=c.document, start=c.start, end=c.end, score=round(1 / (1 + i), 6))
            for i, c in enumerate(chunks)
        )
        behind = (
            Ranked(document=r.document, start=r.start, end=r.end, score=round(1 / (1 + len(best) + i), 6))
            for i, r in enumerate(self.retrieved.rest)
        )
        return (*best, *behind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One question in all rounds of its search.

    Attributes:
        version: of the index when the search began; None when nothing of it is to be kept.
        rankings: what the index said of it before its turn came; None when it was not asked.
    """

    question: Question
    words: str
    background: str
    texts: Sequence[str]
    index: ChunkIndex
    version: tuple[str, str] | None
    rankings: Rankings | None = None


class EvidenceFinder:
    """Finds what a corpus says about questions. Safe to use from several threads."""

    def __init__(
        self,
        corpus: str,
        settings: PipelineSettings,
        catalog: Catalog,
        entry: CorpusEntry,
        caches: StageCaches | None = None,
    ) -> None:
        self.corpus, self.settings = corpus, settings
        self.embedder: Embedder = load_embedder(settings)
        self._catalog, self._caches = catalog, caches
        self._coefficients = load_coefficients()
        self._lexicon = load_lexicon(hash_telling)
        self._reranker = load_reranker(settings.reranker)
        self.table = self._open(entry)

    def refresh(self) -> None:
        """Turn to the newest index of the corpus, if an ingest has replaced it."""
        self._find_newest()

    def embed_question(self, texts: Sequence[str]) -> np.ndarray:
        """The unit vector of a question: the mean over its texts."""

        def embed() -> np.ndarray:
            return mean_vector(self.embedder.embed_query(list(texts)))

        return embed() if self._caches is None else self._caches.embed(self.embedder.name, texts, embed)

    @property
    def is_remote(self) -> bool:
        """Whether a search waits for another machine."""
        return self.settings.embedder != "minilm" or self.settings.reranker not in ("none", "sentences")

    async def ask_ahead(self, standalone: StandaloneQuestion) -> Wanted | None:
        """What the embedding model and the index say of a question, asked while other searches have their turn; None when
        its search is one that keeps nobody waiting."""
        return None if self.is_remote else await ask_in_thread(lambda: self._ask_index(standalone))

    async def find_async(self, standalone: StandaloneQuestion) -> Evidence:
        """As ``find``, for a coroutine."""
        wanted = await self.ask_ahead(standalone)
        return await search_in_thread(self.is_remote, self.find, standalone, wanted)

    def find(self, standalone: StandaloneQuestion, wanted: Wanted | None = None) -> Evidence:
        """The evidence for a question; searched again in rounds while its quality is low.

        When the embedding model does not answer, the question is searched by its words, and what is found is judged by
        the bundled model; the evidence says so.

        Args:
            wanted: what ``ask_ahead`` gave for it.
        """
        wanted = wanted or self._begin(standalone)
        try:
            return self._find(wanted, lambda: self.embed_question(wanted.texts), self.settings)
        except ProviderError as error:
            reason = f"{error.message} The passages were found by the question's words alone, not by its meaning."
            bundled = load_embedder(PipelineSettings())
            index = RememberedIndex(TextIndex(self.table, bundled))
            found = self._find(
                dataclasses.replace(wanted, index=index, version=None, rankings=None),
                lambda: mean_vector(bundled.embed_query(wanted.texts)),
                search_by_words(self.settings),
            )
            return dataclasses.replace(found, degraded=(reason, *found.degraded))

    def _find(self, wanted: Wanted, embed: Callable[[], np.ndarray], settings: PipelineSettings) -> Evidence:
        first = self._search(wanted, embed, settings)
        later = dataclasses.replace(wanted, rankings=None)
        started = _milliseconds()

        def search_again(settings: PipelineSettings) -> Attempt[Evidence]:
            found = self._search(later, lambda: first.retrieved.vector, settings)
            return Attempt(found, found.selection.context.quality)

        best = enhance_context(Attempt(first, first.selection.context.quality), settings, search_again)
        selection = best.found.selection
        context = dataclasses.replace(selection.context, steps=best.steps)
        timings = {**first.timings_ms, "enhance": _milliseconds() - started} if best.steps else first.timings_ms
        return dataclasses.replace(
            best.found, selection=dataclasses.replace(selection, context=context), timings_ms=timings
        )

    def _begin(self, standalone: StandaloneQuestion) -> Wanted:
        table, version = self._find_newest()
        return Wanted(
            question=parse_followup(standalone.text[:SEARCHED_CHARACTERS], standalone.background),
            words=standalone.search_text[:SEARCHED_CHARACTERS],
            background=standalone.background_text[:SEARCHED_CHARACTERS],
            texts=_list_texts(standalone),
            index=RememberedIndex(table, widest(self.settings)),
            version=version,
        )

    def _find_newest(self) -> tuple[ChunkTable, tuple[str, str] | None]:
        """The newest table, and its version, or None when that is not to be told."""
        version = read_index_version(self._catalog.folder, self.corpus, self.settings.index_fingerprint)
        if version is None or version[0] != self.table.name:
            entry = self._catalog.load(self.corpus)
            index = entry.indexes.get(self.settings.index_fingerprint)
            if index is None or index.table != self.table.name:
                self.table = self._open(entry)
            version = read_index_version(self._catalog.folder, self.corpus, self.settings.index_fingerprint)
        table = self.table
        # A table that was replaced since it was opened answers from its old rows: that is not the version's ranking.
        return table, version if version and version[0] == table.name else None

    def _ask_index(self, standalone: StandaloneQuestion) -> Wanted:
        with trace_span("search"):
            wanted = self._begin(standalone)
            if wanted.version and self._caches is not None:
                texts = (*wanted.texts, wanted.words)
                if self._caches.holds_retrieved(wanted.version, texts, self.settings):
                    return wanted
            search = Search.open(wanted.index, wanted.texts[0], self.settings, wanted.background)
            rankings = search_index(search, lambda: self.embed_question(wanted.texts), _milliseconds)
            return dataclasses.replace(wanted, rankings=rankings)

    def _search(self, wanted: Wanted, embed: Callable[[], np.ndarray], settings: PipelineSettings) -> Evidence:
        with trace_span("retrieve") as notes:
            retrieved = self._retrieve(wanted, embed, settings)
            notes["chunks"] = len(retrieved.chunks)
        degraded: tuple[str, ...] = ()
        if self._reranker:
            clock = _milliseconds()
            try:
                with trace_span("rerank"):
                    chunks = self._reranker.rerank(wanted.words, retrieved.chunks)
                retrieved = dataclasses.replace(retrieved, chunks=chunks)
            except ProviderError as error:
                degraded = (f"{error.message} The chunks are in the order of the search.",)
            retrieved.timings_ms["rerank"] = _milliseconds() - clock
        clock = _milliseconds()
        with trace_span("context") as notes:
            selection = select_context(
                wanted.question, retrieved.vector, retrieved.chunks, settings, self._coefficients, self._lexicon
            )
            notes["passages"], notes["quality"] = len(selection.context.parts), selection.context.quality
        timings = {**retrieved.timings_ms, "context": _milliseconds() - clock}
        return Evidence(
            retrieved=retrieved,
            selection=selection,
            question=wanted.question,
            searched=wanted.words,
            timings_ms=timings,
            degraded=degraded,
        )

    def _retrieve(self, wanted: Wanted, embed: Callable[[], np.ndarray], settings: PipelineSettings) -> Retrieved:
        def retrieve() -> Retrieved:
            return retrieve_chunks(
                wanted.index,
                wanted.texts[0],
                embed,
                settings,
                _milliseconds,
                background=wanted.background,
                rankings=wanted.rankings,
            )

        if self._caches is None or wanted.version is None:
            return retrieve()
        return self._caches.retrieve(wanted.version, (*wanted.texts, wanted.words), settings, retrieve)

    def _open(self, entry: CorpusEntry) -> ChunkTable:
        index = entry.indexes.get(self.settings.index_fingerprint)
        if index is None:
            ingest_corpus(self.corpus, [Path(source) for source in entry.sources], self.settings, replace=True)
            index = self._catalog.load(self.corpus).indexes[self.settings.index_fingerprint]
        if index.embedder != self.embedder.name:
            raise IndexMismatchError(
                f"corpus {self.corpus!r}: its index was made by {index.embedder}, the settings ask for {self.embedder.name}.",
                f"Ingest it again: python -m engine ingest {' '.join(entry.sources)} --corpus {self.corpus}",
            )
        return ChunkTable(self._catalog.folder, index.table)


def _list_texts(standalone: StandaloneQuestion) -> list[str]:
    """What the vector of a question is made of."""
    text = standalone.text[:SEARCHED_CHARACTERS]
    return [text, standalone.search_text[:SEARCHED_CHARACTERS]] if standalone.background else [text]


def _milliseconds() -> float:
    return 1000 * time.perf_counter()
