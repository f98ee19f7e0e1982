"""The Tuning lab: a suite under any settings in a fraction of a second, from token vectors that were made once."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.embedding import load_embedder
from engine.errors import InputError, SettingError
from engine.settings import PipelineSettings
from engine.tuning.cases import load_lab_suite
from engine.tuning.comparing import compare_figures, summarise
from engine.tuning.contexts import ContextChooser, Contexts
from engine.tuning.corpus import ChunkSet, LabCorpus
from engine.tuning.explaining import explain_question
from engine.tuning.improving import improve_contexts
from engine.tuning.prediction import CostModel
from engine.tuning.questions import LabQuestions
from engine.tuning.ranking import Ranking, rank_chunks
from engine.tuning.scoring import score_documents, score_spans
from engine.tuning.stages import Clock, StageCache
from engine.tuning.types import LabCase, PairedDifference, QuestionView, SuiteFigures
from engine.types import Document

Progress = Callable[[int, int, str], None]


class Lab:
    """A suite and its corpus, ready to be evaluated under any settings of the same embedder and precision.

    Attributes:
        cases: the questions, see ``LabCase``; ``documents`` those of the corpus.
        embedded, reused: documents that were run through the model now, and those whose token vectors were at hand.
    """

    def __init__(
        self,
        name: str,
        documents: Sequence[Document],
        cases: Sequence[LabCase],
        settings: PipelineSettings,
        progress: Progress | None = None,
    ) -> None:
        report = progress or (lambda done, total, stage: None)
        embedder = load_embedder(settings)
        if not hasattr(embedder, "embed_tokens"):
            raise SettingError(
                f"embedder {settings.embedder}: the Tuning lab needs the vectors of single tokens, which a remote model "
                "does not give.",
                "Choose embedder minilm, or compare real runs: python -m engine run SUITE --set embedder=...",
            )
        self.name, self.settings, self.cases, self._embedder = name, settings, tuple(cases), embedder
        self.corpus = LabCorpus(documents, embedder, lambda a, b: report(a, b, "embedding"))  # type: ignore[arg-type]
        self.documents = self.corpus.documents
        self.embedded, self.reused = self.corpus.embedded, self.corpus.reused
        report(0, len(cases), "questions")
        self.questions = LabQuestions(cases, self.corpus, embedder)
        self._contexts = ContextChooser(self.corpus, self.questions)
        self._costs = CostModel(embedder, [case.question for case in self.cases])
        self._stages = StageCache()
        self._separate: dict[tuple[object, ...], np.ndarray] = {}
        report(len(cases), len(cases), "questions")

    def evaluate(self, settings: PipelineSettings, cases: Sequence[int] | None = None) -> SuiteFigures:
        """The suite under the settings.

        Args:
            cases: places in ``cases`` to evaluate; all when None.

        Raises:
            SettingError: another embedder or precision than the lab was opened with.
        """
        started = time.perf_counter()
        clock = Clock()
        chunks, ranking, contexts = self._run(settings, clock)
        everything = self._score(chunks, ranking, contexts)
        clock.lap("scoring")
        picked = np.arange(len(self.cases)) if cases is None else np.asarray(cases, np.int64)
        per_case = {name: values[picked] for name, values in everything.items()}
        figures = summarise(per_case)
        clock.lap("intervals")
        latency, cost = self._costs.predict(settings, figures["tokens"].mean or 0.0)
        return SuiteFigures(
            settings=settings,
            chunks=len(chunks),
            cases=picked,
            per_case=per_case,
            figures=figures,
            latency_ms=latency,
            cost_usd=cost,
            seconds=time.perf_counter() - started,
            exact=self.is_exact(settings),
            stages_ms=clock.laps,
        )

    def embed_chunks(self, settings: PipelineSettings, progress: Progress | None = None) -> None:
        """Embed the chunks of these settings one by one, as an index with ``pooling`` separate holds them.

        Later evaluations of the same chunking with ``pooling`` separate use these vectors and are exact. Takes as long as
        an ingest.
        """
        self._check(settings)
        report = progress or (lambda done, total, stage: None)
        vectors = self.corpus.embed_chunks(
            self.cut(settings), lambda done, total: report(done, total, "embedding chunks one by one")
        )
        self._separate[chunk_key(settings)] = vectors

    def explain(self, case: int | str, settings: PipelineSettings, document: str | None = None) -> QuestionView:
        """One question, by its place or its id, in detail.

        Args:
            document: whose chunks are given; that of the first gold span, else of the best chunk, when None or unknown.

        Raises:
            InputError: no such case.
            SettingError: another embedder or precision than the lab was opened with.
        """
        place = self.find_case(case)
        chunks, ranking, contexts = self._run(settings, Clock())
        values = self._score(chunks, ranking, contexts)
        return explain_question(place, self.corpus, self.questions, settings, chunks, contexts, values, document)

    def with_questions(self, cases: Sequence[LabCase]) -> Lab:
        """The same corpus, asked other questions."""
        lab = copy.copy(self)
        lab.cases = tuple(cases)
        lab.questions = LabQuestions(cases, self.corpus, self._embedder)  # type: ignore[arg-type]
        lab._contexts, lab._stages = ContextChooser(self.corpus, lab.questions), StageCache()
        return lab

    def compare(self, a: SuiteFigures, b: SuiteFigures) -> dict[str, PairedDifference]:
        """B less A by measure, paired by case."""
        return compare_figures(a, b)

    def find_case(self, case: int | str) -> int:
        """The place of a case in ``cases``.

        Raises:
            InputError: no such case.
        """
        found = next((i for i, known in enumerate(self.cases) if case in (i, known.id)), None)
        if found is None:
            raise InputError(
                f"suite {self.name} has no question {case!r}; it has {len(self.cases)}.", "Choose another case."
            )
        return found

    def _run(self, settings: PipelineSettings, clock: Clock) -> tuple[ChunkSet, Ranking, Contexts]:
        self._check(settings)
        stages, s = self._stages, settings
        chunks = self.cut(s)
        clock.lap("chunks")
        cut = (*chunk_key(s), self.is_exact(s) and s.pooling)
        vectors = self._separate[chunk_key(s)] if cut[-1] == "separate" else chunks.vectors
        similarity = stages.get("similarity", cut, lambda: self.questions.vectors @ vectors.T)
        clock.lap("dense")
        lexical = stages.get("lexical", chunk_key(s), lambda: self.corpus.words.score(self.questions.terms, chunks))
        clock.lap("lexical")
        ranked = (*cut, s.mode, s.fusion, s.weight, s.top_k, s.expansion, s.diversity, s.filter)
        ranking = stages.get(
            "ranking", ranked, lambda: rank_chunks(self.corpus, self.questions, chunks, similarity, lexical, s)
        )
        clock.lap("ranking")
        chosen = (*ranked, s.reranker, s.min_similarity, s.budget_tokens, s.enhance, s.min_quality)

        def search(changed: PipelineSettings, members: np.ndarray) -> Contexts:
            found = rank_chunks(self.corpus, self.questions, chunks, similarity, lexical, changed)
            top = found.order[members, : changed.top_k]
            return self._contexts.choose(changed, chunks, top, similarity[members], found.lexical[members], members)

        def choose() -> Contexts:
            top = ranking.order[:, : s.top_k]
            return improve_contexts(self._contexts.choose(s, chunks, top, similarity, ranking.lexical), s, search)

        contexts = stages.get("contexts", chosen, choose)
        clock.lap("context")
        return chunks, ranking, contexts

    def is_exact(self, settings: PipelineSettings) -> bool:
        """Whether an evaluation uses the chunk vectors that an index with these settings holds."""
        return settings.pooling == "late" or chunk_key(settings) in self._separate

    def separate_vectors(self, settings: PipelineSettings) -> np.ndarray:
        """The vectors that ``embed_chunks`` made of the settings' chunks."""
        return self._separate[chunk_key(settings)]

    def cut(self, settings: PipelineSettings) -> ChunkSet:
        """The corpus' chunks under the settings."""
        return self._stages.get("chunks", chunk_key(settings), lambda: self.corpus.cut(settings))

    def _check(self, settings: PipelineSettings) -> None:
        for name in ("embedder", "precision"):
            if getattr(settings, name) != getattr(self.settings, name):
                raise SettingError(
                    f"{name} {getattr(settings, name)}: the lab was opened with {getattr(self.settings, name)}.",
                    "Open the lab anew with these settings.",
                )

    def _score(self, chunks: ChunkSet, ranking: Ranking, contexts: Contexts) -> dict[str, np.ndarray]:
        spans = score_spans(self.questions.gold, contexts.pieces, len(self.cases))
        order = np.concatenate([contexts.order, ranking.order[:, contexts.order.shape[1] :]], axis=1)
        documents = np.where(order >= 0, chunks.document[np.maximum(order, 0)] if len(chunks) else -1, -1)
        ranks = score_documents(documents, self.questions.gold_documents)
        return {**spans, **ranks, "quality": contexts.quality, "tokens": contexts.tokens.astype(np.float64)}


def open_lab(suite: str | Path, settings: PipelineSettings, progress: Progress | None = None) -> Lab:
    """Load a suite and its corpus, read or build the token index, embed all questions in one batch.

    Args:
        suite: a shipped suite's name, a suite's folder, or a folder with ``corpus.jsonl`` and ``queries.jsonl``.
        progress: called with (done, total, stage).

    Raises:
        UnknownNameError: no such suite.
        InputError: the corpus is empty or too large for the lab.
        SettingError: the embedder is a remote one.
    """
    name, documents, cases = load_lab_suite(suite)
    return Lab(name, documents, cases, settings, progress)


def chunk_key(settings: PipelineSettings) -> tuple[object, ...]:
    """What decides where documents are cut."""
    return settings.chunker, settings.chunk_size, settings.chunk_overlap, settings.chunk_unit
