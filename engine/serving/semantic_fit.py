"""Fit the threshold of the semantic tier on the open half of labelled question pairs; report on the half kept apart."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.statistics import wilson_interval
from engine.serving.question_edits import PARAPHRASES
from engine.serving.question_pairs import Embed, QuestionPair, build_pairs, find_sets
from engine.serving.question_signs import find_difference, read_signs
from engine.serving.semantic import LONGEST_QUESTION, PATH, load_threshold

# The most false hits, as the upper end of the interval on the open half, that the threshold may let through.
FALSE_HITS = 0.01
# Share of the right hits that the threshold may cost where words alone keep false hits below that.
SAFETY = 0.005
HUMAN_KINDS = ("rewrite", "same answer")
PLAIN_COSINES = (0.80, 0.85, 0.90, 0.95, 0.98)


def fit_threshold(data: Path, embed: Embed, path: Path = PATH, code: str | None = None) -> dict[str, Any]:
    """Fit on the sets of a folder, write threshold and figures, return them.

    Raises:
        InputError: no set with questions, or none that gives pairs of both sorts in both halves.
    """
    folders = find_sets(data)
    pairs = build_pairs(folders, embed)
    cosines = measure_cosines(pairs, embed)
    held_out = np.array([pair.held_out for pair in pairs], bool)
    same = np.array([pair.same for pair in pairs], bool)
    for part in (held_out, ~held_out):
        near_misses = int((~same & part).sum())
        bound = wilson_interval(0, near_misses).high
        if not (same & part).any() or bound is None or bound >= FALSE_HITS:
            raise InputError(
                f"{data}: {near_misses} near misses in one of its halves are too few to tell a false-hit rate under 1 %.",
                "Give larger sets.",
            )
    threshold = choose_threshold([p for p, h in zip(pairs, held_out, strict=True) if not h], cosines[~held_out])
    figures = {
        "threshold": threshold,
        "data": [folder.name for folder in folders],
        "split": "by document: crc32 of salt and document, even to fit, odd to report",
        "fitted_on": int((~held_out).sum()),
        "code": code,
        "date": datetime.date.today().isoformat(),
        "held_out": report_pairs([p for p in pairs if p.held_out], cosines[held_out], threshold),
    }
    path.write_text(json.dumps(figures, indent=1) + "\n")
    load_threshold.cache_clear()
    return figures


def measure_cosines(pairs: Sequence[QuestionPair], embed: Embed) -> np.ndarray:
    """The cosine of each pair, (n,)."""
    texts = {text: i for i, text in enumerate(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))}
    vectors = embed(list(texts))
    rows = np.array([(texts[pair.a], texts[pair.b]) for pair in pairs], int).reshape(-1, 2)
    return np.einsum("ij,ij->i", vectors[rows[:, 0]], vectors[rows[:, 1]])


def agree_by_words(pairs: Sequence[QuestionPair]) -> np.ndarray:
    """bool (n,): whether words find no difference, and no question is too long to compare."""
    return np.array(
        [
            max(len(pair.a), len(pair.b)) <= LONGEST_QUESTION
            and not find_difference(read_signs(pair.a), read_signs(pair.b))
            for pair in pairs
        ],
        bool,
    )


def choose_threshold(pairs: Sequence[QuestionPair], cosines: np.ndarray) -> float:
    """The higher of two: where the upper end of the false-hit rate falls below ``FALSE_HITS``, and where a share of
    ``SAFETY`` of the right hits is given up for safety against what words do not see."""
    same = np.array([pair.same for pair in pairs], bool)
    agreed = agree_by_words(pairs)
    wrong = np.sort(cosines[agreed & ~same])[::-1]
    allowed = 0
    n = int((~same).sum())
    while allowed < len(wrong) and wilson_interval(allowed + 1, n).high < FALSE_HITS:
        allowed += 1
    needed = float(wrong[allowed]) + 1e-4 if allowed < len(wrong) else -1.0
    right = cosines[agreed & same]
    safe = float(np.quantile(right, SAFETY)) if len(right) else 1.0
    return round(max(needed, safe), 4)


def report_pairs(pairs: Sequence[QuestionPair], cosines: np.ndarray, threshold: float) -> dict[str, Any]:
    """False hits on near misses, hits on paraphrases (what people wrote apart from what rules made), each by kind.

    Beside them, what a cosine alone would do on the same pairs.
    """
    same = np.array([pair.same for pair in pairs], bool)
    human = np.array([pair.kind in HUMAN_KINDS for pair in pairs], bool)
    hits = agree_by_words(pairs) & (cosines >= threshold)
    kinds = [pair.kind for pair in pairs]
    return {
        "false_hits": rate_figure(hits[~same]),
        "paraphrases_by_people": rate_figure(hits[same & human]),
        "paraphrases_by_rule": rate_figure(hits[same & ~human]),
        "kinds": {
            kind: rate_figure(hits[[own == kind for own in kinds]]) for kind in sorted(set(kinds), key=_order_kinds)
        },
        "cosine_alone": {
            f"{cosine:.2f}": {
                "false_hits": rate_figure(cosines[~same] >= cosine),
                "paraphrases_by_people": rate_figure(cosines[same & human] >= cosine),
                "paraphrases_by_rule": rate_figure(cosines[same & ~human] >= cosine),
            }
            for cosine in PLAIN_COSINES
        },
    }


def rate_figure(hits: np.ndarray) -> Mapping[str, float | int | None]:
    """Share with Wilson's 95 % interval."""
    n, k = len(hits), int(np.sum(hits))
    interval = wilson_interval(k, n)
    return {
        "value": round(k / n, 5) if n else None,
        "low": None if interval.low is None else round(interval.low, 5),
        "high": None if interval.high is None else round(interval.high, 5),
        "n": n,
        "hits": k,
    }


def _order_kinds(kind: str) -> tuple[bool, bool, str]:
    return kind not in HUMAN_KINDS, kind not in PARAPHRASES, kind
