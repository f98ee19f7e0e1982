"""Fit the guards against injected instructions, and measure each text by models that did not see its like.

Texts are cut into five parts by their opening (near-copies of an attack stay together), documents' instructions by their
category. Each part is scored by models of the other four; what ships is fitted on all of them. Rows of later data that were
not fitted on are scored by what ships.
"""

from __future__ import annotations

import datetime
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.logistic import fit_logistic
from engine.guard.injection import PATH, clear_caches, list_candidates, score_as_attack
from engine.guard.injection_features import CUES, SENTENCE_FEATURES, count_cues
from engine.json_lines import read_rows

PARTS = 5
RIDGE = {"attack": 2e-3, "jailbreak": 5e-3, "sentence": 1e-3}
THRESHOLDS = {"attack": 0.5, "instruction": 0.5}
ATTACKS = ("injection", "jailbreak")
EXAMPLES = Path(__file__).with_name("injection_examples.json")
Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Candidates of all documents: features (n, f), which are the instruction, whose document each is, and its part.

    ``attack`` (n,) is what the model of questions says of each; it was fitted on no document.
    """

    x: Array
    y: Array
    document: Array
    part: Array
    attack: Array


def load_texts(data: Path) -> list[dict[str, Any]]:
    """``items.jsonl`` without those that are attacks only inside of a document: ``text``, ``label``, ``source``.

    Raises:
        InputError: no such file, or a row without text or label.
    """
    path = data / "items.jsonl"
    rows = list(read_rows(path))
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str) or row.get("label") not in (*ATTACKS, "indirect_instruction", "benign"):
            raise InputError(f"{path}, line {number}: expected a text and a label.", "injection, jailbreak or benign.")
    return [row for row in rows if row["label"] != "indirect_instruction"]


def load_examples() -> list[dict[str, Any]]:
    """Our own short attacks and harmless look-alikes."""
    lists = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return [
        {"text": text, "label": label, "source": "phasegate"} for label in (*ATTACKS, "benign") for text in lists[label]
    ]


def load_documents(data: Path) -> list[dict[str, Any]]:
    """``documents.jsonl``: ``id``, ``text``, and of an injected one ``attack_span`` and ``attack_category``."""
    path = data / "documents.jsonl"
    return list(read_rows(path)) if path.is_file() else []


def name_opening(text: str) -> str:
    """What near-copies of an attack share: the letters that it begins with."""
    return re.sub(r"[^a-z]", "", text.lower())[:40]


def hash_text(text: str) -> int:
    """What stands for a text in the provenance."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def find_part(name: str) -> int:
    """Which of the five parts a group of texts belongs to."""
    return zlib.crc32(f"phasegate{name}".encode()) % PARTS


def build_sentences(documents: Sequence[Mapping[str, Any]]) -> Sentences:
    """Features of the sentences that may be instructions; the instruction's part is its category's."""
    x, y, owner, part, attack = [], [], [], [], []
    for number, document in enumerate(documents):
        span = document.get("attack_span") or (0, 0)
        for start, end, features in list_candidates(document["text"]):
            inside = 2 * (min(end, span[1]) - max(start, span[0])) >= end - start
            x.append(features)
            y.append(inside)
            owner.append(number)
            group = document.get("attack_category", "") if inside else str(document["id"]).rsplit("-", 1)[0]
            part.append(find_part(str(group)))
            attack.append(score_as_attack(document["text"][start:end]))
    return Sentences(
        x=np.array(x), y=np.array(y, float), document=np.array(owner), part=np.array(part), attack=np.array(attack)
    )


def cross_fit(x: Array, y: Array, part: Array, ridge: float) -> Array:
    """The probability of each row by a model of the other parts."""
    scores = np.zeros(len(y))
    for number in range(PARTS):
        rest = part != number
        scores[~rest] = apply_weights(fit_logistic(x[rest], y[rest], ridge), x[~rest])
    return scores


def apply_weights(weights: Array, x: Array) -> Array:
    """Probabilities of rows under fitted weights."""
    scores: Array = 1 / (1 + np.exp(-np.clip(weights[0] + x @ weights[1:], -40, 40)))
    return scores


def fit_injection(
    data: Path,
    clean: Sequence[str],
    report: Callable[[Path, Sequence[str]], dict[str, Any]],
    path: Path = PATH,
    code: str | None = None,
) -> dict[str, Any]:
    """Fit on all texts of ``data`` and our own examples, write the weights, return their provenance.

    Args:
        clean: texts of ordinary documents, which hold no instructions to a model.
        report: measures by cross-fitting, before anything is written.
        code: the version of the code, for the provenance.

    Raises:
        InputError: a file is missing or broken.
    """
    rows = [*load_texts(data), *load_examples()]
    x = np.array([count_cues(row["text"]) for row in rows])
    attack = np.array([row["label"] in ATTACKS for row in rows], float)
    jailbreak = np.array([row["label"] == "jailbreak" for row in rows], float)
    documents = [*load_documents(data), *({"id": f"clean{i}", "text": text} for i, text in enumerate(clean))]
    sentences = build_sentences(documents)
    bad = attack == 1
    provenance = {
        "data": data.name,
        "code": code,
        "date": datetime.date.today().isoformat(),
        "split": "five parts by the opening of a text, by the category of an instruction; each scored by the other four",
        "fitted_on": {"texts": len(rows), "documents": len(documents), "sentences": len(sentences.y)},
        "measured": report(data, clean),
        "texts": sorted({hash_text(row["text"]) for row in rows}),
        "documents": sorted({hash_text(row["text"]) for row in documents}),
    }
    model = {
        "attack": _name_weights(fit_logistic(x, attack, RIDGE["attack"]), CUES),
        "jailbreak": _name_weights(fit_logistic(x[bad], jailbreak[bad], RIDGE["jailbreak"]), CUES),
        "sentence": _name_weights(fit_logistic(sentences.x, sentences.y, RIDGE["sentence"]), SENTENCE_FEATURES),
        "thresholds": THRESHOLDS,
        "provenance": provenance,
    }
    path.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    clear_caches()
    return provenance


def _name_weights(weights: Array, names: Sequence[str]) -> dict[str, float]:
    return dict(zip(("intercept", *names), np.round(weights, 4).tolist(), strict=True))
