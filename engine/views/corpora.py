"""Corpora: what was ingested, which files were left out, where each document was cut."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.corpora import shipped_corpora
from engine.errors import InputError, UnknownNameError
from engine.settings import home
from engine.store import CorpusStore, JobStore, Store

TYPE_WORDS = {"row": "table row", "text": "plain text"}
DOCUMENT_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusCard:
    """One ingested corpus."""

    name: str
    documents: int
    chunks: int
    characters: int
    skipped: int
    updated_at: datetime
    shipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusList:
    """All corpora; ``waiting`` are shipped ones that have not been ingested; ``jobs`` are ingests in progress."""

    cards: tuple[CorpusCard, ...]
    waiting: tuple[str, ...]
    jobs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document of a corpus."""

    document: str
    title: str
    content_type: str
    characters: int
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusDetail:
    """One corpus. ``matching`` documents fit the search, of which the first 500 are in ``documents``."""

    name: str
    sources: tuple[str, ...]
    documents: tuple[DocumentRow, ...]
    matching: int
    total: int
    chunks: int
    characters: int
    types: Mapping[str, int]
    skipped: tuple[Mapping[str, str], ...]
    seconds: float
    updated_at: datetime
    settings: Mapping[str, Any]
    index_fingerprint: str
    missing_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPart:
    """A stretch of a document. ``chunks`` are the numbers of the chunks that it lies in: two where they overlap."""

    start: int
    text: str
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetail:
    """One document with its chunk borders."""

    corpus: str
    document: str
    title: str
    source: str
    content_type: str
    characters: int
    chunks: int
    parts: tuple[ChunkPart, ...]
    shown: int


def load_corpora(store: Store) -> CorpusList:
    """Every corpus, newest first."""
    shipped = shipped_corpora()
    rows = CorpusStore(store).list_corpora()
    cards = [
        CorpusCard(
            name=r["corpus"],
            documents=r["documents"],
            chunks=r["chunks"],
            characters=r["characters"],
            skipped=len(r["skipped"]),
            updated_at=r["updated_at"],
            shipped=r["corpus"] in shipped,
        )
        for r in rows
    ]
    names = {c.name for c in cards}
    jobs = [(j["job_id"], j["subject"]) for j in JobStore(store).active() if j["kind"] == "ingest"]
    return CorpusList(
        cards=tuple(sorted(cards, key=lambda c: c.updated_at, reverse=True)),
        waiting=tuple(name for name in shipped if name not in names),
        jobs=tuple(jobs),
    )


def load_corpus(store: Store, corpus: str, search: str = "") -> CorpusDetail:
    """One corpus with the documents that hold ``search`` in name or title.

    Raises:
        UnknownNameError: it was never ingested.
    """
    corpora = CorpusStore(store)
    row = corpora.load_corpus(corpus)
    found = corpora.load_documents(corpus, search=search or None)
    return CorpusDetail(
        name=corpus,
        sources=tuple(row["sources"]),
        documents=tuple(
            DocumentRow(
                document=d["document"],
                title=d["title"],
                content_type=type_words(d["content_type"]),
                characters=d["characters"],
                chunks=d["chunks"],
            )
            for d in found[:DOCUMENT_LIMIT]
        ),
        matching=len(found),
        total=row["documents"],
        chunks=row["chunks"],
        characters=row["characters"],
        types={type_words(t["content_type"]): int(t["documents"]) for t in corpora.count_content_types(corpus)},
        skipped=tuple(row["skipped"]),
        seconds=row["seconds"],
        updated_at=row["updated_at"],
        settings=row["settings"],
        index_fingerprint=row["index_fingerprint"],
        missing_sources=tuple(s for s in row["sources"] if not Path(s).exists()),
    )


def load_document(store: Store, corpus: str, document: str, limit: int = 40_000) -> DocumentDetail:
    """One document, its first ``limit`` characters cut at the borders of its chunks.

    Raises:
        UnknownNameError: no such corpus or document.
    """
    from engine.index import Catalog, ChunkTable

    CorpusStore(store).load_corpus(corpus)
    rows = store.query("SELECT * FROM documents WHERE corpus = ? AND document = ?", (corpus, document))
    catalog = Catalog()
    indexes = list(catalog.load(corpus).indexes.values())
    table = ChunkTable(catalog.folder, indexes[-1].table) if indexes else None
    text = table.load_text(document) if table else None
    if not rows or table is None or text is None:
        some = [d["document"] for d in CorpusStore(store).load_documents(corpus, 8)]
        raise UnknownNameError("document", document, some, f"It is not in the corpus {corpus}.")
    chunks = [(int(c["chunk_index"]), int(c["start"]), int(c["end"])) for c in table.load_chunks(document)]
    row = rows[0]
    return DocumentDetail(
        corpus=corpus,
        document=document,
        title=row["title"],
        source=row["source"],
        content_type=type_words(row["content_type"]),
        characters=len(text),
        chunks=len(chunks),
        parts=cut_at_chunks(text[:limit], chunks),
        shown=min(limit, len(text)),
    )


def cut_at_chunks(text: str, chunks: Sequence[tuple[int, int, int]]) -> tuple[ChunkPart, ...]:
    """The text cut wherever a chunk (index, start, end) begins or ends."""
    borders = sorted({0, len(text), *(b for _, start, end in chunks for b in (start, end) if b < len(text))})
    return tuple(
        ChunkPart(start=a, text=text[a:b], chunks=tuple(i for i, start, end in chunks if start < b and end > a))
        for a, b in itertools.pairwise(borders)
    )


def save_uploads(corpus: str, files: Sequence[tuple[str, bytes]]) -> Path:
    """Keeps uploaded files (name, content) under ``PHASEGATE_HOME/uploads/CORPUS``; a file of the same name is replaced.

    Raises:
        InputError: a corpus name that cannot name a folder.
    """
    from engine.index import Catalog

    Catalog().find(corpus)  # checks the name
    folder = home() / "uploads" / corpus
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        plain = Path(name.replace("\\", "/")).name
        if plain.strip(".") == "":
            raise InputError(f"{name!r} cannot be the name of a file.", "Rename the file and upload it again.")
        (folder / plain).write_bytes(content)
    return folder


def type_words(content_type: str) -> str:
    """A content type as people call it."""
    return TYPE_WORDS.get(content_type, content_type)
