"""What one case of a journal says of itself when it is read anew: judged, timed and counted without the runner's code."""

from __future__ import annotations

import math
import re
import statistics
import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
CountTokens = Callable[[Sequence[str]], Sequence[int]]
_TYPOGRAPHIC = {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"'}
_DASHES = dict.fromkeys("‐‑‒–—―−", "-")
_LETTERS = str.maketrans(_TYPOGRAPHIC | _DASHES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case, recomputed from its row.

    Attributes:
        status: what its answers deserve: passed, failed, error or unscored.
        stage_ms: mean over its answers of the whole time that the target's stages were timed at; None without one.
        asked_ms: what all of its answers took together.
        stages_fit: whether no answer's stages take longer than the answer.
        tokens, recounted: of its contexts, as recorded and as counted now; None where there is nothing to count.
        scores: measures that follow from the case itself.
    """

    case_id: str
    kind: str
    tags: tuple[str, ...]
    status: str
    quality: float | None
    latency_ms: float | None
    ended_at: datetime
    stage_ms: float | None
    asked_ms: float
    stages_fit: bool
    steps: int
    model_calls: int
    tokens: int | None
    recounted: int | None
    scores: Mapping[str, float]


def read_case(row: Row, count_tokens: CountTokens | None = None) -> CaseFacts:
    """One row of ``cases``. ``count_tokens`` counts with the tokenizer that budgets the context."""
    detail = row["detail"] or {}
    turns = detail.get("turns") or [detail | {"answer": row["answer"], "abstained": row["abstained"]}]
    timings = [turn["timings_ms"] for turn in turns if turn.get("timings_ms")]
    totals = [t["total"] for t in timings if "total" in t]
    recorded, counted = _count_context(turns, count_tokens)
    judged = row["kind"] != "content"
    return CaseFacts(
        case_id=row["case_id"],
        kind=row["kind"],
        tags=tuple(row["tags"]),
        status=_judge(row, detail, turns),
        quality=row["context_quality"],
        latency_ms=row["latency_ms"],
        ended_at=row["ended_at"],
        stage_ms=statistics.fmean(totals) if totals and judged else None,
        asked_ms=sum(totals) if judged else 0.0,
        stages_fit=all(sum(v for k, v in t.items() if k != "total") <= t["total"] * 1.02 + 1 for t in timings if "total" in t),
        steps=sum(max(1, sum(name != "total" for name in t)) for t in timings),
        model_calls=sum(1 for turn in turns if any((turn.get("tokens") or {}).get(k) for k in ("prompt", "completion"))),
        tokens=recorded,
        recounted=counted,
        scores=_score(row, detail) if row["kind"] == "qa" and row["status"] != "error" else {},
    )  # fmt: skip


def plain_words(text: str) -> str:
    """SQuAD's normal form: no case, no punctuation, no articles (Rajpurkar et al. 2016)."""
    text = unicodedata.normalize("NFKC", text).translate(_LETTERS).lower()
    text = "".join(letter for letter in text if letter not in string.punctuation)
    return " ".join(re.split(r"\s+", re.sub(r"\b(a|an|the)\b", " ", text).strip()))


def _judge(row: Row, detail: Row, turns: Sequence[Row]) -> str:
    if row["kind"] == "content":
        return "passed" if row["answer"] == (detail.get("expected") or {}).get("content_type") else "failed"
    if detail.get("error"):
        return "error"
    if row["kind"] == "conversation":
        expected: Sequence[Row] = detail.get("expected") or []
    else:
        expected = [detail.get("expected") or {}]
    right = [_is_right(turn, wanted) for turn, wanted in zip(turns, expected, strict=False)]
    known = [r for r in right if r is not None]
    if row["kind"] not in ("qa", "conversation") or not known:
        return "unscored"
    return "passed" if all(known) else "failed"


def _is_right(turn: Row, wanted: Row) -> bool | None:
    answers, facts = wanted.get("answers") or [], wanted.get("facts") or []
    unanswerable, abstained = bool(wanted.get("unanswerable")), bool(turn.get("abstained"))
    if not (answers or facts or unanswerable):
        return None
    if unanswerable or abstained:
        return unanswerable and abstained
    said = str(turn.get("answer") or "")
    return (not answers or any(_holds(said, gold) for gold in answers)) and all(_holds(said, fact) for fact in facts)


def _holds(said: str, gold: str) -> bool:
    wanted = plain_words(gold).split()
    if not wanted:
        return gold.strip().lower() in said.lower()
    words = plain_words(said).split()
    return any(words[i : i + len(wanted)] == wanted for i in range(len(words) - len(wanted) + 1))


def _count_context(turns: Sequence[Row], count_tokens: CountTokens | None) -> tuple[int | None, int | None]:
    recorded = [(turn.get("tokens") or {}).get("context") for turn in turns]
    if count_tokens is None or any(value is None for value in recorded):
        return None, None
    texts = [part["text"] for turn in turns for part in turn.get("contexts") or ()]
    return sum(value or 0 for value in recorded), sum(count_tokens(texts)) if texts else 0


def _score(row: Row, detail: Row) -> dict[str, float]:
    """Measures over the ranking of documents, context quality and correctness, each by its definition."""
    scores: dict[str, float] = {}
    if row["context_quality"] is not None:
        scores["context_quality"] = row["context_quality"]
    wanted = detail.get("expected") or {}
    right = _is_right({"answer": row["answer"], "abstained": row["abstained"]}, wanted)
    if right is not None:
        scores["correct"] = float(right)
        scores["abstained_correctly"] = float(bool(row["abstained"]) == bool(wanted.get("unanswerable")))
    gold = {span["document"] for span in wanted.get("relevant") or ()}
    if not gold or (detail.get("gaps") or {}).get("retrieved"):
        return scores
    ranking: list[str] = []
    for found in detail.get("retrieved") or ():
        if found["document"] not in ranking:
            ranking.append(found["document"])
    hits = [document in gold for document in ranking]
    for k in (5, 10):
        scores[f"recall@{k}"] = sum(hits[:k]) / len(gold)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(10, len(gold))))
    scores["nDCG@10"] = sum(hit / math.log2(i + 2) for i, hit in enumerate(hits[:10])) / ideal
    scores["MRR"] = 1 / (hits.index(True) + 1) if any(hits) else 0.0
    return scores
