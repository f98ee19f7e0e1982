"""What a proposed question is before a person sees it, and the words that several generators share."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,;:!?)])[*_](?!\w)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\n]*\)")
# Words for documents: a title that ends in one is written without quotes.
_KINDS = frozenset(
    [
        "policy",
        "guide",
        "notes",
        "terms",
        "notice",
        "matrix",
        "manual",
        "handbook",
        "calendar",
        "catalogue",
        "glossary",
        "agreement",
        "form",
        "application",
        "letter",
        "log",
        "report",
        "schedule",
        "plan",
        "rules",
        "list",
        "page",
        "diary",
        "interview",
        "statement",
        "contract",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question that the text from ``start`` to ``end`` of a document answers.

    Attributes:
        answer: stands in that text, white space and marks of emphasis aside; empty for an unanswerable question.
        origin: definition, table, number, step, heading, person, fact, swap, or a model's name.
        useful: how much such a question is worth to a tester, 0 to 1, before it is held against the others.
        subject: what the question is about; a swap puts another in its place.
        shape: what tells questions of one build apart, a column or a verb: not too many of one are proposed.
    """

    question: str
    answer: str
    document: str
    start: int
    end: int
    origin: str
    useful: float
    subject: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a document a text stands: the document's id and title, and the heading above."""

    document: str
    title: str
    heading: str = ""


def clean(text: str) -> str:
    """Text on one line without marks of emphasis and links."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", text)).split())


def first_clause(text: str, most: int = 14) -> str:
    """The beginning of a text up to where a clause ends, at most so many words; empty when no clause is that short."""
    text = clean(text).rstrip(" .;:,!")
    if len(text.split()) <= most and not re.search(r"[.;!?] ", text):
        return text
    ends = [
        m.start()
        for m in re.finditer(r"(?<!\bno)(?<!\bNo)(?<!e\.g)(?<!i\.e)(?<!approx)[.;:,] | \(| – | -- | - (?=\w)| — ", text)
    ]
    fitting = [end for end in ends if 1 < len(text[:end].split()) <= most and _closed(text[:end])]
    sentence = next((end for end in ends if text[end] in ".;" and end in fitting), None)
    if sentence is not None:
        return text[:sentence]
    return text[: fitting[-1]] if fitting else ""


def lower_first(text: str) -> str:
    """With a small first letter, unless the first word is a name, a code or an abbreviation."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    plain = first[:1].isupper() and first[1:].islower() and first not in ("I", "I'm")
    return text[:1].lower() + text[1:] if plain or first == "A" else text


def upper_first(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def name_place(place: Place) -> str:
    """A document as a question names it: ``the delivery policy``, ``“Item 4471”``."""
    title = re.sub(r"\s*\([^)]*\)$", "", clean(place.title).strip(" .:!?"))
    before = re.split(r":| -- | – ", title)[0].strip()
    title = before if len(before.split()) >= 2 else title
    words = title.split()
    plain = title[1:] == title[1:].lower() and title.isascii() and len(words) > 1 and words[-1].lower() in _KINDS
    return (
        f"the {title[:1].lower()}{title[1:]}"
        if plain and not re.match(r"(?i)(?:a|the|how|any) ", title)
        else f"“{title}”"
    )


def _closed(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count('"') % 2 == 0 and text.count("“") == text.count("”")
