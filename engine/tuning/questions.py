"""All questions of a suite as arrays: their vectors, the words they are searched by, their gold spans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from engine.context.questions import QuestionBatch, batch_questions
from engine.context.words import parse_followup
from engine.embedding import Embedder
from engine.retrieval import find_identifiers, question_terms, share_of_name
from engine.tuning.corpus import LabCorpus
from engine.tuning.scoring import Intervals, merge_pieces
from engine.tuning.types import LabCase

SEARCHED_CHARACTERS = 2_000


class LabQuestions:
    """What no setting changes of q questions.

    Attributes:
        vectors: float32 (q, dimension), as the pipeline embeds them.
        words, terms: what each is searched by, and the numbers of these words.
        sentences: float32 (q, sentences), cosines.
        titles: float64 (q, documents), the share of each title that identifiers of the question cover.
        gold: their gold spans; ``gold_documents`` the places of the documents that hold them.
    """

    def __init__(self, cases: Sequence[LabCase], corpus: LabCorpus, embedder: Embedder) -> None:
        self.cases = tuple(cases)
        self.vectors = embed_questions(cases, embedder)
        self.words = [question_terms(search_text(case)) for case in cases]
        self.terms = [corpus.words.number(words.split()) for words in self.words]
        self.sentences = self.vectors @ corpus.sentences.arrays.vectors.astype(np.float32).T
        self.titles = _compare_titles(cases, corpus)
        self.parsed = [parse_followup(case.question[:SEARCHED_CHARACTERS], case.background) for case in cases]
        self.gold = _lay_out_gold(cases, corpus)
        self.gold_documents = [frozenset(corpus.place[s.document] for s in case.gold) for case in cases]

    def __len__(self) -> int:
        return len(self.cases)

    def batch(self, members: np.ndarray) -> QuestionBatch:
        """Some of the questions, for context selection."""
        return batch_questions([self.parsed[i] for i in members.tolist()])


def search_text(case: LabCase) -> str:
    """The words that a case is searched by."""
    return " ".join((case.question, *reversed(case.background)))[:SEARCHED_CHARACTERS]


def embed_questions(cases: Sequence[LabCase], embedder: Embedder) -> np.ndarray:
    """As the pipeline does: a follow-up is the mean of itself and itself with what it leans on."""
    own = embedder.embed([case.question[:SEARCHED_CHARACTERS] for case in cases])
    leaning = [i for i, case in enumerate(cases) if case.background]
    if leaning:
        own[leaning] += embedder.embed([search_text(cases[i]) for i in leaning])
    return own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)


def _compare_titles(cases: Sequence[LabCase], corpus: LabCorpus) -> np.ndarray:
    shares = np.zeros((len(cases), len(corpus.documents)))
    for i, case in enumerate(cases):
        names = find_identifiers(search_text(case))
        if names:
            shares[i] = [share_of_name(names, d.title, PurePosixPath(d.id).stem) for d in corpus.documents]
    return shares


def _lay_out_gold(cases: Sequence[LabCase], corpus: LabCorpus) -> Intervals:
    rows = [
        (i, corpus.base[place] + span.start, corpus.base[place] + (span.end or 0))
        for i, case in enumerate(cases)
        for span in case.gold
        for place in [corpus.place[span.document]]
    ]
    table = np.array(rows, np.int64).reshape(-1, 3)
    return merge_pieces(table[:, 0], table[:, 1], table[:, 2])
