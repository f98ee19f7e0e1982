"""How many attacks are seen, by class, and how many harmless texts are taken for one; the same of instructions in documents.

Texts that the shipped models were fitted on are scored by models fitted without their like (see
``engine.evaluation.injection_fit``), all others by what ships. ``--set refit=true`` fits anew first and writes the weights.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.figures import latency_figures
from engine.bench.options import read_switch, refuse_unknown
from engine.bench.pii import rate_figure
from engine.errors import InputError
from engine.evaluation.injection_fit import (
    ATTACKS,
    RIDGE,
    THRESHOLDS,
    build_sentences,
    cross_fit,
    find_part,
    fit_injection,
    hash_text,
    load_documents,
    load_examples,
    load_texts,
    name_opening,
)
from engine.evaluation.logistic import build_bins, measure_auroc, measure_calibration_error
from engine.guard.injection import find_instructions, load_model, score_injection
from engine.guard.injection_features import count_cues
from engine.json_lines import read_rows
from engine.settings import DATASETS

PUBLISHED = {"guards of other makers on NotInject (PIGuard, 2024)": {"accuracy": 0.6}}
SAMPLE = 80  # documents of each neighbouring data set


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Detection by class, over-defence, AUC and calibration, with intervals.

    Raises:
        InputError: no data set was given, or its rows are not of its form.
    """
    refuse_unknown(overrides, ("refit",))
    if data is None:
        raise InputError("bench injection needs --data.", "Give a folder with items.jsonl and documents.jsonl.")
    clean = load_clean(data)
    if read_switch(overrides, "refit", False):
        from engine.run_preparation import find_commit

        fit_injection(data, clean, measure_cross_fitted, code=find_commit())
    known = set(load_model()["provenance"]["texts"])
    rows = load_texts(data)
    unseen = [row for row in rows if hash_text(row["text"]) not in known]
    figures: dict[str, Any] = {"cross_fitted": measure_cross_fitted(data, clean)}
    if unseen:
        scores = np.array([score_injection(row["text"]).probability for row in unseen])
        figures["unseen"] = report_texts(unseen, scores)
    fresh = set(load_model()["provenance"]["documents"])
    documents = [row for row in load_documents(data) if hash_text(row["text"]) not in fresh]
    if documents:
        figures["unseen_documents"] = report_documents(documents, [_flags(row) for row in documents])
    return {**figures, "thresholds": THRESHOLDS, "speed": _measure_speed(rows), "published": PUBLISHED}


def load_clean(data: Path) -> list[str]:
    """Ordinary documents: those that come with Phasegate, and a sample of the data sets beside ``data``."""
    files = sorted((DATASETS / "corpora").rglob("*"))
    texts = [path.read_text(encoding="utf-8")[:8_000] for path in files if path.suffix in (".md", ".txt")]
    chance = random.Random(3)
    for path in sorted(data.parent.glob("*/corpus*.jsonl")):
        others = [row["text"][:5_000] for row in read_rows(path) if isinstance(row.get("text"), str) and row["text"]]
        texts += chance.sample(others, min(SAMPLE, len(others)))
    return texts


def measure_cross_fitted(data: Path, clean: Sequence[str]) -> dict[str, Any]:
    """Every text and every instruction scored by models that were fitted without its like."""
    rows = [*load_texts(data), *load_examples()]
    x = np.array([count_cues(row["text"]) for row in rows])
    y = np.array([row["label"] in ATTACKS for row in rows], float)
    part = np.array([find_part(name_opening(row["text"])) for row in rows])
    scores = cross_fit(x, y, part, RIDGE["attack"])
    documents = [*load_documents(data), *({"id": f"clean{i}", "text": text} for i, text in enumerate(clean))]
    sentences = build_sentences(documents)
    by_sentence = cross_fit(sentences.x, sentences.y, sentences.part, RIDGE["sentence"])
    said = np.maximum(by_sentence, sentences.attack) >= THRESHOLDS["instruction"]
    flags = []
    for number in range(len(documents)):
        own = said & (sentences.document == number)
        flags.append((bool((own & (sentences.y == 1)).any()), bool((own & (sentences.y == 0)).any())))
    return {"texts": report_texts(rows, scores), "documents": report_documents(documents, flags)}


def report_texts(rows: Sequence[Mapping[str, Any]], scores: np.ndarray) -> dict[str, Any]:
    """Detection by class, false alarms by source of harmless texts, AUC and calibration."""
    y = np.array([row["label"] in ATTACKS for row in rows], float)
    said = scores >= THRESHOLDS["attack"]
    detection: dict[str, list[bool]] = {}
    over: dict[str, list[bool]] = {}
    for row, hit in zip(rows, said.tolist(), strict=True):
        source = str(row.get("source", "unknown")).split("/")[0]
        if row["label"] in ATTACKS:
            detection.setdefault(f"{row['label']} ({source})", []).append(hit)
        else:
            over.setdefault(source, []).append(hit)
    both = 0 < y.sum() < len(y)
    return {
        "n": len(rows),
        "detection": {name: rate_figure(hits) for name, hits in sorted(detection.items())},
        "over_defence": {name: rate_figure(hits) for name, hits in sorted(over.items())},
        "auc": round(measure_auroc(scores, y > 0), 4) if both else None,
        "ece": round(measure_calibration_error(scores, y), 4),
        "bins": build_bins(scores, y),
    }


def report_documents(documents: Sequence[Mapping[str, Any]], flags: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    """How many instructions were found, by category and place, and in how many documents another sentence was taken for one.

    Args:
        flags: of each document, whether its instruction was found, and whether another sentence was flagged.
    """
    found: dict[str, list[bool]] = {}
    places: dict[str, list[bool]] = {}
    alarms: dict[str, list[bool]] = {}
    for document, (hit, alarm) in zip(documents, flags, strict=True):
        if document.get("attack_span"):
            found.setdefault(str(document.get("attack_category", "any")), []).append(hit)
            places.setdefault(str(document.get("position", "any")), []).append(hit)
        alarms.setdefault("poisoned sets, clean part" if "injected" in document else "ordinary documents", []).append(
            alarm
        )
    return {
        "detection": rate_figure([hit for hits in found.values() for hit in hits]),
        "by_category": {name: rate_figure(hits) for name, hits in sorted(found.items())},
        "by_place": {name: rate_figure(hits) for name, hits in sorted(places.items())},
        "false_alarms": {name: rate_figure(hits) for name, hits in sorted(alarms.items())},
    }


def _flags(document: Mapping[str, Any]) -> tuple[bool, bool]:
    span = document.get("attack_span") or (0, 0)
    spans = find_instructions(document["text"])
    inside = [2 * (min(s.end, span[1]) - max(s.start, span[0])) >= s.end - s.start for s in spans]
    return any(inside), not all(inside)


def _measure_speed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    score_injection("Warm up?")
    taken = []
    for row in rows:
        started = time.perf_counter()
        score_injection(row["text"])
        taken.append(1000 * (time.perf_counter() - started))
    return latency_figures(taken)
