"""The bundled all-MiniLM-L6-v2 on ONNX Runtime.

A text's vector is the mean of its token vectors, scaled to unit length, as in sentence-transformers. A text longer than
the window of 256 tokens is cut into windows and the mean runs over the tokens of all of them. Vectors of sentences come
out of the same pass, as the mean over the sentence's tokens (late pooling, arXiv:2409.04701).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from engine.embedding.protocol import EmbeddedText, Progress, Spans
from engine.embedding.weights import find_graph, find_model_folder

WINDOW = 256
CLS, SEP = 101, 102
TOKENS_PER_BATCH = 1024


@dataclass(frozen=True, slots=True)
class _Window:
    """Up to 254 tokens of one text; ``pool`` (1 + spans, tokens) weighs them into the text's and the spans' sums."""

    text: int
    ids: np.ndarray
    pool: np.ndarray


class MiniLmEmbedder:
    """The bundled model at one precision: ``exact`` (fp32) or ``fast`` (int8 MatMul weights)."""

    dimension = 384

    def __init__(self, precision: str) -> None:
        self.name = f"all-MiniLM-L6-v2/{precision}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() or 1
        options.enable_mem_pattern = False  # a third less memory after long texts, no slower
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        graph = str(find_graph(precision))
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(find_model_folder() / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, 384), float32."""
        encodings = self._encode(texts)
        sums = np.zeros((len(texts), 1, self.dimension), np.float32)
        windows = [w for i, e in enumerate(encodings) for w in _windows(i, e.ids, np.ones((1, len(e.ids)), bool))]
        for batch, pooled in self._run(windows):
            for window, rows in zip(batch, pooled, strict=True):
                sums[window.text] += rows[:1]
        return _unit(sums[:, 0])

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Spans], progress: Progress | None = None
    ) -> list[EmbeddedText]:
        """The vector of each text and of each of its spans. ``progress(done, total)`` counts texts."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        windows = [w for i, e in enumerate(encodings) for w in _windows(i, e.ids, _membership(e, spans[i]))]
        sums = [np.zeros((1 + len(s), self.dimension), np.float32) for s in spans]
        done = 0
        for batch, pooled in self._run(windows):
            for window, rows in zip(batch, pooled, strict=True):
                sums[window.text] += rows[: len(window.pool)]
            done += len(batch)
            if progress:
                progress(len(texts) * done // len(windows), len(texts))
        units = [_unit(s) for s in sums]
        return [EmbeddedText(vector=u[0], span_vectors=u[1:].astype(np.float16)) for u in units]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, without [CLS] and [SEP]."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each word piece in the text, in order."""
        return self._tokenizer.encode(text, add_special_tokens=False).offsets

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        if len(texts) == 1:  # a batch of one costs twice as much
            return [self._tokenizer.encode(texts[0], add_special_tokens=False)]
        return self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)

    def _run(self, windows: list[_Window]) -> Iterator[tuple[list[_Window], np.ndarray]]:
        """Batches of 8 to 32 windows of like length, the longest first, each with its pooled rows."""
        order = sorted(windows, key=lambda w: len(w.ids), reverse=True)
        start = 0
        while start < len(order):
            longest = len(order[start].ids)
            batch = order[start : start + min(32, max(8, TOKENS_PER_BATCH // longest))]
            start += len(batch)
            ids = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros((len(batch), longest), np.int32)
            pool = np.zeros((len(batch), max(len(w.pool) for w in batch), longest), np.float32)
            for row, window in enumerate(batch):
                n = len(window.ids)
                ids[row, :n], mask[row, :n] = window.ids, 1
                pool[row, : len(window.pool), :n] = window.pool
            yield batch, self._session.run(["pooled"], {"ids": ids, "mask": mask, "pool": pool})[0]


def _membership(encoding: Encoding, spans: Spans) -> np.ndarray:
    """Bool (1 + spans, tokens): row 0 is the whole text, row k the tokens that overlap span k."""
    members = np.ones((1 + len(spans), len(encoding.ids)), bool)
    if spans:
        offsets = np.asarray(encoding.offsets).reshape(-1, 2)
        bounds = np.asarray(spans)
        members[1:] = (offsets[None, :, 0] < bounds[:, 1:]) & (offsets[None, :, 1] > bounds[:, :1])
    return members


def _windows(text: int, ids: Sequence[int], members: np.ndarray) -> list[_Window]:
    step = WINDOW - 2
    counts = np.maximum(members.sum(axis=1), 1).astype(np.float32)
    counts[0] += 2 * max(1, -(-len(ids) // step))
    windows = []
    for start in range(0, max(1, len(ids)), step):
        piece = ids[start : start + step]
        pool = np.zeros((len(members), len(piece) + 2), np.float32)
        pool[:, 1:-1] = members[:, start : start + step] / counts[:, None]
        pool[0, [0, -1]] = 1 / counts[0]
        windows.append(_Window(text, np.array([CLS, *piece, SEP]), pool))
    return windows


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
