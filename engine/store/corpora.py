"""Corpora and their documents, as the last ingest left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store


class CorpusStore:
    """Records what was ingested and lists it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record_corpus(
        self,
        *,
        corpus: str,
        sources: Sequence[str],
        settings: Mapping[str, Any],
        index_fingerprint: str,
        documents: Sequence[Mapping[str, Any]],
        skipped: Sequence[Mapping[str, Any]] = (),
        seconds: float = 0.0,
    ) -> None:
        """Record a finished ingest; documents that are no longer in it go.

        Args:
            documents: each with ``document``, ``title``, ``source``, ``content_type``, ``content_hash``,
                ``characters``, ``chunks``.
        """
        rows = [{"corpus": corpus, **document} for document in documents]
        self._store.insert("documents", rows)
        self._store.execute(
            "DELETE FROM documents WHERE corpus = ? AND NOT list_contains(CAST(? AS VARCHAR[]), document)",
            (corpus, [row["document"] for row in rows]),
        )
        row = {
            "corpus": corpus,
            "sources": list(sources),
            "settings": dict(settings),
            "index_fingerprint": index_fingerprint,
            "documents": len(rows),
            "chunks": sum(row["chunks"] for row in rows),
            "characters": sum(row["characters"] for row in rows),
            "skipped": list(skipped),
            "seconds": seconds,
            "updated_at": utc_now(),
        }
        self._store.insert("corpora", [row])

    def list_corpora(self) -> list[dict[str, Any]]:
        """Every corpus, by name."""
        return self._store.query("SELECT * FROM corpora ORDER BY corpus")

    def find_corpus(self, corpus: str) -> dict[str, Any] | None:
        """One corpus, or None when it was never ingested."""
        rows = self._store.query("SELECT * FROM corpora WHERE corpus = ?", (corpus,))
        return rows[0] if rows else None

    def load_corpus(self, corpus: str) -> dict[str, Any]:
        """One corpus.

        Raises:
            UnknownNameError: it was never ingested.
        """
        row = self.find_corpus(corpus)
        if row is None:
            known = [entry["corpus"] for entry in self.list_corpora()]
            raise UnknownNameError("corpus", corpus, known, f"python -m engine ingest PATH --corpus {corpus} makes it.")
        return row

    def load_documents(
        self, corpus: str, limit: int | None = None, offset: int = 0, *, search: str | None = None
    ) -> list[dict[str, Any]]:
        """The documents of a corpus by id, those that hold ``search`` in id or title."""
        return self._store.query(
            "SELECT * FROM documents WHERE corpus = ? AND contains(lower(document || ' ' || title), lower(?))"
            " ORDER BY document LIMIT ? OFFSET ?",
            (corpus, search or "", limit, offset),
        )

    def count_content_types(self, corpus: str) -> list[dict[str, Any]]:
        """``content_type``, ``documents``, ``chunks``, ``characters``; the most frequent type first."""
        return self._store.query(
            "SELECT content_type, count(*) AS documents, sum(chunks) AS chunks, sum(characters) AS characters"
            " FROM documents WHERE corpus = ? GROUP BY content_type ORDER BY documents DESC, content_type",
            (corpus,),
        )

    def delete_corpus(self, corpus: str) -> None:
        """Remove a corpus and its documents from the store; its index is not the store's."""
        for table in ("corpora", "documents"):
            self._store.execute(f"DELETE FROM {table} WHERE corpus = ?", (corpus,))
