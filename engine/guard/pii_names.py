"""Names of persons, organisations and places, by lists of names and by the words around them. No model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from engine.guard.pii_patterns import PersonalSpan

PATH = Path(__file__).with_name("names.txt")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LED_BY = re.compile(
    r"(?:\bname(?:['’]s| is|:)|\bi(?:['’]m| am)|\bcall me|\b(?:was|is|were|are) (?:called|named)|\bnamed|\bthis is|\bspeak(?:ing)? (?:to|with)"
    r"|\b(?:dear|hi|hello|hey)|\b(?:regards|sincerely|signed(?: by)?|thanks),?|\bsigned,?"
    r"|\b(?:kid|son|daughter|wife|husband|brother|sister|mother|father|uncle|aunt|boss|patient|producer|player|actor|author|singer)"
    r"|\b(?:starring|featur(?:es|ing)|written by|directed by|met|married|arranged and sung by|influenced by)|\bas a beneficiary)[:,]?\s+$",
    re.I,
)  # fmt: skip
_BEFORE_PLACE = re.compile(
    r"\b(?:originally from|grew up in|born in|lives? in|living in|located in|based in|moved to|university of|i['’]m in|travel(?:l?ed)? to"
    r"|flying to|visit(?:ing|ed)?|(?:city|town|village) of)\s+$",
    re.I,
)  # fmt: skip
_BEFORE_FIRM = re.compile(
    r"\b(?:work(?:s|ed|ing)? (?:for|at)|employed (?:by|at)|join(?:ed)?|support|ceo of|founder of)\s+$", re.I
)
_FOLLOWED_BY = re.compile(
    r"(?:['’]s (?:killers?|mother|father|wife|husband|son|daughter|address|phone|email|salary|account|birthday|boss|song|house)\b"
    r"|,? (?:can|could|may) I\b|,? \d{1,3} years old|,? (?:said|says|wrote|told|replied|lives|began writing|had given|will be talking|(?:was|is) (?:born|influenced|married|survived)|(?:is|was) from"
    r"|explained|passed away)\b|\s+so (?:impulsive|angry|happy|sad)\b| as (?:a )?(?:beneficiary|guardian)\b| from the will\b)"
)  # fmt: skip
_NEAR = 40


@cache
def load_words() -> Mapping[str, frozenset[str]]:
    """The lists of ``names.txt`` by name, lower case."""
    parts = PATH.read_text(encoding="utf-8").split("\n= ")[1:]
    return {name: frozenset(words.split()) for name, words in (part.split("\n", 1) for part in parts)}


def find_names(text: str) -> Iterator[PersonalSpan]:
    """Runs of capitalised words, told apart by lists and by what stands around them."""
    lists = load_words()
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    at = 0
    while at < len(words):
        if not text[words[at][0]].isupper():
            at += 1
            continue
        after = _end_of_run(text, words, at, lists)
        yield from _judge_run(text, words[at:after], lists)
        at = after


def _end_of_run(text: str, words: list[tuple[int, int]], at: int, lists: Mapping[str, frozenset[str]]) -> int:
    """Index behind the run of capitalised words that begins here: particles within, at most six words."""
    end = at + 1
    while end < len(words) and end - at < 6:
        gap = text[words[end - 1][1] : words[end][0]]
        initial = words[end - 1][1] - words[end - 1][0] == 1 or text[slice(*words[end - 1])].lower() in lists["titles"]
        if not (gap == " " or (gap == ". " and initial)):
            break
        word = text[slice(*words[end])]
        if not word[0].isupper():
            follows = end + 1 < len(words) and text[words[end + 1][0]].isupper()
            if word not in lists["particles"] or not follows:
                break
        end += 1
    return end


def _judge_run(text: str, run: list[tuple[int, int]], lists: Mapping[str, frozenset[str]]) -> Iterator[PersonalSpan]:
    given = lists["given"]
    titles = [place for place, piece in enumerate(run) if _base(text, piece) in lists["titles"]]
    titled = bool(titles)
    run = run[titles[-1] + 1 :] if titles else run
    while run:
        word = _base(text, run[0])
        if word not in lists["common"] or (titled and word in given):
            break
        run = run[1:]
    if not run:
        return
    plain = [_base(text, piece) for piece in run]
    start, end = run[0][0], run[-1][1]
    possessive = text[start:end].endswith(("'s", "’s"))
    end -= 2 * possessive
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    if plain[0] in lists["nations"]:
        yield PersonalSpan("nationality", start, run[0][1] if len(run) > 1 else end, 0.8)
    elif plain[-1] in lists["firms"] or (_BEFORE_FIRM.search(before) and plain[0] not in given):
        yield PersonalSpan("organisation", start, end, 0.8 if len(run) > 1 else 0.5)
    elif (plain[0] in lists["countries"] and len(run) == 1) or _BEFORE_PLACE.search(before):
        yield PersonalSpan("place", start, end, 0.8)
    else:
        score = 0.95 if titled else _score_person(plain, before, after, given, lists["family"])
        if score:
            yield PersonalSpan("person", start, end, score)


def _score_person(plain: list[str], before: str, after: str, given: frozenset[str], family: frozenset[str]) -> float:
    """How sure it is that a run names a person; 0 where nothing speaks for it."""
    known = plain[0] in given
    middle = any(len(word) == 1 for word in plain[1:-1]) and len(plain) > 2
    if len(plain) > 1 and (known or middle or (len(plain[0]) == 1 and plain[-1] in family)):
        return 0.9
    if _LED_BY.search(before) or _FOLLOWED_BY.match(after):
        return 0.85
    if len(plain) == 2 and plain[1] in family and plain[0] not in family:
        return 0.5
    return 0.7 if known and len(plain) == 1 else 0.0


def _base(text: str, piece: tuple[int, int]) -> str:
    return text[slice(*piece)].lower().removesuffix("'s").removesuffix("’s")
