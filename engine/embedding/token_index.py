"""Token vectors of documents, made once and kept: the vector of any span is the mean of its tokens (late pooling).

Each document runs through the model in overlapping windows. What comes out is kept as float16 in packs under
``PHASEGATE_HOME/tokens``: files that are written under another name until they are whole and never changed afterwards,
so a crash, a full disk or a second process leaves no half pack. A document is known by the hash of its text.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from engine.embedding.windows import STRIDE, WINDOW
from engine.errors import DiskFullError
from engine.settings import home
from engine.state_folder import prepare_home

LARGEST_BYTES = 4 * 2**30
# Tokens that are embedded together; a pack is written for each such group, so an interrupted build goes on there.
GROUP_TOKENS = 65_536
# Files that a crash left unfinished are removed after this time.
STALE_SECONDS = 3600
# Grows when token vectors are made in another way.
VERSION = 1
_MAGIC = b"PGTOKENS"
_ALIGNMENT = 64

Progress = Callable[[int, int], None]


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedder that also gives the vectors of single tokens."""

    name: str
    dimension: int

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Token ids of each text and their places in it."""
        ...

    def embed_tokens(self, ids: Sequence[np.ndarray], stride: int) -> list[np.ndarray]:
        """Float16 (tokens, dimension) for each sequence of token ids, from overlapping windows."""
        ...


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """``ids`` (tokens,) int32; ``offsets`` (tokens, 2) int32: start and end of each token in the text."""

    ids: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, slots=True)
class DocumentTokens:
    """The tokens of a document: rows ``first`` to ``last`` of a pack's ``vectors``, and their places in the text.

    Attributes:
        vectors: (tokens of the pack, dimension) float16, not normalised; the same array for all documents of a pack.
        offsets: (tokens of the document, 2) int32, start and end in the text.
    """

    vectors: np.ndarray
    first: int
    last: int
    offsets: np.ndarray

    @property
    def own_vectors(self) -> np.ndarray:
        """(tokens of the document, dimension) float16."""
        return self.vectors[self.first : self.last]


class TokenIndex:
    """The packs of one embedder and one way of placing windows."""

    def __init__(self, embedder: TokenEmbedder, stride: int = STRIDE, largest_bytes: int = LARGEST_BYTES) -> None:
        self._embedder, self._stride, self._largest = embedder, stride, largest_bytes
        safe = re.sub(r"[^A-Za-z0-9.-]+", "_", embedder.name)
        self.folder = home() / "tokens" / f"{safe}-w{WINDOW}-s{stride}-v{VERSION}"
        self.embedded = self.reused = 0

    @property
    def dimension(self) -> int:
        """Width of the vectors."""
        return self._embedder.dimension

    def load(self, texts: Sequence[str], progress: Progress | None = None) -> list[DocumentTokens]:
        """The token vectors of the texts, memory-mapped; those not seen before are embedded first.

        ``embedded`` and ``reused`` count the texts. ``progress(done, total)`` counts characters.

        Raises:
            DiskFullError: the vectors could not be written.
        """
        keys = [hash_text(text) for text in texts]
        known = self._open_packs(set(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        total = sum(map(len, texts))
        done = total - sum(map(len, missing.values()))
        for group, tokenized in self._groups(missing):
            vectors = self._embedder.embed_tokens([t.ids for t in tokenized], self._stride)
            path = _write_pack(self.folder, group, vectors, tokenized, self._embedder.dimension)
            known |= _read_pack(path, set(group))
            done += sum(len(missing[key]) for key in group)
            if progress:
                progress(done, total)
        self.embedded, self.reused = len(missing), len(set(keys)) - len(missing)
        self._drop_oldest()
        return [known[key] for key in keys]

    def _groups(self, missing: dict[str, str]) -> Iterator[tuple[list[str], list[TokenizedText]]]:
        """Texts whose tokens together fill a group."""
        group: list[str] = []
        tokenized: list[TokenizedText] = []
        tokens = 0
        for key, text in missing.items():
            group.append(key)
            tokenized += self._embedder.tokenize([text])
            tokens += len(tokenized[-1].ids)
            if tokens >= GROUP_TOKENS:
                yield group, tokenized
                group, tokenized, tokens = [], [], 0
        if group:
            yield group, tokenized

    def _open_packs(self, wanted: set[str]) -> dict[str, DocumentTokens]:
        known: dict[str, DocumentTokens] = {}
        for path in sorted(self.folder.glob("*.tokens")):
            found = _read_pack(path, wanted - known.keys())
            if found:
                known |= found
                _touch(path)
        return known

    def _drop_oldest(self) -> None:
        """Keep all packs of all embedders within the size: the longest unused go first. Open ones stay readable."""
        packs = [(path, path.stat()) for path in self.folder.parent.glob("*/*.tokens") if path.exists()]
        used = sum(stat.st_size for _, stat in packs)
        for path, stat in sorted(packs, key=lambda item: item[1].st_mtime):
            if used <= self._largest:
                break
            path.unlink(missing_ok=True)
            used -= stat.st_size


def hash_text(text: str) -> str:
    """What a text is known by: 40 hex digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _write_pack(
    folder: Path,
    keys: Sequence[str],
    vectors: Sequence[np.ndarray],
    tokenized: Sequence[TokenizedText],
    dimension: int,
) -> Path:
    rows = [[key, len(v)] for key, v in zip(keys, vectors, strict=True)]
    header = json.dumps({"dimension": dimension, "documents": rows}).encode()
    start = len(_MAGIC) + 8 + len(header)
    padding = -start % _ALIGNMENT
    path = folder / f"{uuid.uuid4().hex}.tokens"
    unfinished = path.with_suffix(".part")
    try:
        prepare_home()
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        with unfinished.open("wb") as file:
            file.write(_MAGIC + len(header).to_bytes(8, "little") + header + b"\0" * padding)
            for matrix in vectors:
                file.write(np.ascontiguousarray(matrix, np.float16).data)
            for text in tokenized:
                file.write(np.ascontiguousarray(text.offsets, np.int32).data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        size = sum(v.nbytes for v in vectors) >> 20
        raise DiskFullError(
            f"{folder}: {size} MB of token vectors could not be written: {error.strerror}.",
            "Free some space, or set PHASEGATE_HOME to a folder that can be written.",
        ) from error
    return path


def _read_pack(path: Path, wanted: set[str]) -> dict[str, DocumentTokens]:
    """Those of the wanted documents that the pack holds; nothing when another process has just removed it."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return {}
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
            start = len(_MAGIC) + 8 + length
            start += -start % _ALIGNMENT
            dimension = header["dimension"]
            counts = np.array([count for _, count in header["documents"]], np.int64)
            total = int(counts.sum())
            if os.fstat(file.fileno()).st_size != start + total * (2 * dimension + 8):
                return {}  # another program cut it short
            if not wanted.intersection(key for key, _ in header["documents"]):
                return {}
            if not total:
                vectors, offsets = np.zeros((0, dimension), np.float16), np.zeros((0, 2), np.int32)
            else:
                vectors = np.memmap(file, np.float16, "r", start, (total, dimension))
                offsets = np.memmap(file, np.int32, "r", start + total * 2 * dimension, (total, 2))
    except FileNotFoundError:
        return {}
    ends = np.cumsum(counts)
    places = {key: (end - count, end) for (key, count), end in zip(header["documents"], ends.tolist(), strict=True)}
    return {
        key: DocumentTokens(vectors, first, last, offsets[first:last])
        for key, (first, last) in places.items()
        if key in wanted
    }


def _touch(path: Path) -> None:
    try:
        os.utime(path)
    except OSError:
        return  # only the order in which packs are dropped suffers


def _remove_stale(folder: Path) -> None:
    for path in folder.glob("*.part"):
        try:
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue
