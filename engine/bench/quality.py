"""Answers and retrieval on a labelled set with the default settings: right answers, recall, abstention."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.texts import find_file
from engine.corpora import ingest_corpus
from engine.errors import InputError
from engine.evaluation.measures.correctness import is_correct
from engine.evaluation.statistics import wilson_interval
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
from engine.types import Answer

QUESTIONS = 500


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """On ``random.Random(7).sample`` of 500 answerable questions, and as many unanswerable ones.

    Raises:
        InputError: no data set was given.
    """
    if data is None:
        raise InputError("bench quality needs --data.", "Give a folder with corpus.jsonl and queries.jsonl.")
    settings = PipelineSettings().with_values(overrides)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_bytes(find_file(data, "corpus.jsonl").read_bytes())
        report = ingest_corpus("quality", [path], settings)
    queries = [json.loads(line) for line in find_file(data, "queries.jsonl").open()]
    answerable = [q for q in queries if q.get("answerable", True) and q["answers"] and q["relevant"]]
    others = [q for q in queries if not q.get("answerable", True)]
    chosen = random.Random(7).sample(answerable, min(QUESTIONS, len(answerable)))
    unanswerable = random.Random(7).sample(others, min(QUESTIONS, len(others)))
    pipeline = open_pipeline("quality", settings)
    answers = [pipeline.answer(q["question"]) for q in chosen]
    right = sum(is_correct(a.text, a.abstained, q["answers"], (), False) for a, q in zip(answers, chosen, strict=True))
    interval = wilson_interval(right, len(chosen))
    figures: dict[str, Any] = {
        "documents": report.documents,
        "chunks": report.chunks,
        "questions": len(chosen),
        "correct": right / len(chosen),
        "correct_low": interval.low,
        "correct_high": interval.high,
        "recall@5": float(np.mean([_recall(a, q, 5) for a, q in zip(answers, chosen, strict=True)])),
        "abstained_on_answerable": float(np.mean([a.abstained for a in answers])),
        "words_most": max(len(a.text.split()) for a in answers),
        "p50_ms": float(np.quantile([a.timings_ms["total"] for a in answers], 0.5)),
        "p95_ms": float(np.quantile([a.timings_ms["total"] for a in answers], 0.95)),
    }
    if unanswerable:
        figures["unanswerable_questions"] = len(unanswerable)
        figures["abstained_on_unanswerable"] = float(
            np.mean([pipeline.answer(q["question"]).abstained for q in unanswerable])
        )
    return figures


def _recall(answer: Answer, query: Mapping[str, Any], k: int) -> float:
    gold = {entry["doc_id"] for entry in query["relevant"]}
    found = list(dict.fromkeys(entry.document for entry in answer.retrieved))[:k]
    return len(gold & set(found)) / len(gold)
