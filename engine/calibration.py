"""Fit evidence and context quality on labelled question-answering sets.

Data is split by document: the models are fitted on one half of each set and reported on the other. A set is a folder
with ``corpus.jsonl`` and ``queries.jsonl``. Questions count as supported when the chosen context holds a gold span.
Negatives come in three kinds: questions that the set calls unanswerable, answerable ones whose gold document is left
out of what was retrieved, and questions asked of another set's corpus.
"""

from __future__ import annotations

import datetime
import json
import random
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from engine.context.coefficients import PATH, Coefficients
from engine.context.evidence import FEATURES, build_evidence
from engine.context.quality import FEATURES as QUALITY_FEATURES
from engine.context.quality import build_quality_features
from engine.context.select import select_context
from engine.context.words import Question, parse_question
from engine.corpora import ingest_corpus
from engine.embedding import load_embedder
from engine.errors import InputError
from engine.evaluation.logistic import fit_logistic, measure_auroc, measure_calibration_error
from engine.index import Catalog, ChunkTable
from engine.retrieval import Retrieved, retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import EvidenceSentence

SETS = ("squad2", "nq_gold", "clapnq_dev", "chunking_eval", "pubmedqa", "runbooks_alerts")
# Sets whose gold spans are as short as an answer; the others tell which passages support an answer, not which sentence.
SENTENCE_SETS = ("squad2", "nq_gold", "clapnq_dev")
QUESTIONS_PER_SET = 700
SALT = "phasegate"  # leaves documents of every set on both sides
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class _Case:
    question: Question
    retrieved: Retrieved
    gold: tuple[tuple[str, int, int], ...]
    held_out: bool
    kind: str
    data: str


def calibrate(data: Path, settings: PipelineSettings) -> dict[str, Any]:
    """Fit, write ``coefficients.json``, return what stands in its provenance.

    Args:
        data: the folder that holds the sets of ``SETS``.

    Raises:
        InputError: one of the sets is missing.
    """
    missing = [name for name in SETS if not (data / name / "queries.jsonl").is_file()]
    if missing:
        raise InputError(
            f"{data}: the sets {', '.join(missing)} are not there.",
            "Each is a folder with corpus.jsonl and queries.jsonl.",
        )
    cases = [case for name in SETS for case in _load_cases(data, name, settings)]
    precise = [c for c in cases if c.kind == "answerable" and not c.held_out and c.data in SENTENCE_SETS]
    raw = _fit_sentences(precise)
    draft = Coefficients(sentence=raw.astype(np.float32), quality=np.zeros(len(QUALITY_FEATURES) + 1), provenance={})
    rows = [(_quality_row(case, draft, settings), case) for case in cases]
    known = [(x, supported, case) for (x, supported), case in rows if x is not None]
    fitted = _fit_quality([(x, y) for x, y, case in known if not case.held_out])
    report = _report(known, fitted)
    provenance = {
        "data": list(SETS),
        "split": "by document: crc32 of salt and document, even to fit, odd to report",
        "questions": len(cases),
        "date": datetime.date.today().isoformat(),
        "embedder": load_embedder(settings).name,
        "settings": settings.as_dict(),
        "held_out": report,
    }
    content = {
        "sentence": dict(zip(FEATURES, np.round(raw, 5).tolist(), strict=True)),
        "quality": dict(zip((*QUALITY_FEATURES, "intercept"), np.round(fitted, 5).tolist(), strict=True)),
        "provenance": provenance,
    }
    PATH.write_text(json.dumps(content, indent=1) + "\n")
    return provenance


def _load_cases(data: Path, name: str, settings: PipelineSettings) -> Iterator[_Case]:
    queries = [json.loads(line) for line in (data / name / "queries.jsonl").open()]
    others = [json.loads(line) for o in SETS if o != name for line in (data / o / "queries.jsonl").open()]
    chosen = random.Random(7).sample(queries, min(QUESTIONS_PER_SET, len(queries)))
    strangers = random.Random(8).sample(others, len(chosen) // 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_bytes((data / name / "corpus.jsonl").read_bytes())
        corpus = f"calibrate-{name}"
        ingest_corpus(corpus, [path], settings, replace=True)
    embedder = load_embedder(settings)
    catalog = Catalog()
    table = ChunkTable(catalog.folder, catalog.load(corpus).indexes[settings.index_fingerprint].table)

    def search(text: str) -> Retrieved:
        return retrieve_chunks(table, text, lambda: embedder.embed([text])[0], settings, lambda: 0.0)

    for query in chosen:
        question, retrieved = parse_question(query["question"]), search(query["question"])
        held_out = _is_held_out(
            query.get("source_doc") or (query["relevant"] or [{"doc_id": query["id"]}])[0]["doc_id"]
        )
        gold = tuple((r["doc_id"], r.get("start", 0), r.get("end", 10**9)) for r in query["relevant"])
        if query.get("answerable", True) and gold:
            yield _Case(question, retrieved, gold, held_out, "answerable", name)
            without = [c for c in retrieved.chunks if c.document not in {g[0] for g in gold}]
            if without and zlib.crc32(query["id"].encode()) % 3 == 0:
                yield _Case(question, replace(retrieved, chunks=without), (), held_out, "gold left out", name)
        elif not query.get("answerable", True):
            yield _Case(question, retrieved, (), held_out, "unanswerable", name)
    for query in strangers:
        yield _Case(
            parse_question(query["question"]),
            search(query["question"]),
            (),
            _is_held_out(query["id"]),
            "stranger",
            name,
        )


def _is_held_out(document: str) -> bool:
    group = document.split("#")[0]  # the paragraphs of an article stay together
    return zlib.crc32(f"{SALT}{group}".encode()) % 2 == 1


def _labels(sentences: Sequence[EvidenceSentence], gold: Sequence[tuple[str, int, int]]) -> np.ndarray:
    return np.array([any(s.document == d and s.start < b and s.end > a for d, a, b in gold) for s in sentences], bool)


def _evidence(case: _Case) -> tuple[np.ndarray, np.ndarray]:
    sentences, features = build_evidence(case.question, case.retrieved.vector, case.retrieved.chunks)
    return features, _labels(sentences, case.gold)


def _fit_sentences(cases: Sequence[_Case]) -> np.ndarray:
    """Weights on the raw features that minimise the softmax cross-entropy of the gold sentences of each question."""
    pools = [(f, y) for f, y in map(_evidence, cases) if y.any()]
    everything = np.concatenate([f for f, _ in pools])
    mean, scale = everything.mean(axis=0), everything.std(axis=0) + 1e-6
    scaled = [((f - mean) / scale, y) for f, y in pools]

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = 0.0, np.zeros_like(w)
        for z, y in scaled:
            s = z @ w
            p = np.exp(s - s.max())
            mass = float((p * y).sum())
            total -= np.log(mass / p.sum())
            gradient += z.T @ (p / p.sum() - p * y / mass)
        return total / len(scaled) + RIDGE * float(w @ w), gradient / len(scaled) + 2 * RIDGE * w

    return minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x / scale


def _quality_row(case: _Case, draft: Coefficients, settings: PipelineSettings) -> tuple[np.ndarray | None, bool]:
    sentences, features = build_evidence(case.question, case.retrieved.vector, case.retrieved.chunks)
    embedder = load_embedder(settings)
    selection = select_context(
        case.question,
        case.retrieved.vector,
        case.retrieved.chunks,
        settings,
        lambda text: embedder.count_tokens([text])[0],
        draft,
    )
    if not selection.evidence:
        return None, False
    rows = {(s.document, s.start): i for i, s in enumerate(sentences)}
    order = [rows[(s.document, s.start)] for s in selection.evidence]
    scores = np.array([s.score for s in selection.evidence])
    x = build_quality_features(case.question, selection.evidence, features[order], scores, selection.context.parts)
    parts = selection.context.parts
    supported = any(p.document == d and p.start <= b and p.end > a for d, a, b in case.gold for p in parts)
    return x, supported


def _fit_quality(rows: Sequence[tuple[np.ndarray, bool]]) -> np.ndarray:
    w = fit_logistic(np.stack([x for x, _ in rows]), np.array([y for _, y in rows], float), RIDGE)
    return np.append(w[1:], w[0])


def _report(rows: Sequence[tuple[np.ndarray, bool, _Case]], fitted: np.ndarray) -> dict[str, Any]:
    """AUC and calibration error on the held-out half, and the mean quality by kind of question."""
    held = [(1 / (1 + np.exp(-(x @ fitted[:-1] + fitted[-1]))), y, c.kind) for x, y, c in rows if c.held_out]
    p = np.array([row[0] for row in held])
    y = np.array([row[1] for row in held])
    kinds = sorted({row[2] for row in held})
    return {
        "n": len(held),
        "auc": round(measure_auroc(p, y), 4),
        "ece": round(measure_calibration_error(p, y), 4),
        "mean_by_kind": {k: round(float(p[[row[2] == k for row in held]].mean()), 4) for k in kinds},
        "below": {
            str(t): {k: round(float((p[[r[2] == k for r in held]] < t).mean()), 4) for k in kinds}
            for t in (0.2, 0.3, 0.4, 0.5)
        },
    }
