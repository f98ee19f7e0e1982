"""A chat model's reply, read: sentences with the numbers of their passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.generation.extractive import PREVIEW_CHARACTERS, ExtractedAnswer
from engine.ingestion.sentences import split_sentences
from engine.types import AnswerSentence, Citation, ContextPart

NOT_ANSWERED = "NOT IN THE DOCUMENTS"
# A last sentence of so many words without an end was cut off; a shorter one may be a name or a number.
CUT_WORDS = 8
WITHIN_A_SENTENCE = "within a sentence"
AT_ITS_LIMIT = "at the most tokens that the model may write"
_NUMBER = re.compile(r"\[(\d{1,3})\]")
_ENDS = re.compile(r"[.!?…:;\])}\"'”’»`|*]\s*\Z")
_LIST_LINE = re.compile(r"\s*(?:[-*•+]|\d{1,3}[.)])\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """A reply as sentences with citations.

    Attributes:
        passages: for each sentence, the places of the passages that it cites, among those that exist.
        invented: how many numbers named passages that do not exist; they are dropped.
        uncited: how many sentences cite nothing.
        cut: where the reply breaks off, in words; empty when it does not.
    """

    answer: ExtractedAnswer
    abstained: bool
    passages: tuple[tuple[int, ...], ...] = ()
    invented: int = 0
    uncited: int = 0
    cut: str = ""


def read_reply(reply: str, parts: Sequence[ContextPart], *, truncated: bool = False) -> ModelAnswer:
    """A model's reply as sentences with citations; numbers of passages that do not exist are dropped and counted.

    Args:
        truncated: the provider says that the model stopped at the most tokens that it may write.
    """
    if NOT_ANSWERED in reply.upper():
        return ModelAnswer(answer=ExtractedAnswer(text="", sentences=(), citations=()), abstained=True)
    used: dict[int, int] = {}
    sentences: list[AnswerSentence] = []
    passages: list[tuple[int, ...]] = []
    invented = 0
    for text, numbers in _cited_sentences(reply):
        known = [n for n in dict.fromkeys(numbers) if 1 <= n <= len(parts)]
        invented += sum(not 1 <= n <= len(parts) for n in numbers)
        passages.append(tuple(n - 1 for n in known))
        sentences.append(AnswerSentence(text=text, citations=tuple(used.setdefault(n, len(used)) for n in known)))
    citations = tuple(_cite(parts[n - 1]) for n in used)
    answer = ExtractedAnswer(text=" ".join(s.text for s in sentences), sentences=tuple(sentences), citations=citations)
    return ModelAnswer(
        answer=answer,
        abstained=not sentences,
        passages=tuple(passages),
        invented=invented,
        uncited=sum(not cited for cited in passages),
        cut=AT_ITS_LIMIT if truncated else WITHIN_A_SENTENCE if _is_cut(reply) else "",
    )


def number_sentences(made: ModelAnswer) -> str:
    """The answer with the numbers of its passages behind each sentence, as a validator reads it."""
    pairs = zip(made.answer.sentences, made.passages, strict=True)
    return " ".join(sentence.text + "".join(f" [{place + 1}]" for place in places) for sentence, places in pairs)


def _is_cut(reply: str) -> bool:
    last = reply.strip().rsplit("\n", 1)[-1]
    return len(last.split()) >= CUT_WORDS and not _ENDS.search(last) and not _LIST_LINE.match(last)


def _cited_sentences(reply: str) -> list[tuple[str, list[int]]]:
    """Sentences without their marks; marks that stand behind the full stop belong to the sentence before."""
    joined = re.sub(r"([.!?])\s*((?:\[\d{1,3}\]\s*)+)", lambda m: f" {m.group(2).strip()}{m.group(1)} ", reply)
    found = []
    for start, end in split_sentences(joined.strip()):
        text = joined.strip()[start:end]
        clean = re.sub(r"\s+([.!?,;])", r"\1", " ".join(_NUMBER.sub("", text).split()))
        if clean:
            found.append((clean, [int(n) for n in _NUMBER.findall(text)]))
    return found


def _cite(part: ContextPart) -> Citation:
    return Citation(
        document=part.document,
        chunk_index=part.chunk_index,
        start=part.start,
        end=part.end,
        relevance=round(part.score, 4),
        preview=" ".join(part.text.split())[:PREVIEW_CHARACTERS],
    )
