"""Questions about persons: who did it, where, who somebody is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.suite_building.candidates import lower_first
from engine.suite_building.grammar import (
    DONE,
    NOT_SUBJECT,
    NUMBER,
    PERSON,
    PRONOUNS,
    REFERS,
    SPEECH,
    TITLE,
    Phrased,
    hangs,
)
from engine.suite_building.verbs import PAST


def ask_who(body: str, people: frozenset[str]) -> Iterator[Phrased]:
    """``Berg signed on at Vardø`` to ``Who signed on at Vardø?`` A clause that a comma begins is left away."""
    match = re.match(rf"({PERSON}) ([a-z]+) ([^,;:.!?()—–\"“”‘]{{12,90}})(?=[,;.]|$)", body)
    if match is None:
        return
    name, verb, rest = match.groups()
    rest = re.split(r" (?:and|but|so|then|when|while|who|which|that|as|because|where) ", rest.strip())[0]
    if not _is_person(name, people) or not (verb in PAST or verb in DONE or re.fullmatch(r"[a-z]{2,}[^e]ed", verb)):
        return
    if REFERS.search(rest) or len(rest.split()) < 4 or verb in SPEECH or hangs(rest):
        return
    if verb == "had" and not re.match(r"(?:an?|the|no) ", rest):
        return
    telling = len(re.findall(r"\b(?:[A-Z][\w’']+|\d+|[a-z]{7,})", rest))
    yield Phrased(f"Who {verb} {rest}?", name, name, "person", min(0.9, 0.6 + 0.08 * telling))


def ask_where(body: str, people: frozenset[str]) -> Iterator[Phrased]:
    """``Quiroga hid the ring under the weighing chair`` to ``Where did Quiroga hide the ring?``"""
    match = re.match(
        rf"({PERSON}) ([a-z]+)((?: (?:the|a|an|his|her) [a-z]+(?: [a-z]+)?| down| up| on)?) (in|at|under|behind|inside|beside|from|near|into) "
        r"((?:the|an?) (?:[a-z-]+ ){0,3}[a-z-]+|[A-ZÀ-Ž][\w'’-]+(?: [A-Z][\w'’-]+)?)(?=[,;.]|$)", body
    )  # fmt: skip
    if match is None:
        return
    name, verb, what, preposition, place = match.groups()
    if verb not in PAST or verb in (*SPEECH, "went", "came", "looked", "turned", "lay") or not _is_person(name, people):
        return
    if re.search(r"\b(?:his|her)\b", what) or re.search(
        r"(?i)\b(?:morning|evening|night|end|time|day|week|winter|summer|afternoon|moment|way|voice|silence|dark|hurry|row)$",
        place,
    ):
        return
    tail = " from" if preposition == "from" else ""
    yield Phrased(f"Where did {name} {PAST[verb]}{what}{tail}?", f"{preposition} {place}", name, "person", 0.75)


def ask_named(sentence: str, people: frozenset[str]) -> Iterator[Phrased]:
    """What an aside says of a person: ``the cook, Anton Berg``, ``Jens, fifteen,``."""
    for match in re.finditer(
        rf"(?<![\w’'] )\b({PERSON}), ((?:the|an?) [a-z][^,.;:!?()“”\"]{{4,60}})(?=[,.;])", sentence
    ):
        name, what = match.groups()
        if (
            _is_person(name, people)
            and " " in name
            and not PRONOUNS.search(what)
            and not re.search(r"\b(?:was|were|had|is|and|but)\b", what)
        ):
            yield Phrased(f"Who is {name}?", what, name, "person", 0.8)
    for match in re.finditer(
        r"\b([Tt]he (?:[a-z-]+ ){0,2}[a-z-]+), ([A-ZÀ-Ž][\w’'-]+ [A-ZÀ-Ž][\w’'-]+)(?=[,.;])", sentence
    ):
        what, name = match.groups()
        if not re.search(
            r"(?i)\b(?:day|night|morning|evening|year|week|time|place|one|other|same|town|village|river)$", what
        ):
            yield Phrased(f"What is the name of {lower_first(what)}?", name, what, "person", 0.85)
    for match in re.finditer(
        rf"\b({PERSON}), (?:who (?:was|is) |aged )?({NUMBER})(?: years old)?(?=[,.;]| and )", sentence
    ):
        name, age = match.groups()
        if _is_person(name, people) and age not in ("one", "two", "half") and not re.match(r"\d{3}", age):
            yield Phrased(f"How old is {name}?", age, name, "number", 0.8)
    for match in re.finditer(
        r"\b[Aa]n? ((?:[a-z-]+ ){0,2}[a-z-]+) (?:called|named) (?:the )?([A-ZÀ-Ž][\w’'-]+(?: [A-ZÀ-Ž][\w’'-]+)*)(?=[,.;]| )",
        sentence,
    ):
        if match.group(1) in ("man", "woman", "boy", "girl", "person", "place", "thing", "fellow", "child"):
            continue
        yield Phrased(f"What is the {match.group(1)} called?", match.group(2), f"the {match.group(1)}", "fact", 0.8)


def _is_person(name: str, people: frozenset[str]) -> bool:
    if NOT_SUBJECT.match(name):
        return False
    return name in people or name.split()[-1] in people or bool(re.match(TITLE, name))
