"""Answers without a model: the sentences of the context that answer the question, word for word, each with its source."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.types import AnswerSentence, Citation, EvidenceSentence

# A further sentence is taken while its odds of answering are at least this share of the best one's.
ODDS_SHARE = 0.01
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
    chosen: list[tuple[EvidenceSentence, str]] = []
    words = 0
    for sentence in evidence:
        if chosen and sentence.score < evidence[0].score + math.log(ODDS_SHARE):
            break
        text = readable_text(sentence.text)
        count = len(text.split())
        if not chosen and count > most_words:
            chosen.append((sentence, " ".join(text.split()[:most_words])))
            break
        if words + count > most_words:
            continue
        chosen.append((sentence, text))
        words += count
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
