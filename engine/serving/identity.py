"""What an answer depends on beside its question, as one short text: equal texts, interchangeable answers.

Told from names and times of files, so that asking costs microseconds: an answer from memory is worth little when it takes a
millisecond to learn that it is still right.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from engine.context.coefficients import correction_path
from engine.errors import StoreError
from engine.index.versions import read_index_version
from engine.settings import INDEX_VERSION, ROOT, PipelineSettings, home

EXTRACTIVE = "extractive"
# Code and fitted numbers that answers are made of: all that the pipeline imports, but for what only checks, stores or
# tells. A test holds this list to those imports.
MAKES_ANSWERS = (
    "assembly.py",
    "chunking",
    "context",
    "conversation",
    "corpora.py",
    "embedding",
    "evidence.py",
    "follow_up_search.py",
    "generation",
    "grounding",
    "index",
    "indexing.py",
    "ingestion",
    "pipeline.py",
    "plain_text.py",
    "written_paths.py",
    "providers",
    "retrieval",
    "search_threads.py",
    "settings.py",
    "text_index.py",
    "types.py",
)
_DIGITS = 32


class Scoped(Protocol):
    """What identifies a pipeline. One that asks a model also has ``templates`` and ``chain``, as ``RagPipeline`` has."""

    @property
    def corpus(self) -> str: ...
    @property
    def settings(self) -> PipelineSettings: ...


def identify_scope(pipeline: Scoped) -> str:
    """The scope of a pipeline's answers now: two digests, joined by a dot.

    The first is over corpus and settings, what the asker chose, and when kept answers were last cleared. The second is
    over what may change beneath them: the version of the index, prompt, models, a person's own calibration, and the code
    that makes answers. An answer whose first part agrees and whose second does not is *stale*.
    """
    settings = pipeline.settings
    state = read_index_version(home() / "lance", pipeline.corpus, settings.index_fingerprint)
    parts = [*(state or ("no index", "")), _stat(correction_path()), hash_code()]
    if settings.provider != EXTRACTIVE:
        parts += _identify_models(pipeline)
    choice = digest([_digest_choice(pipeline.corpus, settings), *map(_stat, _marks(pipeline.corpus))])
    return f"{choice}.{digest(parts)}"


def mark_cleared(corpus: str | None = None) -> None:
    """Make the answers from a corpus, or all, unfindable in every process of this home, whatever it holds in memory.

    Raises:
        StoreError: the mark cannot be written.
    """
    mark = _marks(corpus or "")[1 if corpus else 0]
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        new = mark.with_name(f".{uuid.uuid4().hex}")
        new.touch()
        os.replace(new, mark)
    except OSError as error:
        raise StoreError(
            f"{mark} could not be written: {error.strerror}.", "Programs that run keep what is in their memory."
        ) from error


def _marks(corpus: str) -> tuple[Path, Path]:
    """Of all corpora, and of one, whose name may hold what no file name does."""
    return _name_marks(home(), corpus)


@lru_cache(maxsize=256)
def _name_marks(state: Path, corpus: str) -> tuple[Path, Path]:
    folder = state / "cleared"
    return folder / "everything", folder / f"corpus-{digest([corpus])}"


def _identify_models(pipeline: Scoped) -> list[str]:
    """Hashes of the prompts, and of each provider its model and where it is asked."""
    templates, chain = getattr(pipeline, "templates", None), getattr(pipeline, "chain", None)
    prompts = [templates.answer.hash, templates.repair.hash, templates.validate.hash] if templates else []
    return [*prompts, *(part for spec in (chain.specs if chain else ()) for part in spec.identity)]


def digest(parts: Sequence[str]) -> str:
    """Thirty-two hex digits of sha256 over texts, whose borders count."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()[:_DIGITS]


@lru_cache(maxsize=256)
def _digest_choice(corpus: str, settings: PipelineSettings) -> str:
    return digest((corpus, str(INDEX_VERSION), json.dumps(settings.as_dict(), sort_keys=True)))


def _stat(path: Path) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"


@lru_cache(maxsize=1)
def hash_code() -> str:
    """A digest over the engine's own files that answers are made of, read once a process: an update is another scope."""
    found = hashlib.sha256()
    for name in MAKES_ANSWERS:
        path = ROOT / "engine" / name
        files = sorted(p for p in path.rglob("*") if p.suffix in (".py", ".json")) if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:_DIGITS]
