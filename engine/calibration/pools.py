"""Labelled questions with what retrieval finds for them: the material that evidence and quality are fitted and measured on.

A set is a folder with ``corpus.jsonl`` (or ``articles.jsonl``) and ``queries.jsonl``. A question is supported when the
chosen context covers one of its gold spans. Where a set has no unanswerable questions, the gold documents of half of its
questions are left out of what was retrieved. Sets are split by document: one half to fit, the other to report.
"""

from __future__ import annotations

import random
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.context.evidence import ChunkEvidence, OwnEvidence, describe_own, describe_retrieved
from engine.context.questions import QuestionBatch, batch_questions
from engine.context.select import find_allowed, read_text
from engine.context.sentences import SentenceTable, hash_telling, join_sentences
from engine.context.words import parse_question
from engine.corpora import ingest_corpus
from engine.embedding import load_embedder
from engine.embedding.lexicon import load_lexicon
from engine.errors import InputError
from engine.evaluation.measures.correctness import holds_answer
from engine.index import Catalog, ChunkTable
from engine.json_lines import read_rows
from engine.retrieval import retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import ScoredChunk

SALT = "phasegate"
# More are retrieved than are used, so that as many are left when a gold document is taken out.
SPARE_CHUNKS = 2
WHOLE = 10**9
LONGEST_ANSWER = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """One folder: its name, documents file, and questions with gold spans in those documents."""

    name: str
    corpus: Path
    queries: tuple[Mapping[str, Any], ...]
    has_unanswerable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledQuestion:
    """A question, the sentences retrieved for it (s of them) and which of them are gold.

    Attributes:
        kind: ``answerable``, ``gold left out`` or ``unanswerable``.
        gold: bool (s,), sentences that share a character with a gold span.
        unclear: bool (s,), sentences that hold a gold answer outside of the gold spans: neither right nor wrong.
        spans: gold spans as (document, start, end).
    """

    data: str
    kind: str
    held_out: bool
    questions: QuestionBatch
    table: SentenceTable
    own: OwnEvidence
    retrieved: ChunkEvidence
    allowed: np.ndarray
    gold: np.ndarray
    unclear: np.ndarray
    spans: tuple[tuple[str, int, int], ...]


def find_sets(data: Path) -> list[LabelledSet]:
    """The sets in a folder: the folder itself, or every folder in it that has labelled questions.

    Raises:
        InputError: there is none.
    """
    folders = [data] if (data / "queries.jsonl").is_file() else sorted(p.parent for p in data.glob("*/queries.jsonl"))
    sets = [found for folder in folders if (found := load_set(folder)) is not None]
    if not sets:
        raise InputError(
            f"{data}: no set with gold spans is there.",
            "A set is a folder with corpus.jsonl and queries.jsonl, whose questions name relevant spans.",
        )
    return sets


def load_set(folder: Path) -> LabelledSet | None:
    """A set, or None when its questions have no gold spans or stand in a conversation."""
    articles = folder / "articles.jsonl"
    corpus = articles if articles.is_file() else folder / "corpus.jsonl"
    if not corpus.is_file():
        return None
    key = "relevant_in_article" if articles.is_file() else "relevant"
    rows = [row for row in read_rows(folder / "queries.jsonl") if "question" in row and "id" in row]
    queries = tuple(
        {
            "id": row["id"],
            "question": row["question"],
            "answers": row.get("answers") or [],
            "answerable": bool(row.get("answerable", True)),
            "source": (row.get("source_doc") or next((r["doc_id"] for r in row.get("relevant") or ()), row["id"])),
            "gold": tuple((r["doc_id"], r.get("start", 0), r.get("end", WHOLE)) for r in row.get(key) or ()),
        }
        for row in rows
        if not row.get("history")
    )
    usable = tuple(q for q in queries if not q["answerable"] or q["gold"])
    if not any(end < WHOLE for q in usable for _, _, end in q["gold"]):
        return None
    return LabelledSet(
        name=folder.name,
        corpus=corpus,
        queries=usable,
        has_unanswerable=any(not q["answerable"] for q in usable),
    )


def pool_questions(
    labelled: LabelledSet, settings: PipelineSettings, most: int, *, both: bool = False
) -> Iterator[PooledQuestion]:
    """Put a sample of a set's questions to its documents, indexed anew under ``settings``.

    Args:
        most: questions in the sample, drawn with a fixed seed; half of them unanswerable where the set has such.
        both: where gold documents are left out, do so for every question, beside the question as it is.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_bytes(labelled.corpus.read_bytes())
        corpus = f"labelled-{labelled.name}"
        ingest_corpus(corpus, [path], settings, replace=True)
    embedder = load_embedder(settings)
    catalog = Catalog()
    table = ChunkTable(catalog.folder, catalog.load(corpus).indexes[settings.index_fingerprint].table)
    wider = replace(settings, top_k=min(200, SPARE_CHUNKS * settings.top_k))
    for query in sample_queries(labelled, most):
        text = query["question"]
        vector = embedder.embed([text])[0]
        found = retrieve_chunks(table, text, lambda v=vector: v, wider, lambda: 0.0).chunks
        left_out = {document for document, _, _ in query["gold"]}
        kept = [chunk for chunk in found if chunk.document not in left_out][: settings.top_k]
        if not query["answerable"]:
            yield from _pool(labelled.name, query, "unanswerable", (), vector, found[: settings.top_k], settings)
            continue
        without = not labelled.has_unanswerable and (both or zlib.crc32(f"{SALT}{query['id']}".encode()) % 2)
        if both or not without:
            yield from _pool(
                labelled.name, query, "answerable", query["gold"], vector, found[: settings.top_k], settings
            )
        if without:
            yield from _pool(labelled.name, query, "gold left out", (), vector, kept, settings)


def sample_queries(labelled: LabelledSet, most: int) -> list[Mapping[str, Any]]:
    """A seeded sample, half of it unanswerable where the set has such questions."""
    dice = random.Random(7)
    yes = [q for q in labelled.queries if q["answerable"]]
    no = [q for q in labelled.queries if not q["answerable"]]
    share = most // 2 if no else most
    return dice.sample(yes, min(share, len(yes))) + dice.sample(no, min(share, len(no)))


def is_held_out(document: str) -> bool:
    """Whether a document's questions are reported on rather than fitted; the paragraphs of an article stay together."""
    return zlib.crc32(f"{SALT}{document.split('#')[0].split(':')[-1]}".encode()) % 2 == 1


def _pool(
    data: str,
    query: Mapping[str, Any],
    kind: str,
    gold: Sequence[tuple[str, int, int]],
    vector: np.ndarray,
    chunks: Sequence[ScoredChunk],
    settings: PipelineSettings,
) -> Iterator[PooledQuestion]:
    if not any(len(chunk.sentences.tokens) for chunk in chunks):
        return
    table, rows = join_sentences(chunks)
    questions = batch_questions([parse_question(query["question"])])
    own = describe_own(questions, vector[None], table, load_lexicon(hash_telling))
    similarity = np.array([[chunk.similarity for chunk in chunks]], np.float32)
    lexical = np.array([[chunk.lexical for chunk in chunks]], np.float32)
    allowed = find_allowed(chunks, rows, own.features["similarity"][0], settings)[None]
    arrays = replace(table.arrays, vectors=table.arrays.vectors[:0])
    marked = mark_gold(table, gold)
    yield PooledQuestion(
        data=data,
        kind=kind,
        held_out=is_held_out(query["source"]),
        questions=questions,
        table=replace(table, arrays=arrays),
        own=own,
        retrieved=describe_retrieved(table, [rows], similarity, lexical),
        allowed=allowed,
        gold=marked,
        unclear=_find_answers(table, chunks, query["answers"]) & ~marked,
        spans=tuple(gold),
    )


def _find_answers(table: SentenceTable, chunks: Sequence[ScoredChunk], answers: Sequence[str]) -> np.ndarray:
    """Bool (s,): sentences that hold one of the short answers."""
    short = [answer for answer in answers if len(answer) <= LONGEST_ANSWER]
    held = np.zeros(len(table), bool)
    if not short:
        return held
    for i, (start, end) in enumerate(table.arrays.spans.tolist()):
        text = read_text(chunks, table.documents[table.document[i]], start, end)
        held[i] = any(holds_answer(text, answer) for answer in short)
    return held


def mark_gold(table: SentenceTable, gold: Sequence[tuple[str, int, int]]) -> np.ndarray:
    """Bool (s,): sentences that share a character with a gold span."""
    marked = np.zeros(len(table), bool)
    spans = table.arrays.spans
    for document, start, end in gold:
        if document in table.documents:
            same = table.document == table.documents.index(document)
            marked |= same & (spans[:, 0] < end) & (spans[:, 1] > start)
    return marked


def covers_gold(pooled: PooledQuestion, chosen: np.ndarray) -> bool:
    """Whether the chosen sentences hold the whole of a gold span, white space and what stands between them apart."""
    spans = pooled.table.arrays.spans
    for document, start, end in pooled.spans:
        if document not in pooled.table.documents:
            continue
        touching = (
            (pooled.table.document == pooled.table.documents.index(document))
            & (spans[:, 0] < end)
            & (spans[:, 1] > start)
        )
        if end >= WHOLE:
            if (touching & chosen).any():
                return True
        elif touching.any() and (chosen | ~touching).all():
            inside = spans[touching]
            if inside[:, 0].min() <= start and inside[:, 1].max() >= end:
                return True
    return False
