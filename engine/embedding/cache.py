"""Vectors already made, found again by what they were made of: embedder name, text and spans.

One SQLite file in ``PHASEGATE_HOME`` that any number of processes read and write. Losing it costs time, never data.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.embedding.protocol import EmbeddedText, Embedder, Progress, Spans
from engine.errors import DiskFullError
from engine.state_folder import prepare_home

BATCH = 256
LARGEST_BYTES = 2 * 2**30
# Share of the vectors, the oldest first, that goes when the cache has grown too large.
DROPPED_SHARE = 0.25


class VectorCache:
    """A content-addressed store of vectors. Opening it is cheap; closing it drops the oldest when it is too large."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        self._path, self._largest = path, largest_bytes
        try:
            prepare_home()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path)
        except (sqlite3.OperationalError, OSError) as error:
            raise DiskFullError(
                f"{path} could not be opened: {error}.", "Free some space, or set PHASEGATE_HOME."
            ) from error
        except sqlite3.DatabaseError:
            path.unlink()
            self._connection = _open(path)

    def close(self) -> None:
        """Keep within the size, release the file."""
        while self._used_bytes() > self._largest and self._drop_oldest():
            pass
        self._connection.close()

    def embed_spans(
        self, embedder: Embedder, texts: Sequence[str], spans: Sequence[Spans], progress: Progress | None = None
    ) -> tuple[list[EmbeddedText], int]:
        """As ``Embedder.embed_spans``, asking the embedder only for what is new.

        Each batch of new vectors is kept as soon as it is made, so that an interrupted ingest goes on where it was.

        Returns:
            the embedded texts and how many of them had to be embedded.
        """
        keys = [_key(embedder.name, text, s) for text, s in zip(texts, spans, strict=True)]
        found = self._load({key: len(s) for key, s in zip(keys, spans, strict=True)}, embedder.dimension)
        # Long and short texts apart, so that a batch of the embedder pads little.
        missing = sorted(
            {key: i for i, key in enumerate(keys) if key not in found}.values(), key=lambda i: len(texts[i])
        )
        done = len(texts) - len(missing)
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            made = embedder.embed_spans([texts[i] for i in part], [spans[i] for i in part])
            new = {keys[i]: item for i, item in zip(part, made, strict=True)}
            self._save(new)
            found.update(new)
            done += len(part)
            if progress:
                progress(done, len(texts))
        return [found[key] for key in keys], len(missing)

    def _load(self, span_counts: Mapping[bytes, int], dimension: int) -> dict[bytes, EmbeddedText]:
        """What is kept of these keys. Vectors of another width are of a model that had the same name: they are made anew."""
        found, keys = {}, list(span_counts)
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            for key, value in self._connection.execute(f"SELECT key, value FROM entries WHERE key IN ({marks})", part):
                if len(value) == dimension * (4 + 2 * span_counts[key]):
                    found[key] = _unpack(value, dimension)
        return found

    def _used_bytes(self) -> int:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _drop_oldest(self) -> bool:
        """Whether there was anything to drop."""
        count = self._connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        oldest = "SELECT id FROM entries ORDER BY id LIMIT ?"
        self._connection.execute(f"DELETE FROM entries WHERE id IN ({oldest})", (max(1, int(DROPPED_SHARE * count)),))
        return count > 0

    def _save(self, items: dict[bytes, EmbeddedText]) -> None:
        rows = [(key, item.vector.tobytes() + item.span_vectors.tobytes()) for key, item in items.items()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise DiskFullError(
                f"{self._path}: {len(rows)} vectors could not be written: {error}.",
                "Free some space and run the command again; it goes on where it stopped.",
            ) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, one process at a time: turning on the write-ahead log does not wait for others by itself."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, key BLOB UNIQUE, value BLOB)")
        return connection


def _unpack(value: bytes, dimension: int) -> EmbeddedText:
    split = 4 * dimension
    span_vectors = np.frombuffer(value[split:], np.float16).reshape(-1, dimension)
    return EmbeddedText(vector=np.frombuffer(value[:split], np.float32), span_vectors=span_vectors)


def _key(name: str, text: str, spans: Spans) -> bytes:
    digest = hashlib.blake2b(name.encode(), digest_size=20)
    digest.update(b"\0" + text.encode("utf-8", "surrogatepass") + b"\0")
    digest.update(np.asarray(spans, np.int32).tobytes())
    return digest.digest()
