"""Answers without a model: the sentences of the context that answer the question, word for word, each with its source."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from engine.types import AnswerSentence, Citation, EvidenceSentence

# A further sentence is taken while its odds of answering are at least this share of the best one's.
ODDS_SHARE = 0.02
# Further sentences are taken by their relevance for each word to this power: of two equal ones the shorter leaves room.
LENGTH_POWER = 0.75
FEWEST_WORDS = 4
# What it is worth that a sentence holds all that the question says and those taken before do not.
NOVELTY = 30
PREVIEW_CHARACTERS = 160
# White space and list marks between two sentences that follow each other.
NEIGHBOUR_GAP = 4
ABSTAINED = "The documents do not answer this question."
_MARKS = re.compile(r"^(?:#{1,6}|[-*+•>]|\d{1,3}[.)])\s+")
_EMPHASIS = re.compile(r"(\*\*|__|`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedAnswer:
    """``text`` joins the sentences in reading order."""

    text: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]


def extract_answer(evidence: Sequence[EvidenceSentence], most_words: int) -> ExtractedAnswer:
    """Answer from the context's sentences, best first.

    Args:
        most_words: the answer is never longer; a best sentence that is longer by itself is cut.
    """
    likely = [s for s in evidence if s.score >= evidence[0].score + math.log(ODDS_SHARE)]
    texts = [readable_text(sentence.text) for sentence in likely]
    if texts and len(texts[0].split()) > most_words:
        texts = [" ".join(texts[0].split()[:most_words])]
    chosen = [(likely[i], texts[i]) for i in _choose(likely, [len(text.split()) for text in texts], most_words)]
    ordered = _reading_order(chosen)
    citations = tuple(
        Citation(
            document=sentence.document,
            chunk_index=sentence.chunk_index,
            start=sentence.start,
            end=sentence.end,
            relevance=round(sentence.relevance, 4),
            preview=text[:PREVIEW_CHARACTERS],
        )
        for sentence, text in ordered
    )
    sentences = tuple(AnswerSentence(text=text, citations=(i,)) for i, (_, text) in enumerate(ordered))
    return ExtractedAnswer(text=" ".join(s.text for s in sentences), sentences=sentences, citations=citations)


def _choose(likely: Sequence[EvidenceSentence], counts: Sequence[int], most_words: int) -> list[int]:
    """The best sentence, then by worth: relevance for its length, more where it holds terms that none so far did."""
    chosen: list[int] = []
    covered: list[float] = []
    waiting = list(range(len(counts)))
    while waiting:
        best = waiting[0]
        if chosen:
            best = max(waiting, key=lambda i: _rate_worth(likely[i], counts[i], covered))
        chosen.append(best)
        covered = [max(pair) for pair in zip_longest(covered, likely[best].covered, fillvalue=0.0)]
        left = most_words - sum(counts[i] for i in chosen)
        waiting = [i for i in waiting if i != best and counts[i] <= left]
    return chosen


def _rate_worth(sentence: EvidenceSentence, words: int, covered: Sequence[float]) -> float:
    new = sum(max(0.0, own - known) for own, known in zip_longest(sentence.covered, covered, fillvalue=0.0))
    return sentence.relevance / max(words, FEWEST_WORDS) ** LENGTH_POWER * (1 + NOVELTY * new)


def readable_text(text: str) -> str:
    """A sentence without list marks, heading marks, emphasis marks and line ends; a table row without its outer bars."""
    text = _EMPHASIS.sub("", _MARKS.sub("", " ".join(text.split())))
    return text.strip("| ") if text.startswith("|") or text.endswith("|") else text


def _reading_order(chosen: Sequence[tuple[EvidenceSentence, str]]) -> list[tuple[EvidenceSentence, str]]:
    """The best sentence first, each with its chosen neighbours in the order of the document."""
    passages: list[list[tuple[EvidenceSentence, str]]] = []
    for item in sorted(chosen, key=lambda item: (item[0].document, item[0].start)):
        last = passages[-1][-1][0] if passages else None
        if last and last.document == item[0].document and item[0].start - last.end <= NEIGHBOUR_GAP:
            passages[-1].append(item)
        else:
            passages.append([item])
    passages.sort(key=lambda passage: -max(sentence.score for sentence, _ in passage))
    return [item for passage in passages for item in passage]
