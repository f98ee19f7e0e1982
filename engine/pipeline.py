"""The stages joined: question to answer, and everything needed to explain it.

Without a model an answer is made where it is asked for, in the caller's thread. With one, everything runs as coroutines
on the loop of the process's model connections: retrieval and quality control in worker threads, calls side by side.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.assembly import EXTRACTIVE, Generated, assemble_answer, cut_pieces, make_extracted, read_made
from engine.conversation import History, StandaloneQuestion, resolve_question
from engine.conversation.answering import build_recalled_answer
from engine.embedding import Embedder, load_embedder
from engine.errors import ProviderError, SettingError
from engine.evidence import SEARCHED_CHARACTERS, Evidence, EvidenceFinder, StageCaches, Wanted
from engine.follow_up_search import search_follow_up
from engine.generation.extractive import ABSTAINED
from engine.guard.fields import check_question
from engine.guard.injection import guard_passages
from engine.index import Catalog, CorpusEntry
from engine.plain_text import replace_halves
from engine.retrieval import Retrieved
from engine.search_threads import search_in_thread
from engine.settings import PipelineSettings
from engine.types import Answer, Restarted

if TYPE_CHECKING:
    from engine.context.select import Selection
    from engine.generation.modelled import Emit, ModelAnswerer, Templates
    from engine.generation.prompts import PromptTemplate
    from engine.providers.chain import ModelChain
    from engine.providers.specs import ProviderSpec

PARALLEL = 8


class RagPipeline:
    """Answers questions from one corpus. Safe to use from several threads and event loops.

    Args:
        chain: the models that are asked; None opens those of the settings.
        specs: the saved providers.
        prompts: the saved prompt templates.
        caches: keep vectors of questions and results of retrieval.
        parallel: calls of models in flight at once for one answer; with 1 nothing overlaps.
    """

    def __init__(
        self,
        corpus: str,
        settings: PipelineSettings,
        catalog: Catalog,
        entry: CorpusEntry,
        *,
        chain: ModelChain | None = None,
        specs: Sequence[ProviderSpec] = (),
        prompts: Sequence[PromptTemplate] = (),
        caches: StageCaches | None = None,
        parallel: int = PARALLEL,
    ) -> None:
        self.corpus, self.settings = corpus, settings
        self.templates: Templates | None = None
        self.chain: ModelChain | None = None
        self._answerer: ModelAnswerer | None = None
        self._parallel = parallel
        self._finder = EvidenceFinder(corpus, settings, catalog, entry, caches)
        if settings.provider != EXTRACTIVE:
            self._open_models(chain, specs, prompts)

    @property
    def embedder(self) -> Embedder:
        """What makes vectors of questions."""
        return self._finder.embedder

    @property
    def prompt_hash(self) -> str:
        """Over the templates that these settings ask with; empty where no model is asked."""
        return "-".join(template.hash for template in self.list_templates())

    def list_templates(self) -> list[PromptTemplate]:
        """The templates that these settings ask with."""
        if self.templates is None:
            return []
        repair = [self.templates.repair] if self.settings.repair else []
        return [self.templates.answer, *repair, *([self.templates.validate] if self.settings.validators else [])]

    def answer(self, question: str, history: History = ()) -> Answer:
        """Answer one question.

        Args:
            history: earlier (question, answer) pairs of the conversation, oldest first.

        Raises:
            InputError: an empty or blank question, or one of more than 100,000 characters.
        """
        if self._answerer is None:
            return self._extract(*self._resolve(question, history))
        from engine.providers.loop import run_async

        return run_async(self._produce(question, history, None))

    async def answer_async(self, question: str, history: History = ()) -> Answer:
        """As ``answer``, for a coroutine on any event loop."""
        if self._answerer is None:
            started, question, standalone = self._resolve(question, history)
            wanted = None if standalone.recalled else await self._finder.ask_ahead(standalone)
            return await search_in_thread(self._finder.is_remote, self._extract, started, question, standalone, wanted)
        from engine.providers.loop import on_loop

        return await on_loop(self._produce(question, history, None))

    def stream(self, question: str, history: History = ()) -> Iterator[str | Restarted | Answer]:
        """The answer's text as it comes, then the whole answer. Closing the iterator ends the calls of models.

        Without a model the text comes sentence by sentence. After ``Restarted`` the text so far is void.
        """
        if self._answerer is None:
            answer = self._extract(*self._resolve(question, history))
            yield from cut_pieces(answer.sentences) if answer.sentences else (answer.text,)
            yield answer
            return
        from engine.providers.loop import iterate

        yield from iterate(self.stream_async(question, history))

    async def stream_async(self, question: str, history: History = ()) -> AsyncIterator[str | Restarted | Answer]:
        """As ``stream``, for a coroutine on any event loop."""
        if self._answerer is None:
            answer = await self.answer_async(question, history)
            for piece in cut_pieces(answer.sentences) if answer.sentences else (answer.text,):
                yield piece
            yield answer
            return
        from engine.providers.loop import submit

        here, pieces = asyncio.get_running_loop(), asyncio.Queue[str | Restarted | None]()

        def emit(piece: str | Restarted | None) -> None:
            here.call_soon_threadsafe(pieces.put_nowait, piece)

        work = asyncio.wrap_future(submit(self._produce(question, history, emit)))
        work.add_done_callback(lambda _: emit(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            yield await work
        finally:
            work.cancel()

    def warm_up(self) -> None:
        """Load what the first question would otherwise wait for."""
        self._finder.find(StandaloneQuestion("Warm up?", ()))

    def document_text(self, document: str) -> str | None:
        """The text that a document's offsets refer to, or None when the corpus has no such document."""
        return self._finder.table.load_text(document)

    def embed_question(self, question: str) -> np.ndarray:
        """The unit vector of a question by itself."""
        return self._finder.embed_question([question[:SEARCHED_CHARACTERS]])

    def refresh(self) -> None:
        """Turn to the newest index of the corpus, if an ingest has replaced it."""
        self._finder.refresh()

    def find_evidence(self, question: str, history: History = ()) -> tuple[Retrieved, Selection]:
        """What retrieval and context selection find, before an answer is made of it."""
        check_question(question)
        found = self._finder.find(resolve_question(replace_halves(question), history))
        return found.retrieved, found.selection

    def _open_models(
        self, chain: ModelChain | None, specs: Sequence[ProviderSpec], prompts: Sequence[PromptTemplate]
    ) -> None:
        from engine.generation.modelled import ModelAnswerer, Templates
        from engine.generation.prompts import find_template
        from engine.providers.chain import open_chain
        from engine.providers.windows import find_window

        opened = self.chain = chain or open_chain(self.settings.model, specs)
        self.templates = Templates(
            answer=find_template(self.settings.prompt, prompts),
            repair=find_template("repair", prompts, "repair"),
            validate=find_template("validate", prompts, "validate"),
        )
        own = self.settings.embedder == "minilm"
        texts = self.embedder if own else load_embedder(PipelineSettings())
        self._answerer = ModelAnswerer(
            opened,
            self.templates,
            self.settings,
            texts,
            lambda: find_window(opened),
            self._parallel,
        )

    def _resolve(self, question: str, history: History) -> tuple[float, str, StandaloneQuestion]:
        """When it came, the question as it is answered, and as it is searched for."""
        started = time.perf_counter()
        question = replace_halves(check_question(question))
        return started, question, resolve_question(question, history)

    def _extract(
        self, started: float, question: str, standalone: StandaloneQuestion, wanted: Wanted | None = None
    ) -> Answer:
        """One answer by extraction."""
        if standalone.recalled:
            return build_recalled_answer(question, standalone.recalled, started)
        found = self._finder.find(standalone, wanted)
        made = (
            Generated(provider=EXTRACTIVE)
            if self._is_unsupported(found)
            else make_extracted(found, self.settings.answer_words)
        )
        return assemble_answer(question, found, made, started)

    async def _produce(self, question: str, history: History, emit: Emit | None) -> Answer:
        """One answer by a model, on the loop of its connections."""
        started, question, resolved = self._resolve(question, history)
        if resolved.recalled:
            answer = build_recalled_answer(question, resolved.recalled, started)
            if emit is not None:
                emit(answer.text)
            return answer
        assert self.chain is not None
        searched = await search_follow_up(
            self._finder, self.chain, question, resolved, history, overlap=self._parallel > 1
        )
        found = searched.found
        if self._is_unsupported(found):
            made = Generated(provider=EXTRACTIVE)
        else:
            made = await self._generate(searched.standalone, found, emit)
        if made.answer is None and emit is not None:
            emit(ABSTAINED)
        return assemble_answer(
            question, found, dataclasses.replace(made, degraded=(*searched.degraded, *made.degraded)), started
        )

    def _is_unsupported(self, found: Evidence) -> bool:
        quality = found.selection.context.quality
        return quality is None or quality < self.settings.min_quality or not found.selection.evidence

    async def _generate(self, standalone: StandaloneQuestion, found: Evidence, emit: Emit | None) -> Generated:
        """Ask the models; answer by extraction, and say why, when all of them fail."""
        assert self._answerer is not None and self.templates is not None
        clock, shown = time.perf_counter(), False

        def show(piece: str | Restarted) -> None:
            nonlocal shown
            shown = True
            if emit is not None:
                emit(piece)

        parts = found.selection.context.parts
        # Of a question with a background the vector found by is not its own.
        known = self.settings.embedder == "minilm" and not standalone.background
        try:
            made = await self._answerer.produce(
                standalone.text,
                standalone.background,
                parts,
                show if emit is not None else None,
                vector=found.retrieved.vector if known else None,
                beside=lambda: guard_passages(parts),  # keeps what it finds, for the answer's notices
            )
        except ProviderError as error:
            reason = f"{error.message} Answered by extraction instead."
            extracted = await asyncio.to_thread(make_extracted, found, self.settings.answer_words)
            waited = 1000 * (time.perf_counter() - clock)
            if emit is not None:
                if shown:
                    emit(Restarted(reason))
                for sentence in cut_pieces(extracted.answer.sentences if extracted.answer else ()):
                    emit(sentence)
            return dataclasses.replace(extracted, degraded=(reason,), timings_ms={"generate": waited})
        return read_made(made, self.templates.answer.label)


def open_pipeline(
    corpus: str,
    settings: PipelineSettings,
    specs: Sequence[ProviderSpec] = (),
    caches: StageCaches | None = None,
    *,
    chain: ModelChain | None = None,
    prompts: Sequence[PromptTemplate] = (),
    parallel: int = PARALLEL,
) -> RagPipeline:
    """A pipeline over an ingested corpus; its index is built from its files when these settings have none yet.

    Args:
        specs, prompts: the saved providers and prompt templates; see ``RagPipeline`` for the rest.

    Raises:
        UnknownNameError: the corpus has never been ingested, or nothing is called what the setting ``prompt`` says.
        SettingError: a model shall answer, and none is named nor saved.
        IndexMismatchError: the index was made by another embedding model.
    """
    if settings.provider != EXTRACTIVE and chain is None and not settings.model and not specs:
        raise SettingError(
            f"provider {settings.provider} needs the name of a model: model is empty, and no provider is saved.",
            "Set it as provider/model, for instance --set model=ollama/llama3.2, or save a provider: Settings, Models.",
        )
    catalog = Catalog()
    entry = catalog.load(corpus)
    return RagPipeline(
        corpus, settings, catalog, entry, chain=chain, specs=specs, prompts=prompts, caches=caches, parallel=parallel
    )
