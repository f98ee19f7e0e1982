"""Texts and questions to measure with: a data set's folder, else the shipped corpora and suites."""

from __future__ import annotations

import json
from pathlib import Path

from engine.corpora import shipped_corpora
from engine.errors import InputError
from engine.ingestion import load_documents
from engine.settings import DATASETS


def load_texts(data: Path | None) -> list[str]:
    """The documents' texts of a folder with ``corpus.jsonl``, or of all shipped corpora."""
    if data is None:
        return [d.text for path in shipped_corpora().values() for d in load_documents([path]).documents]
    return [json.loads(line)["text"] for line in find_file(data, "corpus.jsonl").open()]


def load_questions(data: Path | None) -> list[str]:
    """The questions of a folder with ``queries.jsonl``, or of all shipped suites."""
    if data is not None:
        return [json.loads(line)["question"] for line in find_file(data, "queries.jsonl").open()]
    cases = [json.loads(line) for path in sorted((DATASETS / "suites").glob("*/cases.jsonl")) for line in path.open()]
    return [case["question"] for case in cases if case["kind"] == "qa"]


def find_file(data: Path, name: str) -> Path:
    """A file of a data set.

    Raises:
        InputError: it is not there.
    """
    path = data / name
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.", "Give a folder with corpus.jsonl and queries.jsonl.")
    return path
