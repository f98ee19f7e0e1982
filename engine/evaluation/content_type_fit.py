"""Fit the detector of content types on labelled texts: one half of the documents to fit, the other to report on."""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.logistic import fit_logistic, measure_calibration_error
from engine.ingestion.content_features import FEATURES, measure_features
from engine.ingestion.content_types import CONTENT_TYPES, PATH, QUESTIONS, Weights, load_weights, weigh_types
from engine.json_lines import read_rows

SALT = "phasegate"
RIDGE = 3e-4
# Encyclopedic prose has no label of its own; it counts as prose in which nobody speaks.
PLAIN = "expository"


def load_items(data: Path) -> list[dict[str, Any]]:
    """The rows of ``items.jsonl``: ``text``, ``label``, and where known ``id`` and ``kind``.

    Raises:
        InputError: no such file, or a row without text or label.
    """
    path = data / "items.jsonl"
    items = list(read_rows(path))
    for number, item in enumerate(items, 1):
        if not isinstance(item.get("text"), str) or item.get("label") not in (*CONTENT_TYPES, PLAIN):
            raise InputError(
                f"{path}, line {number}: expected a text and a label.", f"Labels: {', '.join((*CONTENT_TYPES, PLAIN))}."
            )
    return items


def name_document(item: dict[str, Any]) -> str:
    """The document that an item was cut from: its id up to the offsets, else the text itself."""
    return str(item.get("id") or item["text"]).split("@")[0]


def fit_content_types(data: Path, path: Path = PATH, code: str | None = None) -> dict[str, Any]:
    """Fit on one half of the documents of ``data/items.jsonl``, write the weights, return their provenance.

    Args:
        data: the folder of the labelled texts.
        path: the file of the weights; the shipped one when left out.
        code: the version of the code, for the provenance.

    Raises:
        InputError: the file is missing or broken, or the half to fit on lacks one of the four types.
    """
    items = load_items(data)
    fitting = [item for item in items if not is_held_out(name_document(item))]
    missing = set(CONTENT_TYPES) - {item["label"] for item in fitting}
    if missing:
        raise InputError(f"{data}: no texts of the type {', '.join(sorted(missing))} to fit on.", "Add some of each.")
    weights = fit_weights([measure_features(item["text"]) for item in fitting], [item["label"] for item in fitting])
    provenance = {
        "data": data.name,
        "code": code,
        "split": "by document: crc32 of salt and document, even to fit, odd to report",
        "fitted_on": len(fitting),
        "date": datetime.date.today().isoformat(),
        "held_out": _report([item for item in items if is_held_out(name_document(item))], weights),
        "documents": sorted({hash_document(name_document(item)) for item in fitting}),
    }
    path.write_text(json.dumps({"weights": weights, "provenance": provenance}, indent=1) + "\n")
    load_weights.cache_clear()
    return provenance


def fit_weights(features: Sequence[Sequence[float]], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Weights of the three questions, each asked of the texts that the one before leaves over."""
    x, y = np.array(features), np.array(labels)
    asked = {
        "technical": (np.ones(len(y), bool), y == "technical"),
        "speech": (y != "technical", np.isin(y, ("dialogue", "mixed"))),
        "dialogue": (np.isin(y, ("dialogue", "mixed")), y == "dialogue"),
    }
    weights = {}
    for question, (rows, positive) in asked.items():
        names = QUESTIONS[question]
        columns = [FEATURES.index(name) for name in names]
        fitted = fit_logistic(x[rows][:, columns], positive[rows].astype(float), RIDGE)
        weights[question] = dict(zip(("intercept", *names), np.round(fitted, 4).tolist(), strict=True))
    return weights


def hash_document(document: str) -> int:
    """What stands for a document in the provenance."""
    return zlib.crc32(f"{SALT}{document}".encode())


def is_held_out(document: str) -> bool:
    """Whether a document belongs to the half that is reported on."""
    return hash_document(document) % 2 == 1


def _report(items: Sequence[dict[str, Any]], weights: Weights) -> dict[str, Any]:
    labelled = [item for item in items if item["label"] != PLAIN]
    shares = [weigh_types(measure_features(item["text"]), weights) for item in labelled]
    names = [max(share, key=lambda kind: share[kind]) for share in shares]
    right = np.array([name == item["label"] for name, item in zip(names, labelled, strict=True)], float)
    return {
        "n": len(labelled),
        "accuracy": round(float(right.mean()), 4),
        "ece": round(measure_calibration_error(np.array([max(s.values()) for s in shares]), right), 4),
    }
