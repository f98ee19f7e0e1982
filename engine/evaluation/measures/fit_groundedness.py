"""Fits the groundedness model and writes ``groundedness.json``.

    python -m engine.evaluation.measures.fit_groundedness DATA [--out FILE]

DATA is a folder of RAGTruth's question-answering part (``items.jsonl``, ``corpus.jsonl``). One sentence of a response
is one example; it is supported when no labelled hallucination overlaps it (spans marked ``implicit_true`` count: true,
but not in the context). Sentences about the passages themselves ("Based on passage 2, ...") and headings claim nothing
and are left out. Questions are split by a hash of their id, 70 % to fit and 30 % to measure; responses that people
marked as truncated or wrongly refused are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.evaluation.logistic import fit_logistic, measure_auroc, measure_calibration_error
from engine.evaluation.measures.groundedness import COEFFICIENTS, FEATURES, WORD, describe_support

RIDGE = 1e-3
_NO_CLAIM = re.compile(r"\bpassages?\b|\bprovided (?:text|information|context)\b|\bunable to\b|:\s*$", re.IGNORECASE)


def split_response(text: str, *, claims_only: bool) -> list[tuple[int, int]]:
    """Sentences and lines that hold a word (and, with ``claims_only``, claim something), as start and end."""
    spans, at = [], 0
    for end in [m.end() for m in re.finditer(r"(?<=[A-Za-z\)\"'][.!?])\s+|\n+", text)] + [len(text)]:
        if WORD.search(text, at, end) and not (claims_only and _NO_CLAIM.search(text[at:end].strip())):
            spans.append((at, end))
        at = end
    return spans


def load_examples(folder: Path, *, claims_only: bool = True) -> Iterator[tuple[str, bool, np.ndarray, np.ndarray]]:
    """Per response: question id, hallucinated, features (n, f) and unsupported (n,) of its sentences."""
    texts = {row["id"]: row["text"] for row in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))}
    for item in map(json.loads, (folder / "items.jsonl").open(encoding="utf-8")):
        spans = split_response(item["response"], claims_only=claims_only)
        if item["quality"] != "good" or not spans:
            continue
        contexts = [texts[i] for i in item["context_ids"]]
        features = np.array([describe_support(item["response"][a:b], contexts) for a, b in spans])
        bad = np.array([any(x["start"] < b and x["end"] > a for x in item["labels"]) for a, b in spans])
        yield item["source_id"], item["hallucinated"], features, bad


def _is_fitted_on(question_id: str) -> bool:
    return int(hashlib.sha256(question_id.encode()).hexdigest(), 16) % 10 < 7


def fit(folder: Path) -> dict[str, Any]:
    """The object of ``groundedness.json``."""
    examples = list(load_examples(folder))
    fitted = [e for e in examples if _is_fitted_on(e[0])]
    x = np.concatenate([e[2] for e in fitted])
    w = fit_logistic(x, 1.0 - np.concatenate([e[3] for e in fitted]), RIDGE)
    everything = [e for e in load_examples(folder, claims_only=False) if not _is_fitted_on(e[0])]
    return {
        "version": 1,
        "features": list(FEATURES),
        "intercept": round(float(w[0]), 6),
        "coefficients": [round(float(v), 6) for v in w[1:]],
        "data": "RAGTruth question answering (MIT), commit c103204b, responses of four models, quality marked good",
        "split": "70 % of the questions to fit, 30 % held out, by sha256 of the question's id",
        "fitted": {"responses": len(fitted), "sentences": len(x)},
        "held_out": _measure_fit(w, [e for e in examples if not _is_fitted_on(e[0])]),
        "held_out_with_sentences_that_claim_nothing": _measure_fit(w, everything),
        "published_auroc_response": {"unigram overlap": 0.647, "answer length": 0.644},
        "date": datetime.now(UTC).date().isoformat(),
    }


def _measure_fit(w: np.ndarray, examples: list[tuple[str, bool, np.ndarray, np.ndarray]]) -> dict[str, float]:
    per_response = [1 / (1 + np.exp(-(w[0] + e[2] @ w[1:]))) for e in examples]
    p, supported = np.concatenate(per_response), 1.0 - np.concatenate([e[3] for e in examples])
    hallucinated = np.array([e[1] for e in examples])
    return {
        "responses": len(examples),
        "sentences": len(p),
        "share_supported": round(float(supported.mean()), 4),
        "auroc_sentence": round(measure_auroc(p, supported == 1), 4),
        "ece_sentence": round(measure_calibration_error(p, supported), 4),
        "auroc_response_lowest_sentence": round(
            measure_auroc(-np.array([q.min() for q in per_response]), hallucinated), 4
        ),
        "auroc_response_mean": round(measure_auroc(-np.array([q.mean() for q in per_response]), hallucinated), 4),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Fit the groundedness model.")
    parser.add_argument("data", type=Path, help="folder with items.jsonl and corpus.jsonl of RAGTruth")
    parser.add_argument("--out", type=Path, default=COEFFICIENTS)
    arguments = parser.parse_args()
    text = json.dumps(fit(arguments.data), indent=2)
    arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
