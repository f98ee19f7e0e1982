"""Labelled responses to fit groundedness on and to measure it with, from ``items.jsonl`` of any set of the format.

Four kinds, told by their fields: ``answers`` (``hallucinated``, with spans in ``labels``), ``graded`` answers
(``human`` scores), ``claims`` (``claim``, ``evidence``, ``support``), and ``summaries`` (``hallucinated``, and no
question or the same one in every item, which is a task and asks nothing).

Decided once: a span marked ``implicit_true`` (true, but not in the context) counts as unsupported, since groundedness
asks for support and not for truth. Items whose ``quality`` is not ``good`` (cut, or refused although the answer was
there) are left out: their text is not what the labels are about. A claim is supported when its support is Complete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from engine.errors import FileFormatError, InputError
from engine.ingestion.sentences import split_sentences
from engine.json_lines import read_rows

FEWEST_FOR_A_TASK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledResponse:
    """A response with its contexts and what people said about it.

    Attributes:
        kind: ``answers``, ``graded``, ``claims`` or ``summaries``.
        group: hash of what must not be on both sides of a split: the document, question or conversation.
        unsupported: 1 when people found something unsupported, 0 when not; for graded ones 0 (best) to 1 (worst).
        grade: mean human score of graded ones, else None.
        sentences: of the response; ``sentence_labels`` says which are unsupported (graded: the response's value).
        model: who wrote it, where the set says.
    """

    kind: str
    group: str
    question: str
    contexts: tuple[str, ...]
    unsupported: float
    grade: float | None
    sentences: tuple[str, ...]
    sentence_labels: np.ndarray
    model: str


def find_response_sets(data: Path) -> dict[str, list[LabelledResponse]]:
    """Sets by folder name: ``data`` itself, or those of its folders that hold labelled responses.

    Raises:
        InputError: there is none.
        FileFormatError: a line is no JSON, or names a passage that the corpus lacks.
    """
    folders = [data] if (data / "items.jsonl").is_file() else sorted(p.parent for p in data.glob("*/items.jsonl"))
    found = {folder.name: _load_set(folder) for folder in folders}
    sets = {name: items for name, items in found.items() if items}
    if not sets:
        raise InputError(
            f"{data}: no labelled responses.",
            "Give a folder with items.jsonl (response with hallucinated or human, or claim with evidence and support), "
            "or a folder of such folders.",
        )
    return sets


def is_fitted_half(group: str) -> bool:
    """Whether a group belongs to the half that is fitted on when it is part of the data of a fit."""
    return int(group, 16) % 2 == 0


def _load_set(folder: Path) -> list[LabelledResponse]:
    rows = [row for row in read_rows(folder / "items.jsonl") if row.get("quality", "good") == "good"]
    rows = [row for row in rows if _tell_kind(row)]
    if not rows:
        return []
    path = folder / "corpus.jsonl"
    texts = {row["id"]: row["text"] for row in read_rows(path)} if path.is_file() else {}
    questions = {row.get("question", "") for row in rows}
    task = len(questions) == 1 and (questions == {""} or len(rows) >= FEWEST_FOR_A_TASK)
    grades = [_mean_grade(row) for row in rows if "human" in row]
    low, high = (min(grades), max(grades)) if grades else (0.0, 1.0)
    return [_build_item(row, texts, task, (low, high), folder) for row in rows]


def _tell_kind(row: Mapping[str, Any]) -> str:
    if "claim" in row and "evidence" in row and "support" in row:
        return "claims"
    if "response" not in row:
        return ""
    return "graded" if "human" in row else "answers" if "hallucinated" in row else ""


def _build_item(
    row: Mapping[str, Any], texts: Mapping[str, str], task: bool, grades: tuple[float, float], folder: Path
) -> LabelledResponse:
    kind = _tell_kind(row)
    grade = None
    if kind == "claims":
        unsupported = float(row["support"] != "Complete")
    elif kind == "graded":
        grade = _mean_grade(row)
        unsupported = (grades[1] - grade) / (grades[1] - grades[0] or 1.0)
    else:
        unsupported = float(bool(row["hallucinated"]))
        kind = "summaries" if task else kind
    response = row["claim"] if kind == "claims" else row["response"]
    spans = [(0, len(response))] if kind == "claims" else split_sentences(response) or [(0, len(response))]
    return LabelledResponse(
        kind=kind,
        group=_hash_group(row),
        question="" if task else row.get("question", ""),
        contexts=_find_contexts(row, texts, folder),
        unsupported=unsupported,
        grade=grade,
        sentences=tuple(response[a:b] for a, b in spans),
        sentence_labels=_label_sentences(row, response, spans, unsupported),
        model=str(row.get("model", "")),
    )


def _mean_grade(row: Mapping[str, Any]) -> float:
    human = row["human"]
    given = human["faithfulness"] if isinstance(human, dict) else human
    return fmean(given) if isinstance(given, list) else float(given)


def _hash_group(row: Mapping[str, Any]) -> str:
    """By the source or conversation that the item names, else its document, else its question."""
    ids = row.get("context_ids") or [""]
    name = row.get("source_id") or str(row.get("task_id", "")).split("<::>")[0] or ids[0] or row.get("question", "")
    return hashlib.sha256(str(name).encode()).hexdigest()[:10]


def _find_contexts(row: Mapping[str, Any], texts: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    if "context_ids" in row:
        lost = [i for i in row["context_ids"] if i not in texts]
        if lost:
            raise FileFormatError(
                folder / "corpus.jsonl", f"it lacks the passage {lost[0]!r} of item {row.get('id')!r}"
            )
        return tuple(texts[i] for i in row["context_ids"])
    given = row.get("context", row.get("evidence")) or []
    parts = [given] if isinstance(given, str) else given
    return tuple(part["text"] if isinstance(part, dict) else str(part) for part in parts)


def _label_sentences(
    row: Mapping[str, Any], response: str, spans: list[tuple[int, int]], unsupported: float
) -> np.ndarray:
    """By overlap with the labelled spans; in an edited summary what the original lacks; else all alike."""
    if "labels" in row:
        return np.array([float(any(x["start"] < b and x["end"] > a for x in row["labels"])) for a, b in spans])
    original = row.get("original_response")
    if unsupported == 1.0 and original and len(spans) > 1:
        changed = np.array([float(response[a:b].strip() not in original) for a, b in spans])
        if changed.any():
            return changed
    return np.full(len(spans), unsupported)
