"""Questions that a corpus does not answer: one that it does, about something that it does not know."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from engine.suite_building.candidates import Candidate

_PEOPLE = ("Rosalind Ackermann", "Teodor Vasquez", "Ingrid Thorsby", "Callum Okafor", "Beatrix Lindholm", "Anselm Duarte", "Priya Hollander", "Marguerite Stroud", "Emil Castellan", "Nadia Westergaard")  # fmt: skip
_SURNAMES = (
    "Ackermann",
    "Vasquez",
    "Thorsby",
    "Okafor",
    "Lindholm",
    "Duarte",
    "Hollander",
    "Stroud",
    "Castellan",
    "Westergaard",
)
_PLACES = ("Valparaíso", "Trondheim", "Galway", "Lucerne", "Pondicherry", "Antofagasta", "Tallinn", "Whitehorse")
_PARTS = ("Quota", "Thermal", "Firmware", "Ledger", "Turbine", "Beacon", "Orchard", "Voucher", "Printer", "Scanner")
_TERMS = ("lantern quota", "spillway key", "mirror ticket", "quarry index", "feather lock", "orchard window")
_NAME = re.compile(r"\b[A-Z][a-zà-ž]+(?: [A-Z][a-zà-ž]+)+\b")
_CAMEL = re.compile(r"\b(?:[A-Z][a-z0-9]+){2,}\b")
_DATED = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)", re.I)
_CODE = re.compile(r"\b(?=\w*[A-Za-z])(?=[\w-]*\d)[A-Za-z]{1,6}-?[\w-]*\d[\w-]*\b")


class KnowsCorpus(Protocol):
    """What is needed of ``CorpusWords``."""

    people: frozenset[str]

    def holds(self, text: str) -> bool:
        """Whether any document holds a text."""


def swap_subjects(candidates: Sequence[Candidate], words: KnowsCorpus, rng: random.Random) -> Iterator[Candidate]:
    """Candidates with what they are about exchanged for something that no document holds."""
    for candidate in candidates:
        found = _find_name(candidate, words)
        if found is None:
            continue
        old, pool = found
        fresh = [
            name for name in pool if not words.holds(name) and name.casefold() not in candidate.question.casefold()
        ]
        if not fresh:
            continue
        question = candidate.question.replace(old, rng.choice(fresh))
        if question != candidate.question and old not in question:
            yield replace(candidate, question=question, answer="", origin="swap", useful=candidate.useful - 0.1)


def _find_name(candidate: Candidate, words: KnowsCorpus) -> tuple[str, Sequence[str]] | None:
    """What of a question can be exchanged, and for what."""
    subject = candidate.subject
    if (
        not subject
        or subject not in candidate.question
        or "," in subject
        or candidate.origin in ("heading", "step", "person")
    ):
        return None
    camel = _CAMEL.fullmatch(subject)
    if camel:
        parts = re.findall(r"[A-Z][a-z0-9]+", subject)
        return subject, [parts[0] + part + "".join(parts[2:]) for part in _PARTS if part not in parts]
    if subject in words.people:
        return subject, _PEOPLE if " " in subject else _SURNAMES
    if candidate.origin == "definition" and subject.islower():
        return subject, _TERMS
    number = re.search(r"(?<![\w.-])\d{1,2}(?![\w.-])", subject)
    if candidate.origin == "table" and number and (":" in subject or _DATED.search(subject)):
        return None  # any day and any hour might have been
    if candidate.origin == "table" and number:
        digits = int(number.group())
        return subject, [
            subject[: number.start()] + str(digits + step) + subject[number.end() :] for step in (7, 11, 13, 19, 23)
        ]
    role = re.search(r"(?i)\b(?:lead|manager|steward|officer)$", subject)
    if candidate.origin == "table" and role:
        return subject, [f"{word} {role.group()}" for word in ("Catering", "Payroll", "Facilities", "Archive")]
    code = _CODE.search(subject)
    if code:
        old = code.group()
        return old, [re.sub(r"\d+", str(number), old, count=1) for number in (17, 23, 37, 41, 53, 68, 74, 89, 93)]
    named = _NAME.fullmatch(subject)
    if named and subject.split()[0] not in ("The", "A", "An"):
        return subject, _PLACES if candidate.origin == "place" else ()
    return None
