"""Which corpora exist, where they come from, and which table answers for each index fingerprint.

One small JSON file per corpus beside its tables, replaced as a whole: a table that is being built is named there only
when it is complete, so a crash leaves the previous one answering.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.corpus_names import check_corpus_name
from engine.errors import DiskFullError, StoreError, UnknownNameError
from engine.settings import home
from engine.state_folder import prepare_home


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A finished index. ``embedder`` is the embedder's name, ``settings`` the fields of the fingerprint."""

    table: str
    embedder: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusEntry:
    """A corpus: its absolute source paths and its indexes by fingerprint, newest last."""

    corpus: str
    sources: tuple[str, ...]
    indexes: dict[str, IndexEntry] = field(default_factory=dict)


class Catalog:
    """The corpora under ``PHASEGATE_HOME/lance``."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home() / "lance"

    def names(self) -> list[str]:
        """Every corpus that has been ingested."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def find(self, corpus: str) -> CorpusEntry | None:
        """The corpus, or None when it has never been ingested.

        Raises:
            StoreError: its file is damaged.
        """
        path = self._path(corpus)
        try:
            content = json.loads(path.read_text())
            indexes = {key: IndexEntry(**value) for key, value in content["indexes"].items()}
            return CorpusEntry(corpus=content["corpus"], sources=tuple(content["sources"]), indexes=indexes)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{path} is damaged: {error!r}.", "Remove that file and ingest the corpus again."
            ) from error

    def load(self, corpus: str) -> CorpusEntry:
        """The corpus.

        Raises:
            UnknownNameError: it has never been ingested.
        """
        entry = self.find(corpus)
        if entry is None:
            hint = f"Ingest it first: python -m engine ingest FOLDER --corpus {corpus}"
            raise UnknownNameError("corpus", corpus, self.names(), hint)
        return entry

    def save(self, entry: CorpusEntry) -> None:
        """Replace the corpus's file in one step."""
        path = self._path(entry.corpus)
        try:
            prepare_home()
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".tmp", delete=False) as file:
                try:
                    json.dump(asdict(entry), file, indent=1)
                    file.flush()
                except OSError:
                    os.unlink(file.name)
                    raise
            os.replace(file.name, path)
        except OSError as error:
            raise DiskFullError(f"{path} could not be written: {error.strerror}.", "Free some space.") from error

    @contextmanager
    def locked(self, corpus: str) -> Iterator[None]:
        """One ingest of a corpus at a time, across processes. The lock goes with the process that holds it."""
        self._path(corpus)
        prepare_home()
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{corpus}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, corpus: str) -> Path:
        return self.folder / f"{check_corpus_name(corpus)}.json"
