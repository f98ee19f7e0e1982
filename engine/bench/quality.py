"""Answers on labelled sets with the default settings: right answers, gold in the context, recall, abstention."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.calibration.pools import WHOLE, LabelledSet, find_sets
from engine.corpora import ingest_corpus
from engine.errors import InputError
from engine.evaluation.measures.correctness import holds_answer, is_correct
from engine.evaluation.statistics import wilson_interval
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.types import Answer

# All answerable questions of a set up to so many, and a tenth as many unanswerable ones.
QUESTIONS = 5000
KNOWN = {
    "squad2": "given paragraphs: BM25 recall@5 0.933, dense 0.89, RRF 0.953; simple sentence pickers: about 0.83 correct",
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By set: whole articles are used where the set has them, else the given passages.

    Raises:
        InputError: no data set was given.
    """
    if data is None:
        raise InputError(
            "bench quality needs --data.", "Give a folder with corpus.jsonl and queries.jsonl, or of such."
        )
    settings = PipelineSettings().with_values(overrides)
    return {labelled.name: _measure_set(labelled, settings) for labelled in find_sets(data)}


def _measure_set(labelled: LabelledSet, settings: PipelineSettings) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_bytes(labelled.corpus.read_bytes())
        report = ingest_corpus("quality", [path], settings, replace=True)
    answerable = [q for q in labelled.queries if q["answerable"] and q["gold"]]
    others = [q for q in labelled.queries if not q["answerable"]]
    chosen = random.Random(7).sample(answerable, min(QUESTIONS, len(answerable)))
    unanswerable = random.Random(7).sample(others, min(QUESTIONS // 10, len(others)))
    pipeline = open_pipeline("quality", settings)
    pipeline.warm_up()
    answers = [pipeline.answer(q["question"]) for q in chosen]
    times = [a.timings_ms["total"] for a in answers]
    figures: dict[str, Any] = {
        "documents": report.documents,
        "chunks": report.chunks,
        "questions": len(chosen),
        **_rate("covered", [_covers(a, q) for a, q in zip(answers, chosen, strict=True)]),
        "recall@5": float(np.mean([_recall(a, q, 5) for a, q in zip(answers, chosen, strict=True)])),
        "context_tokens_mean": float(np.mean([a.context.tokens for a in answers])),
        "context_tokens_most": max(a.context.tokens for a in answers),
        "context_quality_mean": float(np.mean([a.context.quality for a in answers])),
        "abstained_on_answerable": float(np.mean([a.abstained for a in answers])),
        "words_most": max(len(a.text.split()) for a in answers),
        "p50_ms": float(np.quantile(times, 0.5)),
        "p95_ms": float(np.quantile(times, 0.95)),
        "known": KNOWN.get(labelled.name),
    }
    figures |= _rate_answers(answers, chosen)
    if unanswerable:
        figures["unanswerable_questions"] = len(unanswerable)
        figures["abstained_on_unanswerable"] = _rate_abstention(pipeline, unanswerable)
    return figures


def _rate_answers(answers: Sequence[Answer], queries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Right answers and gold answers in the context, over the questions that have short gold answers."""
    pairs = [(a, q) for a, q in zip(answers, queries, strict=True) if q["answers"]]
    if not pairs:
        return {}
    right = [is_correct(a.text, a.abstained, q["answers"], (), False) for a, q in pairs]
    texts = [(" ".join(part.text for part in a.context.parts), q["answers"]) for a, q in pairs]
    held = [any(holds_answer(text, gold) for gold in answers) for text, answers in texts]
    return {**_rate("correct", right), **_rate("answer_in_context", held)}


def _rate(name: str, flags: Sequence[bool]) -> dict[str, float]:
    interval = wilson_interval(sum(flags), len(flags))
    return {name: sum(flags) / len(flags), f"{name}_low": interval.low, f"{name}_high": interval.high}


def _rate_abstention(pipeline: RagPipeline, queries: Sequence[Mapping[str, Any]]) -> float:
    return float(np.mean([pipeline.answer(q["question"]).abstained for q in queries]))


def _covers(answer: Answer, query: Mapping[str, Any]) -> bool:
    """Whether the context holds a character of a gold span."""
    parts = answer.context.parts
    return any(
        p.document == d and p.start < (end or WHOLE) and p.end > start for d, start, end in query["gold"] for p in parts
    )


def _recall(answer: Answer, query: Mapping[str, Any], k: int) -> float:
    gold = {document for document, _, _ in query["gold"]}
    found = list(dict.fromkeys(entry.document for entry in answer.retrieved))[:k]
    return len(gold & set(found)) / len(gold)
