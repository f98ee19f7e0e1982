"""Texts and questions to measure with: a data set's folder, else the shipped corpora and suites."""

from __future__ import annotations

from pathlib import Path

from engine.corpora import shipped_corpora
from engine.errors import InputError
from engine.ingestion import load_documents
from engine.json_lines import read_rows
from engine.settings import DATASETS


def load_texts(data: Path | None) -> list[str]:
    """The documents' texts of a folder with ``corpus.jsonl``, or of all shipped corpora."""
    if data is None:
        return [d.text for path in shipped_corpora().values() for d in load_documents([path]).documents]
    return [row["text"] for row in read_rows(find_file(data, "corpus.jsonl"))]


def load_questions(data: Path | None) -> list[str]:
    """The questions of a folder with ``queries.jsonl``, or of all shipped suites."""
    if data is not None:
        return [row["question"] for row in read_rows(find_file(data, "queries.jsonl"))]
    cases = [row for path in sorted((DATASETS / "suites").glob("*/cases.jsonl")) for row in read_rows(path)]
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
