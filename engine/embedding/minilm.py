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
from engine.embedding.token_index import TokenizedText
from engine.embedding.weights import find_graph, find_model_folder
from engine.embedding.windows import place_windows, weigh_window

WINDOW = 256
CLS, SEP = 101, 102
TOKENS_PER_BATCH = 1024
# Tokens of long documents that are embedded at a time.
PART_TOKENS = 16_384


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

    def embed_query(self, texts: Sequence[str]) -> np.ndarray:
        """As ``embed``: this machine makes nobody wait for another."""
        return self.embed(texts)

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

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Token ids of each text, without [CLS] and [SEP], and their places in it."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [
            TokenizedText(np.array(e.ids, np.int32), np.array(e.offsets, np.int32).reshape(-1, 2)) for e in encodings
        ]

    def embed_tokens(self, ids: Sequence[np.ndarray], stride: int) -> list[np.ndarray]:
        """Float16 (tokens, 384) for each sequence of ids, not normalised, from windows that begin ``stride`` apart."""
        vectors = [np.zeros((len(sequence), self.dimension), np.float16) for sequence in ids]
        parts = [(i, low) for i, sequence in enumerate(ids) for low in range(0, len(sequence), PART_TOKENS)]
        group: list[tuple[int, int, int]] = []
        for at, (i, low) in enumerate(parts):
            group.append((i, low, min(low + PART_TOKENS, len(ids[i]))))
            if sum(high - low for _, low, high in group) >= PART_TOKENS or at + 1 == len(parts):
                made = self._embed_parts([(ids[i], low, high) for i, low, high in group], stride)
                for (i, low, high), matrix in zip(group, made, strict=True):
                    vectors[i][low:high] = matrix
                group = []
        return vectors

    def _embed_parts(self, parts: Sequence[tuple[np.ndarray, int, int]], stride: int) -> list[np.ndarray]:
        """The vectors of tokens low to high of each sequence, from all windows that hold any of them."""
        sums = [np.zeros((high - low, self.dimension), np.float32) for _, low, high in parts]
        weights = [np.zeros((high - low, 1), np.float32) for _, low, high in parts]
        windows: list[tuple[int, int, np.ndarray]] = []
        for part, (ids, low, high) in enumerate(parts):
            starts = place_windows(len(ids), stride)
            for start in starts[(starts < high) & (starts + WINDOW - 2 > low)].tolist():
                windows.append((part, start, np.concatenate([[CLS], ids[start : start + WINDOW - 2], [SEP]])))
        windows.sort(key=lambda window: len(window[2]), reverse=True)
        at = 0
        while at < len(windows):
            batch = windows[at : at + min(32, max(8, TOKENS_PER_BATCH // len(windows[at][2])))]
            at += len(batch)
            for (part, start, _), tokens in zip(batch, self._run_tokens([w[2] for w in batch]), strict=True):
                ids, low, high = parts[part]
                share = weigh_window(start, len(ids))[:, None]
                a, b = max(low, start), min(high, start + len(share))
                sums[part][a - low : b - low] += share[a - start : b - start] * tokens[1 + a - start : 1 + b - start]
                weights[part][a - low : b - low] += share[a - start : b - start]
        return [total / weight for total, weight in zip(sums, weights, strict=True)]

    def _run_tokens(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        """Float32 (sequences, longest, 384): the vectors of all tokens, [CLS] and [SEP] with them."""
        longest = max(map(len, sequences))
        ids = np.zeros((len(sequences), longest), np.int64)
        mask = np.zeros((len(sequences), longest), np.int32)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)], mask[row, : len(sequence)] = sequence, 1
        inputs = {"ids": ids, "mask": mask, "pool": np.zeros((len(sequences), 1, longest), np.float32)}
        return self._session.run(["tokens"], inputs)[0]

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
