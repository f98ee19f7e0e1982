"""Embedding against a bare ONNX Runtime loop over length-sorted batches, with the same weights on the same texts."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from engine.bench.texts import load_questions, load_texts
from engine.embedding.minilm import MiniLmEmbedder
from engine.embedding.weights import PRECISIONS, find_graph, find_model_folder
from engine.ingestion.sentences import split_sentences

ROUNDS = 5
TEXTS = 400
CHARACTERS = 1024
BARE_BATCH = 32
SINGLES = 100


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Characters a second, the ratio to the bare loop, loading time, query time; medians of interleaved rounds."""
    texts = [text[:CHARACTERS] for text in load_texts(data)][:TEXTS]
    questions = load_questions(data)[:200]
    figures: dict[str, Any] = {"texts": len(texts), "characters": sum(map(len, texts))}
    vectors = {}
    for precision in PRECISIONS:
        find_graph(precision)
        figures[f"load_s_{precision}"] = _load_seconds(precision)
        embedder = MiniLmEmbedder(precision)
        figures |= {
            f"{key}_{precision}": value for key, value in _measure_rates(embedder, _BareLoop(precision), texts).items()
        }
        figures[f"query_ms_{precision}"] = 1000 * statistics.median(_seconds(embedder.embed, [q]) for q in questions)
        vectors[precision] = embedder.embed(texts)
    figures["fast_over_exact"] = figures["characters_per_s_fast"] / figures["characters_per_s_exact"]
    cosines = (vectors["exact"] * vectors["fast"]).sum(axis=1)
    figures["cosine_fast_exact_mean"] = float(cosines.mean())
    figures["cosine_fast_exact_min"] = float(cosines.min())
    return figures


def _measure_rates(embedder: MiniLmEmbedder, bare: _BareLoop, texts: list[str]) -> dict[str, float]:
    """Rates of ours, with and without vectors of sentences, and of the bare loop, measured in turn."""
    spans = [split_sentences(text) for text in texts]
    embedder.embed(texts[:32])
    theirs, ours, sentences = [], [], []
    for _ in range(ROUNDS):
        theirs.append(_seconds(bare.embed, texts))
        ours.append(_seconds(embedder.embed, texts))
        sentences.append(_seconds(embedder.embed_spans, texts, spans))
    characters = sum(map(len, texts))
    short = [text[a:b] for text, own in zip(texts, spans, strict=True) for a, b in own][:TEXTS]
    return {
        "batch_over_one_at_a_time": _gain_of_batches(embedder, texts[:SINGLES]),
        "batch_over_one_at_a_time_sentences": _gain_of_batches(embedder, short[: 2 * SINGLES]),
        "characters_per_s": characters / statistics.median(ours),
        "characters_per_s_with_sentences": characters / statistics.median(sentences),
        "characters_per_s_bare_loop": characters / statistics.median(theirs),
        "ratio_to_bare_loop": statistics.median(t / o for t, o in zip(theirs, ours, strict=True)),
    }


def _gain_of_batches(embedder: MiniLmEmbedder, texts: list[str]) -> float:
    """Time of the texts one by one over the time of all at once, in turn."""
    gains = []
    for _ in range(3):
        together = _seconds(embedder.embed, texts)
        gains.append(sum(_seconds(embedder.embed, [text]) for text in texts) / together)
    return statistics.median(gains)


class _BareLoop:
    """What one would write without us: tokenize, sort by length, pad, run, mean, normalise."""

    def __init__(self, precision: str) -> None:
        self.session = onnxruntime.InferenceSession(str(find_graph(precision)), providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(find_model_folder() / "tokenizer.json"))
        self.tokenizer.enable_truncation(256)
        self.tokenizer.no_padding()

    def embed(self, texts: list[str]) -> np.ndarray:
        encodings = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        vectors = np.zeros((len(texts), MiniLmEmbedder.dimension), np.float32)
        for start in range(0, len(order), BARE_BATCH):
            rows = order[start : start + BARE_BATCH]
            longest = max(len(encodings[i].ids) for i in rows)
            ids = np.array([encodings[i].ids + [0] * (longest - len(encodings[i].ids)) for i in rows])
            mask = (np.arange(longest) < np.array([[len(encodings[i].ids)] for i in rows])).astype(np.int32)
            pool = (mask / mask.sum(axis=1, keepdims=True)).astype(np.float32)[:, None]
            pooled = self.session.run(["pooled"], {"ids": ids, "mask": mask, "pool": pool})[0][:, 0]
            vectors[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def _load_seconds(precision: str) -> float:
    """From the import to the first vector, in a process of its own."""
    code = (
        "import time; t = time.perf_counter()\n"
        "from engine.embedding.minilm import MiniLmEmbedder\n"
        f"MiniLmEmbedder({precision!r}).embed(['a text'])\n"
        "print(time.perf_counter() - t)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    return statistics.median(float(run.stdout) for run in runs)
