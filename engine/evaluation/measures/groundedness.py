"""Groundedness, first version: the calibrated probability that the context supports a sentence, from its words alone.

Signs of lexical support go through a logistic model: how many of the sentence's content words, word pairs and triples
the context holds, the longest run of unsupported words, and the numbers and names that the context lacks.
``groundedness.json`` holds the coefficients with the data they were fitted on and what they achieve there;
``fit_groundedness.py`` made it. It knows no synonyms: a faithful paraphrase scores lower than a copy. Nor does it see a
dropped or added "not": RAGTruth has too few of them to learn from (a negation sign got the wrong direction there and
was left out).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from math import exp, log
from pathlib import Path
from statistics import fmean
from typing import Any

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_question

COEFFICIENTS = Path(__file__).with_name("groundedness.json")
FEATURES = (
    "words_unsupported",
    "pairs_unsupported",
    "triples_unsupported",
    "longest_unsupported_run",
    "numbers_missing",
    "names_missing",
    "log_words",
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,:/]\d+)*")
_STOP = frozenset(
    """a about above after again all also although am an and any are as at be because been before being below between
    both but by can could did do does doing down during each either few for from further had has have having he her here
    hers him his how however i if in into is it its itself just may me might more most must my of off on once only or
    other our out over own same shall she should so some such than that the their them then there therefore these they
    this those through thus to too under until up upon very was we were what when where which while who whom why will
    with would you your""".split()  # noqa: SIM905
)  # fmt: skip
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    """Endings of inflection off; crude, and the same on both sides."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending in ("ingly", "edly", "ing", "ies", "ied", "es", "ed", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word.removesuffix("e") if len(word) > 4 else word


class _Evidence:
    """What a context holds, made once per context."""

    def __init__(self, contexts: Sequence[str]) -> None:
        self.words: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.triples: set[tuple[str, str, str]] = set()
        for text in contexts:
            stems = [_stem(w) for w in WORD.findall(text)]
            self.words.update(stems)
            self.pairs.update(itertools.pairwise(stems))
            self.triples.update(zip(stems, stems[1:], stems[2:], strict=False))


@lru_cache(maxsize=64)
def _read_evidence(contexts: tuple[str, ...]) -> _Evidence:
    return _Evidence(contexts)


def describe_support(sentence: str, contexts: Sequence[str]) -> list[float]:
    """The model's features, in the order of ``FEATURES``; 0 is full support."""
    evidence = _read_evidence(tuple(contexts))
    words = WORD.findall(_LIST_MARK.sub("", sentence))
    stems = [_stem(w) for w in words]
    content = [(w, s) for w, s in zip(words, stems, strict=True) if w.lower() not in _STOP]
    missing = [s not in evidence.words for _, s in content]
    pairs = list(itertools.pairwise(stems))
    triples = list(zip(stems, stems[1:], stems[2:], strict=False))
    run = longest = 0
    for stem_missing in missing:
        run = run + 1 if stem_missing else 0
        longest = max(longest, run)
    numbers = [s for w, s in content if w[0].isdigit()]
    names = [s for i, (w, s) in enumerate(content) if w[0].isupper() and (i or words[0] != w)]
    return [
        _share(missing),
        _share([p not in evidence.pairs for p in pairs]),
        _share([t not in evidence.triples for t in triples]),
        min(longest, 8) / 8,
        float(any(s not in evidence.words for s in numbers)),
        _share([s not in evidence.words for s in names]),
        log(1 + len(words)) / 4,
    ]


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


@lru_cache(maxsize=1)
def load_calibration() -> dict[str, Any]:
    """Coefficients with provenance: data, n, split, AUROC, expected calibration error, date."""
    return json.loads(COEFFICIENTS.read_text(encoding="utf-8"))


def score_groundedness(sentence: str, contexts: Sequence[str]) -> float:
    """Probability in [0, 1] that ``contexts`` support ``sentence``. Without any context it is 0; without a word, 1."""
    if not WORD.search(sentence):
        return 1.0
    if not any(text.strip() for text in contexts):
        return 0.0
    model = load_calibration()
    weights = zip(model["coefficients"], describe_support(sentence, contexts), strict=True)
    return 1 / (1 + exp(-(model["intercept"] + sum(w * x for w, x in weights))))


def _score(sample: Sample) -> Score:
    assert sample.answer is not None
    if sample.answer.abstained:
        return Score.not_applicable("the engine abstained: nothing was claimed")
    sentences = [s.text for s in sample.answer.sentences if s.text.strip()] or [sample.answer.text]
    contexts = [part.text for part in sample.answer.context.parts]
    return Score.of(fmean(score_groundedness(sentence, contexts) for sentence in sentences))


MEASURES = (
    Measure(
        name="groundedness",
        description="Mean over the answer's sentences of the calibrated probability that the context supports the "
        "sentence (words, numbers and names; first version, without a model).",
        applies=needs_question,
        score=_score,
    ),
)
