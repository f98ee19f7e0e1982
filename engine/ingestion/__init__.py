"""Files and folders to documents; what cannot be read is skipped with its reason."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.ingestion.loaders import UnreadableFile, load_file
from engine.plain_text import replace_halves
from engine.types import Document

__all__ = ["LoadedDocuments", "Skipped", "load_documents"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no document, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadedDocuments:
    """What a set of paths holds."""

    documents: list[Document]
    skipped: list[Skipped]


def load_documents(paths: Sequence[Path]) -> LoadedDocuments:
    """Read files and folders (with their subfolders; hidden files are left alone).

    A document is named by its path inside the folder that was given, a single file by its name.

    Raises:
        InputError: a path that does not exist.
    """
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    for root in paths:
        root = root.expanduser().absolute()
        if not root.exists():
            raise InputError(f"{root}: there is no such file or folder.", "Check the path.")
        for path in [root] if root.is_file() else _files(root):
            name = path.name if root.is_file() else path.relative_to(root).as_posix()
            try:
                loaded = load_file(path, name)
            except UnreadableFile as reason:
                skipped.append(Skipped(replace_halves(str(path)), str(reason)))
                continue
            for document in loaded:
                if document.id in documents:
                    first = documents[document.id].source
                    skipped.append(
                        Skipped(document.source, f"the document {document.id!r} is already there, from {first}")
                    )
                else:
                    documents[document.id] = document
    return LoadedDocuments(list(documents.values()), skipped)


def _files(root: Path) -> list[Path]:
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(folder) / name for name in sorted(files) if not name.startswith((".", "~$"))]
    return found
