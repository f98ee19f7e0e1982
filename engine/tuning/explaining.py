"""One question under some settings, as a screen shows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.generation.extractive import ABSTAINED, extract_answer
from engine.settings import PipelineSettings
from engine.tuning.contexts import Contexts
from engine.tuning.corpus import ChunkSet, LabCorpus
from engine.tuning.questions import LabQuestions
from engine.tuning.types import CaseFigures, QuestionView
from engine.types import ContextPart, EvidenceSentence, Ranked


def explain_question(
    place: int,
    corpus: LabCorpus,
    questions: LabQuestions,
    settings: PipelineSettings,
    chunks: ChunkSet,
    contexts: Contexts,
    per_case: Mapping[str, np.ndarray],
    document: str | None = None,
) -> QuestionView:
    """What was found for a question, what was chosen of it, and how that scores; with the chunks of ``document``."""
    case = questions.cases[place]
    order = [c for c in contexts.order[place].tolist() if c >= 0]
    shown = corpus.place[case.gold[0].document] if case.gold else int(chunks.document[order[0]]) if order else 0
    shown = corpus.place.get(document or "", shown)
    own = chunks.document == shown
    quality = float(contexts.quality[place])
    evidence = _evidence(place, corpus, questions, chunks, contexts)
    parts = _parts(place, corpus, contexts, chunks, order)
    supported = bool(evidence) and quality >= settings.min_quality
    answer = extract_answer(evidence, settings.answer_words).text if supported else ABSTAINED
    if settings.provider != "extractive" and supported:
        answer = ""  # a model would write it
    return QuestionView(
        case=case,
        document=corpus.documents[shown].id,
        text=corpus.documents[shown].text,
        chunks=tuple(zip(chunks.start[own].tolist(), chunks.end[own].tolist(), strict=True)),
        retrieved=tuple(
            Ranked(
                document=corpus.documents[chunks.document[c]].id,
                start=int(chunks.start[c]),
                end=int(chunks.end[c]),
                score=round(1 / (1 + rank), 6),
            )
            for rank, c in enumerate(order)
        ),
        parts=parts,
        tokens=int(contexts.tokens[place]),
        quality=quality if order else None,
        answer=answer,
        figures=CaseFigures(
            case=case, values={name: float(x[place]) for name, x in per_case.items() if not np.isnan(x[place])}
        ),
        steps=(
            f"{len(order)} of {len(chunks):,} chunks were retrieved ({settings.mode} search).",
            f"{len(evidence)} of their sentences make the context: {len(parts)} passages, {int(contexts.tokens[place])} tokens.",
            *contexts.steps.get(place, ()),
        ),
    )


def _evidence(
    place: int, corpus: LabCorpus, questions: LabQuestions, chunks: ChunkSet, contexts: Contexts
) -> list[EvidenceSentence]:
    question, row, score, relevance = contexts.chosen
    picked = np.flatnonzero((question == place) & np.isfinite(score))
    table = corpus.sentences
    evidence = []
    for i in picked[np.argsort(-score[picked], kind="stable")].tolist():
        document = corpus.documents[table.document[row[i]]]
        start, end = table.arrays.spans[row[i]].tolist()
        evidence.append(
            EvidenceSentence(
                document=document.id,
                chunk_index=0,
                start=start,
                end=end,
                text=document.text[start:end],
                score=float(score[i]),
                similarity=float(table.arrays.vectors[row[i]].astype(np.float32) @ questions.vectors[place]),
                relevance=float(relevance[i]),
                title=document.title,
            )
        )
    return evidence


def _parts(
    place: int, corpus: LabCorpus, contexts: Contexts, chunks: ChunkSet, order: list[int]
) -> tuple[ContextPart, ...]:
    question, row, _, relevance = contexts.chosen
    own = question == place
    spans = corpus.sentences.arrays.spans[row[own]]
    begins = corpus.base[corpus.sentences.document[row[own]]] + spans[:, 0]
    pieces = contexts.pieces
    parts = []
    for i in np.flatnonzero(pieces.question == place).tolist():
        document = int(np.searchsorted(corpus.base, pieces.start[i], "right")) - 1
        start, end = int(pieces.start[i] - corpus.base[document]), int(pieces.end[i] - corpus.base[document])
        inside = (begins >= pieces.start[i]) & (begins < pieces.end[i])
        source = next(
            (c for c in order if chunks.document[c] == document and chunks.start[c] < end and chunks.end[c] > start), -1
        )
        index = source - int(np.searchsorted(chunks.document, document, "left")) if source >= 0 else 0
        parts.append(
            ContextPart(
                document=corpus.documents[document].id,
                chunk_index=index,
                start=start,
                end=end,
                text=corpus.documents[document].text[start:end],
                score=round(float(relevance[own][inside].sum()), 6),
            )
        )
    return tuple(sorted(parts, key=lambda part: -part.score))
