"""Corpora: where they are, and bringing their index up to date with their files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import InputError, UnknownNameError
from engine.index import Catalog, ChunkTable, CorpusEntry
from engine.indexing import CorpusReport, IndexUpdate, Progress
from engine.ingestion import LoadedDocuments, Skipped, load_documents
from engine.settings import DATASETS, PipelineSettings
from engine.store import CorpusStore, Store
from engine.written_paths import find_written_path

__all__ = [
    "CorpusReport",
    "find_corpus",
    "ingest_corpus",
    "load_sources",
    "record_ingest",
    "shipped_corpora",
]


def shipped_corpora() -> dict[str, Path]:
    """The corpora that come with Phasegate: name to the folder of its documents."""
    return {path.parent.name: path for path in sorted((DATASETS / "corpora").glob("*/documents"))}


def find_corpus(reference: str, relative_to: Path | None = None) -> tuple[str, Path]:
    """Name and folder of a corpus given by its shipped name or by a path.

    Raises:
        UnknownNameError: neither.
    """
    own = reference if relative_to is None or reference.startswith("~") else relative_to / reference
    path = find_written_path(own)
    if path is not None and (relative_to is not None or "/" in reference):
        path = path.resolve()
        shipped_name = next((name for name, folder in shipped_corpora().items() if folder.resolve() == path), None)
        if shipped_name:
            return shipped_name, path
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
        label = path.parent.name if path.name in ("documents", "corpus", "docs") else path.name
        safe = (
            "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in label).strip("._-") or "corpus"
        )
        return f"{safe[:60]}-{digest}", path
    shipped = shipped_corpora()
    if reference in shipped:
        return reference, shipped[reference]
    raise UnknownNameError("corpus", reference, shipped, "Give the name of a shipped corpus or the path of a folder.")


def _make_absolute(path: Path) -> str:
    """A path that stays the same wherever the next command is run."""
    found = find_written_path(path)
    if found is None:
        shown = str(path) if len(str(path)) < 200 else f"{str(path)[:200]}…"
        raise InputError(f"{shown}: there is no such file or folder.", "Check the path.")
    return str(found.absolute())


def load_sources(sources: Sequence[str]) -> LoadedDocuments:
    """The documents of files and folders."""
    return load_documents([Path(source) for source in sources])


def record_ingest(store: Store, report: CorpusReport, settings: PipelineSettings) -> None:
    """Keep in the store what an ingest did, for the screens. An ingest that changed nothing is not written again."""
    corpora = CorpusStore(store)
    row = corpora.find_corpus(report.corpus)
    skipped = [{"path": s.path, "reason": s.reason} for s in report.skipped]
    now = (report.index_fingerprint, report.chunks, list(report.sources), skipped)
    kept = row and (row["index_fingerprint"], row["chunks"], row["sources"], row["skipped"])
    if kept == now and not (report.changed or report.removed):
        return
    entry = Catalog().load(report.corpus)
    table = ChunkTable(Catalog().folder, entry.indexes[report.index_fingerprint].table)
    chunks = table.count_chunks()
    documents = [
        {
            "document": row["document"],
            "title": row["title"],
            "source": row["source"],
            "content_type": row["content_type"],
            "content_hash": row["content_hash"],
            "characters": len(row["document_text"]),
            "chunks": chunks[row["document"]],
        }
        for row in table.load_documents()
    ]
    corpora.record_corpus(
        corpus=report.corpus,
        sources=report.sources,
        settings=settings.as_dict(),
        index_fingerprint=report.index_fingerprint,
        documents=documents,
        skipped=skipped,
        seconds=report.seconds,
    )


def ingest_corpus(
    corpus: str,
    paths: Sequence[Path],
    settings: PipelineSettings,
    progress: Progress | None = None,
    *,
    replace: bool = False,
    loaded: LoadedDocuments | None = None,
) -> CorpusReport:
    """Bring a corpus's index up to date with its files.

    Files are known by their content: what has not changed is not embedded again, what is gone leaves the index. The
    change becomes visible in one commit; until then, and after a crash, the previous index answers.

    Args:
        paths: files and folders; they join those of earlier ingests unless ``replace`` is set.
        loaded: what the paths hold, when it has just been read.

    Raises:
        InputError: a path that does not exist, or no readable document at all.
        DiskFullError: nothing was changed.
    """
    started = time.perf_counter()
    catalog = Catalog()
    with catalog.locked(corpus):
        entry = catalog.find(corpus)
        wanted = [_make_absolute(path) for path in paths]
        earlier = [] if entry is None or replace else [s for s in entry.sources if s not in wanted]
        gone = [
            Skipped(source, "no longer there; its documents left the index")
            for source in earlier
            if not Path(source).exists()
        ]
        sources = [source for source in earlier if Path(source).exists()] + wanted
        if progress:
            progress(0, 0, "reading files")
        loaded = loaded or load_sources(sources)
        loaded.skipped.extend(gone)
        if not loaded.documents:
            reasons = "; ".join(f"{Path(s.path).name}: {s.reason}" for s in loaded.skipped[:5]) or "no files there"
            raise InputError(f"corpus {corpus!r}: none of the files could be read ({reasons}).", "Give other files.")
        entry = CorpusEntry(corpus=corpus, sources=tuple(sources), indexes=entry.indexes if entry else {})
        return IndexUpdate(catalog, entry, settings, progress).run(loaded, started)
