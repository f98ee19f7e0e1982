"""Questions that attack a model, and sentences of documents that instruct one.

Two small logistic models over the cues of ``injection_features``; ``engine.evaluation.injection_fit`` fits them, and
``injection_model.json`` keeps the weights, the thresholds, and what was measured on texts that each was not fitted on.
What is in a document is data: its instructions are pointed out, and are never an answer to a question about another thing.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from engine.guard.injection_features import (
    CUES,
    SENTENCE_FEATURES,
    count_cues,
    count_sentence_cues,
    is_candidate,
    list_content_words,
)
from engine.ingestion.sentences import split_sentences
from engine.types import ContextPart, EvidenceSentence

PATH = Path(__file__).with_name("injection_model.json")
READ_DOCUMENT = 200_000
Weights = Mapping[str, float]
ABOUT_RULES = frozenset(("override", "secret", "reveal", "mode", "dan", "you_are_now", "unrestricted", "delimiters"))


@dataclass(frozen=True, slots=True)
class InjectionScore:
    """``probability`` that a text attacks the model that reads it.

    ``classes``: that of ``injection`` (overrides, hijacks or spies out instructions) and ``jailbreak`` (a role or a mode without
    rules), which sum to it, and ``indirect_instruction``, how likely the text is an instruction if it stands in a document.
    """

    probability: float
    classes: Mapping[str, float]

    @property
    def is_attack(self) -> bool:
        """Whether the probability reaches the shipped threshold."""
        return self.probability >= read_threshold("attack")


@dataclass(frozen=True, slots=True)
class InstructionSpan:
    """``text[start:end]`` of a document reads as an instruction to a model."""

    start: int
    end: int
    probability: float


def score_injection(text: str) -> InjectionScore:
    """How much a text looks like an attack. Reads its first 20,000 characters; about a tenth of a millisecond for a question."""
    cues = count_cues(text)
    attack = _answer(load_model()["attack"], CUES, cues)
    jailbreak = _answer(load_model()["jailbreak"], CUES, cues)
    spans = find_instructions(text[:2_000])
    return InjectionScore(
        attack,
        {
            "injection": attack * (1 - jailbreak),
            "jailbreak": attack * jailbreak,
            "indirect_instruction": max((span.probability for span in spans), default=0.0),
        },
    )


def name_attack(question: str) -> str:
    """What makes a question look like an attack, in words; empty when nothing does."""
    cues = count_cues(question)
    if _answer(load_model()["attack"], CUES, cues) < read_threshold("attack"):
        return ""
    if _answer(load_model()["jailbreak"], CUES, cues) >= 0.5:
        return "The question reads like an attempt to talk a model out of its rules."
    return "The question reads like instructions to a model, not like a question about documents."


def find_instructions(document_text: str) -> list[InstructionSpan]:
    """Sentences of a document that instruct whoever writes the reply, in order; reads the first 200,000 characters."""
    return list(_find_instructions(document_text[:READ_DOCUMENT]))


def guard_passages(parts: Sequence[ContextPart]) -> tuple[str, ...]:
    """A notice for each document that has instructions in its passages; the documents' words are not repeated."""
    named = {part.document: None for part in parts if _find_instructions(part.text[:READ_DOCUMENT])}
    return tuple(_notice(document) for document in named)


def drop_instructions(
    evidence: Sequence[EvidenceSentence], parts: Sequence[ContextPart], question: str
) -> tuple[tuple[EvidenceSentence, ...], tuple[str, ...]]:
    """Evidence without sentences that are instructions to a model, unless the question asks about their words.

    Returns:
        what may be quoted, and a notice for each document that gave such a sentence, quoted or not.
    """
    asked = set(list_content_words(question))
    spans = {part.document: [] for part in parts}  # type: dict[str, list[tuple[int, int]]]
    for part in parts:
        found = _find_instructions(part.text[:READ_DOCUMENT])
        spans[part.document] += [(part.start + span.start, part.start + span.end) for span in found]
    kept, named = [], {}
    for sentence in evidence:
        inside = any(start < sentence.end and sentence.start < end for start, end in spans.get(sentence.document, ()))
        if inside:
            named[sentence.document] = None
        if not inside or _is_asked_about(sentence.text, asked):
            kept.append(sentence)
    return tuple(kept), tuple(_notice(document) for document in named)


@cache
def load_model() -> dict[str, Any]:
    """The shipped models; ``load_model.cache_clear()`` after they have been fitted anew."""
    model: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return model


def read_threshold(name: str) -> float:
    """The shipped threshold of ``attack`` or ``instruction``."""
    return float(load_model()["thresholds"][name])


def clear_caches() -> None:
    """Forget the models and what they said, after they have been fitted anew."""
    load_model.cache_clear()
    _find_instructions.cache_clear()


def list_candidates(text: str) -> list[tuple[int, int, list[float]]]:
    """Sentences that may be instructions, with their features; the others are told to be none by their words alone."""
    words = list_content_words(text)
    elsewhere = Counter(words)
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        pieces = split_sentences(line)
        for start, end in pieces:
            sentence = line[start:end]
            if is_candidate(sentence):
                features = count_sentence_cues(sentence, elsewhere, len(words), alone=len(pieces) == 1)
                found.append((at + start, at + end, features))
        at += len(line)
    return found


@lru_cache(maxsize=512)
def _find_instructions(text: str) -> tuple[InstructionSpan, ...]:
    weights, least = load_model()["sentence"], read_threshold("instruction")
    scored = (
        InstructionSpan(start, end, _score_sentence(weights, text[start:end], features))
        for start, end, features in list_candidates(text)
    )
    return tuple(span for span in scored if span.probability >= least)


def _score_sentence(weights: Weights, sentence: str, features: Sequence[float]) -> float:
    """An instruction about the reply, or one that would be an attack in a question."""
    return max(_answer(weights, SENTENCE_FEATURES, features), score_as_attack(sentence))


def score_as_attack(sentence: str) -> float:
    """How likely a sentence of a document would be an attack in a question; 0 below the threshold, and where no word is
    about a model's rules: letters ask for replies and say "you" as attacks do."""
    cues = count_cues(sentence)
    if not any(cue for name, cue in zip(CUES, cues, strict=True) if name in ABOUT_RULES):
        return 0.0
    attack = _answer(load_model()["attack"], CUES, cues)
    return attack if attack >= read_threshold("attack") else 0.0


def _is_asked_about(sentence: str, asked: set[str]) -> bool:
    """Whether half of a sentence's words stand in the question: its subject alone is what an attacker would guess."""
    words = set(list_content_words(sentence))
    return bool(words) and 2 * len(words & asked) >= len(words)


def _notice(document: str) -> str:
    return f"A passage of {document} holds instructions; they were treated as data."


def _answer(weights: Weights, names: Sequence[str], features: Sequence[float]) -> float:
    score = weights["intercept"] + sum(weights[name] * value for name, value in zip(names, features, strict=True))
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))
