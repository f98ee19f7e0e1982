"""Signs that a context supports a sentence, or does not, from words alone: what is added, and what is changed.

The signs of style (about the passages, a refusal, an introduction, advice) tell sentences that claim nothing, or that
writers add of themselves, from statements.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np

from engine.grounding.words import MODAL_OF, Parsed, find_opposites, parse, read_stems
from engine.ingestion.sentences import split_sentences

SENTENCE_SIGNS = (
    "words_missing",
    "weighted_words_missing",
    "pairs_missing",
    "triples_missing",
    "longest_missing_run",
    "count_missing",
    "not_in_question",
    "numbers_missing",
    "numbers_missing_share",
    "numbers_kept",
    "names_missing",
    "names_missing_share",
    "best_sentence_missing",
    "best_window_missing",
    "window_numbers_missing",
    "window_names_missing",
    "negation_added",
    "negation_dropped",
    "antonym",
    "antonym_slot",
    "slot_filled",
    "modal_added",
    "modal_dropped",
    "order_broken",
    "about_passages",
    "refuses",
    "introduces",
    "advises",
    "concludes",
    "asks",
)
RESPONSE_SIGNS = ("response_missing", "neighbours_missing", "refuses_covered", "refuses_short")
WORD_SIGNS = (*SENTENCE_SIGNS, *RESPONSE_SIGNS)
_PASSAGES = re.compile(
    r"\bpassages?\b|\b(?:provided|given) (?:text|information|context|document|article)s?\b"
    r"|\bthe (?:text|context|article)\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\bunable to\b"
    r"|\b(?:do|does|did) not (?:mention|provide|specify|state|include|contain|say|explicitly|give|offer|have)\b"
    r"|\b(?:no|not enough|insufficient) (?:mention|information|details?)\b|\bcannot (?:answer|provide|determine)\b"
    r"|\bnot (?:mentioned|provided|specified|stated|clear)\b|\bi (?:do not|don't) (?:know|have)\b",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r":\W*$|^\W*(?:sure|certainly|of course|yes|no|great)\b[,!]|\bhere(?:'s| is| are)\b", re.IGNORECASE
)
_ADVISES = re.compile(
    r"\bit(?:'s| is) (?:also )?(?:important|essential|worth|always|best|recommended|crucial)\b|\bconsult\b"
    r"|\bmake sure\b"
    r"|\bkeep in mind\b|\bnote that\b|^\W*note\b|\bbe sure\b|\byou should\b|\bensure\b|\brecommend"
    r"|\bi hope\b|\blet me know\b|\bplease\b",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"^\W*(?:overall|in (?:summary|conclusion|short)|therefore|thus|so|additionally|also|however|finally"
    r"|remember|by)\b",
    re.IGNORECASE,
)
_STYLES = (_PASSAGES, _REFUSES, _INTRODUCES, _ADVISES, _CONCLUDES)


@dataclass(frozen=True, slots=True)
class Source:
    """Contexts taken apart, once for all sentences that are held against them.

    Attributes:
        texts, sets: the sentences as text and as sets of stems.
        words, pairs: all stems, and those that stand side by side.
        between: the stems that stand between two others.
    """

    texts: tuple[str, ...]
    sets: tuple[frozenset[str], ...]
    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    between: Mapping[tuple[str, str], Sequence[str]]


@lru_cache(maxsize=32)
def read_source(contexts: tuple[str, ...]) -> Source:
    """Take contexts apart: each is read once, alone or among others."""
    read = [_read_context(context) for context in contexts]
    if len(read) == 1:
        return read[0]
    between: dict[tuple[str, str], Sequence[str]] = {}
    for source in read:
        for ends, words in source.between.items():
            known = between.get(ends)
            between[ends] = words if known is None else (*known, *words)
    return Source(
        texts=tuple(itertools.chain.from_iterable(source.texts for source in read)),
        sets=tuple(itertools.chain.from_iterable(source.sets for source in read)),
        words=frozenset().union(*(source.words for source in read)),
        pairs=frozenset().union(*(source.pairs for source in read)),
        between=between,
    )


@lru_cache(maxsize=128)
def _read_context(context: str) -> Source:
    texts = tuple(context[a:b] for a, b in split_sentences(context))
    stems = [read_stems(text) for text in texts]
    flat = list(itertools.chain.from_iterable(stems))
    sets = tuple(map(frozenset, stems))
    between: dict[tuple[str, str], list[str]] = {}
    for before, word, after in zip(flat, flat[1:], flat[2:], strict=False):
        between.setdefault((before, after), []).append(word)
    return Source(texts, sets, frozenset().union(*sets), frozenset(itertools.pairwise(flat)), between)


def is_refusal(sentence: str) -> bool:
    """Whether a sentence says that something is not known or not in the documents."""
    return bool(_REFUSES.search(sentence))


def describe_words(sentences: Sequence[str], contexts: Sequence[str], question: str = "") -> np.ndarray:
    """The signs of ``WORD_SIGNS`` of a response's sentences, shape (sentences, signs)."""
    source = read_source(tuple(contexts))
    asked = parse(question)
    own = frozenset(asked.stems)
    rows = np.array([_describe_sentence(text, source, own) for text in sentences], float)
    return np.hstack([rows, _describe_response(rows, sentences, source, asked)])


def _describe_response(rows: np.ndarray, sentences: Sequence[str], source: Source, asked: Parsed) -> np.ndarray:
    """The signs of ``RESPONSE_SIGNS``: what the rest of the response tells about a sentence."""
    n = len(sentences)
    parsed = [parse(text) for text in sentences]
    types = {p.stems[i] for p in parsed for i in p.content}
    missing = _share([word not in source.words and word not in asked.stems for word in types])
    lost = rows[:, 0]
    padded = np.concatenate([[0.0], lost, [0.0]])
    beside = np.maximum(np.minimum(np.arange(n), 1) + np.minimum(np.arange(n)[::-1], 1), 1)
    neighbours = lost if n == 1 else (padded[:-2] + padded[2:]) / beside
    covered = _share([asked.stems[i] in source.words for i in asked.content])
    refuses = rows[:, SENTENCE_SIGNS.index("refuses")]
    return np.column_stack([np.full(n, missing), neighbours, refuses * covered, refuses * (n <= 2)])


def _describe_sentence(sentence: str, source: Source, question: frozenset[str]) -> list[float]:
    parsed = parse(sentence)
    best, best_missing, window_missing = _find_best(parsed, source)
    near = frozenset().union(*source.sets[max(0, best - 1) : best + 2]) if best >= 0 else frozenset()
    return [
        *_missing_words(parsed, source, question),
        *_missing_facts(parsed, source),
        best_missing,
        window_missing,
        float(any(parsed.stems[i] not in near for i in parsed.numbers)),
        float(any(parsed.stems[i] not in near for i in parsed.names)),
        *_changes(parsed, source, best, near),
        *_find_styles(sentence.strip()),
    ]


@lru_cache(maxsize=4_096)
def _find_styles(sentence: str) -> tuple[float, ...]:
    """The signs from ``about_passages`` to ``asks``, which no source changes."""
    return (*(float(bool(sign.search(sentence))) for sign in _STYLES), float(sentence.endswith("?")))


def _missing_words(parsed: Parsed, source: Source, question: frozenset[str]) -> list[float]:
    """The signs from ``words_missing`` to ``not_in_question``."""
    stems, content = parsed.stems, parsed.content
    missing = [stems[i] not in source.words for i in content]
    weights = [min(1.0, 0.2 + 0.1 * len(stems[i])) for i in content]
    lost = sum(w for w, m in zip(weights, missing, strict=True) if m)
    return [
        _share(missing),
        lost / sum(weights) if weights else 0.0,
        _share([p not in source.pairs for p in itertools.pairwise(stems)]),
        _share(
            [
                word not in source.between.get((a, b), ())
                for a, word, b in zip(stems, stems[1:], stems[2:], strict=False)
            ]
        ),
        min(_longest_run(missing), 8) / 8,
        log(1 + sum(missing)),
        _share([m and stems[i] not in question for i, m in zip(content, missing, strict=True)]),
    ]


def _missing_facts(parsed: Parsed, source: Source) -> list[float]:
    """The signs from ``numbers_missing`` to ``names_missing_share``."""
    numbers = [parsed.stems[i] not in source.words for i in parsed.numbers]
    names = [parsed.stems[i] not in source.words for i in parsed.names]
    return [
        float(any(numbers)),
        _share(numbers),
        float(bool(numbers) and not any(numbers)),
        float(any(names)),
        _share(names),
    ]


def _find_best(sentence: Parsed, source: Source) -> tuple[int, float, float]:
    """The source sentence that holds most of a sentence's content words.

    Returns:
        its place, the share of content words that it lacks, and the share that it and its neighbours lack.
    """
    content = {sentence.stems[i] for i in sentence.content} or set(sentence.stems)
    if not content or not source.sets:
        return -1, 0.0, 0.0
    counts = [len(content & words) - 0.001 * len(words) for words in source.sets]
    best = max(range(len(counts)), key=counts.__getitem__)
    near = frozenset().union(*source.sets[max(0, best - 1) : best + 2])
    return best, len(content - source.sets[best]) / len(content), len(content - near) / len(content)


def _changes(parsed: Parsed, source: Source, best: int, near: frozenset[str]) -> list[float]:
    """The signs from ``negation_added`` to ``order_broken``: what the best source sentence says otherwise."""
    if best < 0:
        return [0.0] * 8
    twin = parse(source.texts[best])
    stems = parsed.stems
    its_words = source.sets[best]
    antonyms = sum(not find_opposites(word).isdisjoint(its_words) for word in stems if word not in its_words)
    slots = filled = 0
    for before, word, after in zip(stems, stems[1:], stems[2:], strict=False):
        others = source.between.get((before, after)) if word not in near else None
        if others:
            filled += word not in others
            slots += not find_opposites(word).isdisjoint(others)
    own, its = _modals(parsed), _modals(twin)
    return [
        float(parsed.negations > twin.negations),
        float(parsed.negations < twin.negations),
        min(antonyms, 3) / 3,
        float(slots > 0),
        min(filled, 3) / 3,
        float(bool(own - its)),
        float(bool(its - own)),
        _broken_order(parsed, twin),
    ]


def _modals(parsed: Parsed) -> set[str]:
    return {MODAL_OF[w.lower()] for w in parsed.words if w.lower() in MODAL_OF}


def _broken_order(parsed: Parsed, twin: Parsed) -> float:
    """Share of neighbouring content words, both in the twin, that stand there the other way round."""
    places: dict[str, list[int]] = {}
    for at, word in enumerate(twin.stems):
        places.setdefault(word, []).append(at)
    shared = [places[parsed.stems[i]] for i in parsed.content if parsed.stems[i] in places]
    return _share(
        [min(later) < min(earlier) and max(later) < max(earlier) for earlier, later in itertools.pairwise(shared)]
    )


def _longest_run(flags: Sequence[bool]) -> int:
    run = longest = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
