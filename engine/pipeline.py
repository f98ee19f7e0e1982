"""The stages joined: question to answer, and everything needed to explain it."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.context.coefficients import load_coefficients
from engine.context.enhance import Attempt, enhance_context
from engine.context.select import Selection, select_context
from engine.context.sentences import hash_telling
from engine.context.words import Question, parse_followup
from engine.conversation import History, StandaloneQuestion, resolve_question
from engine.corpora import ingest_corpus
from engine.embedding import Embedder, load_embedder
from engine.embedding.lexicon import load_lexicon
from engine.errors import IndexMismatchError, InputError, ProviderError, SettingError
from engine.generation.extractive import ABSTAINED, ExtractedAnswer, extract_answer
from engine.generation.model import build_messages, read_reply
from engine.index import Catalog, ChunkTable, CorpusEntry
from engine.ingestion.loaders import replace_halves
from engine.providers.rerank import load_reranker
from engine.retrieval import Retrieved, retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import Answer, Ranked

EXTRACTIVE = "extractive"
LONGEST_QUESTION = 100_000
# Words beyond these add nothing to a search: the model reads 256 tokens at a time.
SEARCHED_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    retrieved: Retrieved
    selection: Selection
    question: Question
    timings_ms: dict[str, float]
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Generated:
    """``answer`` is None where the documents do not answer."""

    provider: str
    answer: ExtractedAnswer | None = None
    tokens: Mapping[str, int] = field(default_factory=lambda: {"prompt": 0, "completion": 0})
    cost_usd: float = 0.0
    degraded: tuple[str, ...] = ()


class RagPipeline:
    """Answers questions from one corpus. Safe to use from several threads."""

    def __init__(self, corpus: str, settings: PipelineSettings, catalog: Catalog, entry: CorpusEntry) -> None:
        self.corpus, self.settings = corpus, settings
        self.embedder: Embedder = load_embedder(settings)
        self._catalog = catalog
        self._coefficients = load_coefficients()
        self._lexicon = load_lexicon(hash_telling)
        self._reranker = load_reranker(settings.reranker)
        self._table = self._open(entry)

    def answer(self, question: str, history: History = ()) -> Answer:
        """Answer one question.

        Args:
            history: earlier (question, answer) pairs of the conversation, oldest first.

        Raises:
            InputError: an empty or blank question, or one of more than 100,000 characters.
        """
        started = time.perf_counter()
        check_question(question)
        question = replace_halves(question)
        standalone = resolve_question(question, history)
        found = self._find_evidence(standalone)
        context = found.selection.context
        clock = time.perf_counter()
        unsupported = context.quality < self.settings.min_quality or not found.selection.evidence
        made = _Generated(provider=EXTRACTIVE) if unsupported else self._generate(standalone, found)
        timings = {**found.timings_ms, "generate": 1000 * (time.perf_counter() - clock)}
        timings["total"] = 1000 * (time.perf_counter() - started)
        return Answer(
            question=question,
            text=ABSTAINED if made.answer is None else made.answer.text,
            sentences=made.answer.sentences if made.answer else (),
            citations=made.answer.citations if made.answer else (),
            retrieved=_ranking(found),
            context=context,
            abstained=made.answer is None,
            provider=made.provider,
            correlation_id=uuid.uuid4().hex[:16],
            timings_ms={name: round(value, 3) for name, value in timings.items()},
            tokens={"context": context.tokens, **made.tokens},
            cost_usd=made.cost_usd,
            degraded=(*found.degraded, *made.degraded),
        )

    def stream(self, question: str, history: History = ()) -> Iterator[str | Answer]:
        """The answer's text sentence by sentence, then the whole answer."""
        answer = self.answer(question, history)
        if answer.sentences:
            for i, sentence in enumerate(answer.sentences):
                yield (" " if i else "") + sentence.text
        else:
            yield answer.text
        yield answer

    def warm_up(self) -> None:
        """Load what the first question would otherwise wait for."""
        self._find_evidence(StandaloneQuestion("Warm up?", ()))

    def document_text(self, document: str) -> str | None:
        """The text that a document's offsets refer to, or None when the corpus has no such document."""
        return self._table.load_text(document)

    def refresh(self) -> None:
        """Turn to the newest index of the corpus, if an ingest has replaced it."""
        entry = self._catalog.load(self.corpus)
        index = entry.indexes.get(self.settings.index_fingerprint)
        if index is None or index.table != self._table.name:
            self._table = self._open(entry)

    def find_evidence(self, question: str, history: History = ()) -> tuple[Retrieved, Selection]:
        """What retrieval and context selection find, before an answer is made of it."""
        check_question(question)
        found = self._find_evidence(resolve_question(replace_halves(question), history))
        return found.retrieved, found.selection

    def _find_evidence(self, standalone: StandaloneQuestion) -> _Evidence:
        self.refresh()
        words = standalone.search_text[:SEARCHED_CHARACTERS]

        def embed() -> np.ndarray:
            texts = [standalone.text[:SEARCHED_CHARACTERS]]
            if standalone.background:
                texts.append(words)
            vector = self.embedder.embed(texts).mean(axis=0)
            return vector / max(float(np.linalg.norm(vector)), 1e-12)

        question = parse_followup(standalone.text[:SEARCHED_CHARACTERS], standalone.background)
        first = self._search(question, words, embed, self.settings)
        started = _milliseconds()

        def search_again(settings: PipelineSettings) -> Attempt[_Evidence]:
            found = self._search(question, words, lambda: first.retrieved.vector, settings)
            return Attempt(found, found.selection.context.quality)

        best = enhance_context(Attempt(first, first.selection.context.quality), self.settings, search_again)
        selection = best.found.selection
        context = dataclasses.replace(selection.context, steps=best.steps)
        timings = {**first.timings_ms, "enhance": _milliseconds() - started} if best.steps else first.timings_ms
        return dataclasses.replace(
            best.found, selection=dataclasses.replace(selection, context=context), timings_ms=timings
        )

    def _search(
        self, question: Question, words: str, embed: Callable[[], np.ndarray], settings: PipelineSettings
    ) -> _Evidence:
        retrieved = retrieve_chunks(self._table, words, embed, settings, _milliseconds)
        degraded: tuple[str, ...] = ()
        if self._reranker:
            clock = _milliseconds()
            try:
                chunks = self._reranker.rerank(words, retrieved.chunks)
                retrieved = dataclasses.replace(retrieved, chunks=chunks)
            except ProviderError as error:
                degraded = (f"{error.message} The chunks are in the order of the search.",)
            retrieved.timings_ms["rerank"] = _milliseconds() - clock
        clock = _milliseconds()
        selection = select_context(
            question, retrieved.vector, retrieved.chunks, settings, self._coefficients, self._lexicon
        )
        timings = {**retrieved.timings_ms, "context": _milliseconds() - clock}
        return _Evidence(
            retrieved=retrieved, selection=selection, question=question, timings_ms=timings, degraded=degraded
        )

    def _generate(self, standalone: StandaloneQuestion, found: _Evidence) -> _Generated:
        """Ask the model that the settings name; answer by extraction, and say why, when it fails."""
        if self.settings.provider == EXTRACTIVE:
            return self._extract(found)
        from engine.providers.chat import complete_chat

        parts = found.selection.context.parts
        messages = build_messages(standalone.text, parts, standalone.background)
        try:
            reply = complete_chat(self.settings.model, messages, self.settings.temperature)
        except ProviderError as error:
            return dataclasses.replace(
                self._extract(found), degraded=(f"{error.message} Answered by extraction instead.",)
            )
        read = read_reply(reply.text, parts)
        return _Generated(
            provider=reply.model,
            answer=None if read.abstained else read.answer,
            tokens={"prompt": reply.prompt_tokens, "completion": reply.completion_tokens},
            cost_usd=reply.cost_usd,
            degraded=read.degraded,
        )

    def _extract(self, found: _Evidence) -> _Generated:
        evidence = found.selection.evidence
        answer = extract_answer(evidence, self.settings.answer_words)
        return _Generated(provider=EXTRACTIVE, answer=answer)

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


def open_pipeline(corpus: str, settings: PipelineSettings) -> RagPipeline:
    """A pipeline over an ingested corpus; its index is built from its files when these settings have none yet.

    Raises:
        UnknownNameError: the corpus has never been ingested.
        IndexMismatchError: the index was made by another embedding model.
    """
    if settings.provider != EXTRACTIVE and not settings.model:
        raise SettingError(
            f"provider {settings.provider} needs the name of a model, and model is empty.",
            "Set it as provider/model, for instance --set model=ollama/llama3.2",
        )
    catalog = Catalog()
    return RagPipeline(corpus, settings, catalog, catalog.load(corpus))


def check_question(question: str) -> None:
    """Refuse what is no question.

    Raises:
        InputError: empty, blank, or more than 100,000 characters.
    """
    if not question.strip():
        raise InputError("The question is empty or blank; expected 1 to 100,000 characters.", "Type a question.")
    if len(question) > LONGEST_QUESTION:
        raise InputError(
            f"The question has {len(question):,} characters; expected at most {LONGEST_QUESTION:,}.", "Shorten it."
        )


def _ranking(found: _Evidence) -> tuple[Ranked, ...]:
    chunks = found.selection.chunks
    best = tuple(
        Ranked(document=c.document, start=c.start, end=c.end, score=round(1 / (1 + i), 6)) for i, c in enumerate(chunks)
    )
    behind = (
        Ranked(document=r.document, start=r.start, end=r.end, score=round(1 / (1 + len(best) + i), 6))
        for i, r in enumerate(found.retrieved.rest)
    )
    return (*best, *behind)


def _milliseconds() -> float:
    return 1000 * time.perf_counter()
