"""Fit how hybrid search weighs meaning, best sentence, words and names, on labelled sets together.

Three coefficients are chosen by the mean nDCG@10 over the sets, each counting alike, on the questions of one half of the
documents. What is reported is the other half: with the coefficients of all sets, and with those of the others alone,
which is what a corpus that no set resembles may expect.
"""

from __future__ import annotations

import datetime
import json
import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.document_ranking import SearchedSet, find_sets, load_queries
from engine.retrieval.fusion import BALANCE_PATH, Balance, Evidence, fuse_scores, load_balance
from engine.settings import PipelineSettings

QUESTIONS_PER_SET = 400
CUTOFF = 10
GRID: dict[str, tuple[float, ...]] = {
    "sentence": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "lexical": (0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.15, 0.18, 0.22, 0.3),
    "title": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
}
ROUNDS = 3
# Values this near to the best are as good as it: their mean is taken, away from the edge of what works.
PLATEAU = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The shortlists of a set's questions as arrays (questions, places); ``documents`` is -1 behind the last."""

    evidence: Evidence
    documents: np.ndarray
    gold: np.ndarray
    best: np.ndarray

    def measure(self, balance: Balance, settings: PipelineSettings, rows: np.ndarray) -> float:
        """Mean nDCG@10 on documents over some questions."""
        scores = np.where(self.documents >= 0, fuse_scores(self.evidence, settings, balance), -np.inf)[rows]
        order = np.argsort(-scores, axis=1, kind="stable")
        documents = np.take_along_axis(self.documents[rows], order, 1)
        gold = np.take_along_axis(self.gold[rows], order, 1)
        same = documents[:, :, None] == documents[:, None, :]
        first = ~np.tril(same, -1).any(axis=2) & (documents >= 0)
        rank = np.cumsum(first, axis=1)
        gains = np.where(first & gold & (rank <= CUTOFF), 1 / np.log2(rank + 1.0), 0.0)
        return float((gains.sum(axis=1) / self.best[rows]).mean())


def fit_retrieval(
    data: Path, settings: PipelineSettings, out: Path = BALANCE_PATH, code: str | None = None
) -> dict[str, Any]:
    """Fit, write the coefficients with their provenance, return the provenance.

    Args:
        data: a set's folder, or one of several.
        code: the version of the code, for the provenance.

    Raises:
        InputError: no set was found.
    """
    settings = settings.with_values({"mode": "hybrid", "fusion": "learned", "weight": 0.5, "filter": ""})
    pools: dict[str, _Pool] = {}
    held_out: dict[str, np.ndarray] = {}
    for name, folder in find_sets(data, "calibration"):
        pools[name], held_out[name] = _pool(folder, settings)
    fitting = {name: np.flatnonzero(~held_out[name]) for name in pools}
    balance = _fit(pools, fitting, settings)
    report = {}
    for name, pool in pools.items():
        rows = np.flatnonzero(held_out[name])
        others = {other: p for other, p in pools.items() if other != name}
        without = _fit(others, fitting, settings) if others else balance
        ways = {
            "dense": (balance, {"mode": "dense"}),
            "rrf": (balance, {"fusion": "rrf"}),
            "fitted": (balance, {}),
            "fitted on the other sets": (without, {}),
        }
        report[name] = {"n": len(rows)} | {
            way: round(pool.measure(b, settings.with_values(values), rows), 4) if len(rows) else None
            for way, (b, values) in ways.items()
        }
    provenance = {
        "data": list(pools),
        "split": "by document: crc32 of the first relevant document, even to fit, odd to report",
        "questions": {name: len(pool.best) for name, pool in pools.items()},
        "code": code,
        "measure": f"nDCG@{CUTOFF} on documents, mean over sets",
        "date": datetime.date.today().isoformat(),
        "embedder": settings.embedder,
        "precision": settings.precision,
        "held_out": report,
    }
    content = {name: getattr(balance, name) for name in GRID} | {"provenance": provenance}
    out.write_text(json.dumps(content, indent=1) + "\n")
    load_balance.cache_clear()
    return provenance


def _fit(pools: Mapping[str, _Pool], rows: Mapping[str, np.ndarray], settings: PipelineSettings) -> Balance:
    """One coefficient after the other, three times over."""
    values = {"sentence": 0.4, "lexical": 0.11, "title": 0.2}
    for _ in range(ROUNDS):
        for name, grid in GRID.items():
            found = [_objective(pools, rows, settings, values | {name: value}) for value in grid]
            near = [value for value, score in zip(grid, found, strict=True) if score >= max(found) - PLATEAU]
            values[name] = round(float(np.mean(near)), 4)
    return Balance(**values, provenance={})


def _objective(
    pools: Mapping[str, _Pool], rows: Mapping[str, np.ndarray], settings: PipelineSettings, values: Mapping[str, float]
) -> float:
    balance = Balance(**values, provenance={})
    return float(np.mean([p.measure(balance, settings, rows[n]) for n, p in pools.items() if len(rows[n])]))


def _pool(folder: Path, settings: PipelineSettings) -> tuple[_Pool, np.ndarray]:
    """The shortlists of a set's questions, and which questions are held out."""
    queries = load_queries(folder)
    chosen = random.Random(7).sample(queries, min(QUESTIONS_PER_SET, len(queries)))
    posed = [(text, query["gold"], min(query["gold"])) for query in chosen for text in _phrasings(query)]
    searched = SearchedSet(folder, settings)
    vectors = searched.embed([text for text, _, _ in posed])
    found = [searched.collect(text, vector) for (text, _, _), vector in zip(posed, vectors, strict=True)]
    width = max(len(chunks) for chunks, _ in found)
    numbers: dict[str, int] = {}
    documents, gold = np.full((len(posed), width), -1), np.zeros((len(posed), width), bool)
    columns = {name: np.zeros((len(posed), width)) for name in ("dense", "lexical", "sentences", "titles")}
    for row, ((_, wanted, _), (chunks, evidence)) in enumerate(zip(posed, found, strict=True)):
        names = [chunk.document for chunk in chunks]
        documents[row, : len(names)] = [numbers.setdefault(name, len(numbers)) for name in names]
        gold[row, : len(names)] = [name in wanted for name in names]
        for name, values in columns.items():
            values[row, : len(names)] = getattr(evidence, name)[0]
    best = np.array([sum(1 / np.log2(i + 2.0) for i in range(min(CUTOFF, len(g)))) for _, g, _ in posed])
    pool = _Pool(evidence=Evidence(chunks=searched.chunks, **columns), documents=documents, gold=gold, best=best)
    return pool, np.array([_is_held_out(document) for _, _, document in posed])


def _phrasings(query: Mapping[str, Any]) -> Iterator[str]:
    """What a question is asked by: its rewrite where it has one; also by the name that it goes by, alone and with it."""
    question = query.get("rewrite") or query["question"]
    yield question
    if query.get("alert_name"):
        yield query["alert_name"]
        yield f"{query['alert_name']} {question}"


def _is_held_out(document: str) -> bool:
    group = document.split("#")[0].split("/")[0]  # the parts of a document or case stay together
    return zlib.crc32(f"fusion{group}".encode()) % 2 == 1
