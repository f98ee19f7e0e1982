"""The detector of content types on labelled texts: accuracy, F1 of each type, calibration, false alarms on plain prose."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.content_type_fit import PLAIN, hash_document, load_items, name_document
from engine.evaluation.logistic import measure_calibration_error
from engine.evaluation.statistics import wilson_interval
from engine.ingestion.content_types import CONTENT_TYPES, PATH, ContentType, detect_content_type

PUBLISHED = {"rule on the share of quotation marks, fiction": {"accuracy": 0.917}}
RESAMPLES = 1000


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of each set. Texts of documents that the detector was fitted on are counted and left out.

    Args:
        data: a folder with ``items.jsonl``, or one that holds several such folders.

    Raises:
        InputError: no data set was given, or none is there.
    """
    if data is None:
        raise InputError("bench content-types needs --data.", "Give a folder with items.jsonl.")
    folders = [data] if (data / "items.jsonl").is_file() else sorted(p.parent for p in data.glob("*/items.jsonl"))
    figures = {folder.name: _measure_set(folder) for folder in folders if len(folders) == 1 or _is_labelled(folder)}
    if not figures:
        raise InputError(f"{data}: no items.jsonl with labelled texts.", 'Its lines are {"text", "label", "kind"}.')
    return {**figures, "published": PUBLISHED}


def _is_labelled(folder: Path) -> bool:
    """Whether a folder among several holds content types, not another kind of items."""
    with (folder / "items.jsonl").open() as lines:
        first = json.loads(next(lines, "{}"))
    return isinstance(first.get("text"), str) and first.get("label") in (*CONTENT_TYPES, PLAIN)


def _measure_set(folder: Path) -> dict[str, Any]:
    items = load_items(folder)
    fitted = set(json.loads(PATH.read_text())["provenance"]["documents"])
    unseen = [item for item in items if hash_document(name_document(item)) not in fitted]
    if not unseen:
        raise InputError(f"{folder}: the detector was fitted on all of its documents.", "Give other texts.")
    found = [detect_content_type(item["text"]) for item in unseen]
    labelled = [(i["label"], f) for i, f in zip(unseen, found, strict=True) if i["label"] != PLAIN]
    plain = [f.name for i, f in zip(unseen, found, strict=True) if i["label"] == PLAIN]
    figures: dict[str, Any] = {"rows": len(items), "fitted_on_and_left_out": len(items) - len(unseen)}
    if labelled:
        figures |= _score_labelled(labelled)
        figures["accuracy_by_kind"] = _score_kinds(unseen, found)
    if plain:
        figures["expository"] = {"rows": len(plain)} | {
            f"called_{name}": round(plain.count(name) / len(plain), 4) for name in ("dialogue", "mixed", "technical")
        }
    return figures


def _score_labelled(rows: Sequence[tuple[str, ContentType]]) -> dict[str, Any]:
    labels, names = [label for label, _ in rows], [found.name for _, found in rows]
    right = np.array([a == b for a, b in zip(labels, names, strict=True)])
    interval = wilson_interval(int(right.sum()), len(right))
    scores = {name: _score_type(name, labels, names) for name in CONTENT_TYPES if name in labels}
    low, high = _resample_macro(labels, names)
    confusion = Counter(zip(labels, names, strict=True))
    return {
        "labelled": len(rows),
        "accuracy": round(float(right.mean()), 4),
        "accuracy_low": round(interval.low, 4),
        "accuracy_high": round(interval.high, 4),
        "macro_f1": round(float(np.mean([score["f1"] for score in scores.values()])), 4),
        "macro_f1_low": low,
        "macro_f1_high": high,
        "types": scores,
        "confusion": {a: {b: confusion[a, b] for b in CONTENT_TYPES if confusion[a, b]} for a in scores},
        "confidence_mean": round(float(np.mean([found.confidence for _, found in rows])), 4),
        "ece": round(measure_calibration_error(np.array([f.confidence for _, f in rows]), right.astype(float)), 4),
    }


def _score_type(name: str, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    hits = sum(a == b == name for a, b in zip(labels, names, strict=True))
    gold, said = labels.count(name), names.count(name)
    return {
        "rows": gold,
        "f1": round(2 * hits / (gold + said), 4) if gold + said else 0.0,
        "precision": round(hits / said, 4) if said else 0.0,
        "recall": round(hits / gold, 4) if gold else 0.0,
    }


def _resample_macro(labels: Sequence[str], names: Sequence[str]) -> tuple[float, float]:
    """The middle 95 % of macro-F1 over resampled rows."""
    known = sorted(set(labels))
    code = {name: i for i, name in enumerate((*known, *sorted(set(names) - set(known))))}
    gold, said = np.array([code[a] for a in labels]), np.array([code[b] for b in names])
    chosen = np.random.default_rng(7).integers(0, len(gold), (RESAMPLES, len(gold)))
    f1 = []
    for c in range(len(known)):
        is_gold, is_said = (gold == c)[chosen], (said == c)[chosen]
        f1.append(2 * (is_gold & is_said).sum(axis=1) / np.maximum(is_gold.sum(axis=1) + is_said.sum(axis=1), 1))
    low, high = np.quantile(np.mean(f1, axis=0), [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def _score_kinds(items: Sequence[Mapping[str, Any]], found: Sequence[ContentType]) -> dict[str, dict[str, Any]]:
    kinds: dict[str, list[bool]] = {}
    for item, answer in zip(items, found, strict=True):
        if item["label"] != PLAIN:
            kinds.setdefault(str(item.get("kind", "any")), []).append(answer.name == item["label"])
    return {
        kind: {"rows": len(hits), "accuracy": round(sum(hits) / len(hits), 4)} for kind, hits in sorted(kinds.items())
    }
