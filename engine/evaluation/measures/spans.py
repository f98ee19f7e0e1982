"""Overlap of the chosen context with the gold spans, in characters and in tokens.

Both sides are sets of (document, position), so overlapping contexts count once. Recall = found gold / gold, precision =
found gold / context, IoU = found gold / union. No context at all scores 0. A token is a word or a punctuation mark
(``\\w+|[^\\w\\s]``, the pre-tokens of BERT), which needs no model and is the same for every embedder; it belongs to a
span that covers any part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import numpy as np

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_gold, score_gap
from engine.types import Span

TOKEN = re.compile(r"\w+|[^\w\s]")
Intervals = dict[str, list[tuple[int, int]]]


def merge_intervals(spans: Iterable[tuple[str, int, int]]) -> Intervals:
    """Disjoint, sorted intervals by document; empty ones are dropped."""
    merged: Intervals = {}
    for document, start, end in sorted(spans):
        rows = merged.setdefault(document, [])
        if start >= end:
            continue
        if rows and start <= rows[-1][1]:
            rows[-1] = (rows[-1][0], max(rows[-1][1], end))
        else:
            rows.append((start, end))
    return merged


def count_positions(intervals: Intervals) -> int:
    """Number of (document, position) pairs."""
    return sum(end - start for rows in intervals.values() for start, end in rows)


def count_shared(a: Intervals, b: Intervals) -> int:
    """Number of (document, position) pairs in both."""
    shared = 0
    for document in a.keys() & b.keys():
        for start, end in a[document]:
            shared += sum(max(0, min(end, e) - max(start, s)) for s, e in b[document])
    return shared


def span_recall(gold: Intervals, found: Intervals) -> float:
    """Share of the gold positions that were found."""
    return count_shared(gold, found) / count_positions(gold)


def span_precision(gold: Intervals, found: Intervals) -> float:
    """Share of the found positions that are gold; 0 when nothing was found."""
    total = count_positions(found)
    return count_shared(gold, found) / total if total else 0.0


def span_iou(gold: Intervals, found: Intervals) -> float:
    """Shared positions over positions of either."""
    shared = count_shared(gold, found)
    return shared / (count_positions(gold) + count_positions(found) - shared)


def resolve_span(span: Span, documents: Mapping[str, str] | None) -> tuple[str, int, int] | None:
    """Document, start and end of a gold span; None for a whole document whose text is not at hand."""
    if span.end is not None:
        return span.document, span.start, span.end
    if documents is None or span.document not in documents:
        return None
    return span.document, span.start, len(documents[span.document])


@lru_cache(maxsize=4096)
def _token_bounds(text: str) -> tuple[np.ndarray, np.ndarray]:
    bounds = np.array([m.span() for m in TOKEN.finditer(text)], dtype=np.int64).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def count_in_tokens(spans: Iterable[tuple[str, int, int]], documents: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """The same spans counted in tokens of their documents."""
    counted = []
    for document, start, end in spans:
        starts, ends = _token_bounds(documents[document])
        first, last = np.searchsorted(ends, start, "right"), np.searchsorted(starts, end, "left")
        counted.append((document, int(first), int(last)))
    return counted


def _measure(name: str, description: str, formula: Callable[[Intervals, Intervals], float], tokens: bool) -> Measure:
    def score(sample: Sample) -> Score:
        assert sample.answer is not None
        if gap := score_gap(sample, "contexts", "places"):
            return gap
        gold = [resolve_span(span, sample.documents) for span in sample.relevant]
        known = [span for span in gold if span is not None]
        if len(known) < len(gold):
            return Score.failed("a gold span is a whole document whose text is not at hand")
        found = [(p.document, p.start, p.end) for p in sample.answer.context.parts]
        if tokens:
            documents = sample.documents or {}
            missing = {d for d, _, _ in known + found} - documents.keys()
            if missing:
                return Score.failed(f"the text of {sorted(missing)[0]} is not at hand to count tokens")
            known, found = count_in_tokens(known, documents), count_in_tokens(found, documents)
        wanted = merge_intervals(known)
        if not count_positions(wanted):
            return Score.not_applicable("the gold spans are empty")
        return Score.of(formula(wanted, merge_intervals(found)))

    return Measure(name=name, description=description, applies=needs_gold, score=score)


_FORMULAS = (
    ("recall", "Share of the gold spans' {unit} that the context holds.", span_recall),
    ("precision", "Share of the context's {unit} that belong to gold spans.", span_precision),
    ("iou", "Gold {unit} in the context, over {unit} in either (intersection over union).", span_iou),
)
MEASURES = tuple(
    _measure(f"{unit}_{name}", text.format(unit=words), formula, unit == "token")
    for unit, words in (("span", "characters"), ("token", "tokens"))
    for name, text, formula in _FORMULAS
)
