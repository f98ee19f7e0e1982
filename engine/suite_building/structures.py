"""Questions from what a document marks by its form: tables, rows, definitions, fields, questions of its own, steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.ingestion.structure import Block, parse_blocks
from engine.suite_building.candidates import Candidate, Place, clean, first_clause, lower_first, name_place
from engine.suite_building.tables import VAGUE, WORDY, ask_table, is_named

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TERM = re.compile(
    r"^[ \t]*(?:[-*] )?\*\*([^*\n]{2,60})\*\*(?: \(([^)\n]{1,40})\))?[ \t]*(?::|—|–| - )[ \t]*(\S[^\n]*)$", re.M
)
_FIELD = re.compile(r"^(?:[-*] )?(?:\*\*)?([A-Z][A-Za-z ]{2,28}?)(?:\*\*)?:(?:\*\*)? (\S[^\n]{1,120})$", re.M)
_ASKED = re.compile(r"^(?:#{2,6} +|\*\*|Q[:.] *)?([A-Z][^\n?*#|]{9,110}\?)(?:\*\*)?[ \t]*\n+(?:A[:.] *)?(?=\S)", re.M)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_ENTRY = re.compile(
    rf"(?:^|\n)[ \t]*((?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(?:the )?(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})|(?:{_MONTHS}) \d{{1,2}})(?:,? \d{{4}})?)[.:,]?(?: |\n+)(?=[A-Z])"
)
_STEP = re.compile(r"[ \t]*(\d{1,2})[.)][ \t]+(.+)", re.S)
GLOSSARY = 5  # so many terms make a document a glossary, in which whatever follows a term explains it
_ABOUT = ("owner", "severity", "last review", "last reviewed", "last update", "last updated", "contact", "version", "revision", "effective date", "valid from",
          "valid until", "author", "approver", "deadline", "duration", "length", "location", "channel", "threshold", "dashboard", "interviewer", "captain",
          "phone", "e-mail", "address", "next measurement")  # fmt: skip
_DAYS = re.compile(r"(?i)\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b")
_UNFIT_FIELD = ("todo", "note", "example", "see", "warning", "important", "hint", "caution", "limits", "remark", "summary", "in short", "answer", "question", "subject", "from", "to", "cc", "re", "ps")  # fmt: skip


def ask_structures(text: str, place: Place) -> Iterator[Candidate]:
    """Every candidate from the marked parts of a document."""
    blocks = parse_blocks(text)
    headings = _headings_of(blocks)
    yield from _ask_definitions(text, place)
    yield from _ask_fields(text, place, blocks)
    yield from _ask_asked(text, place)
    yield from _ask_entries(text, place)
    for block, heading in zip(blocks, headings, strict=True):
        under = Place(document=place.document, title=place.title, heading=heading)
        if block.kind == "table":
            yield from ask_table(text, block, under)
        elif block.kind == "list":
            yield from _ask_steps(text, block, under)


def _headings_of(blocks: list[Block]) -> list[str]:
    """The heading that each block stands under."""
    heading, found = "", []
    for block in blocks:
        if block.kind == "heading":
            heading = clean(block.title)
        found.append(heading)
    return found


def _ask_definitions(text: str, place: Place) -> Iterator[Candidate]:
    matches = list(_TERM.finditer(text))
    for match in matches:
        term, meaning = clean(match.group(1)).rstrip(":"), match.group(3)
        answer = first_clause(meaning)
        if (
            not answer
            or len(answer.split()) < 3
            or term.endswith("?")
            or len(term.split()) > 5
            or re.match(r"(?i)(step|note|todo|warning)\b", term)
        ):
            continue
        if len(matches) < GLOSSARY and not re.match(
            r"(?i)(?:an?|the|to|our|where|what|whoever|time|number|share) ", answer
        ):
            continue
        shown = term if not re.search(r"[(/`]", term) else term.split(" / ")[0].split(" (")[0]
        yield Candidate(
            question=f"What does “{shown}” mean?" if not is_named(term) else f"What is {shown}?", answer=answer,
            document=place.document, start=match.start(), end=match.end(), origin="definition", useful=0.9, subject=shown,
        )  # fmt: skip


def _ask_fields(text: str, place: Place, blocks: list[Block]) -> Iterator[Candidate]:
    """``Owner: Platform`` at the top of a document."""
    top = next((b.start for b in blocks if b.kind == "heading" and b.start > 0), len(text))
    for match in _FIELD.finditer(text):
        label, value = match.group(1).strip(), clean(match.group(2))
        if (
            match.start() > max(top, 600)
            or label.casefold() in _UNFIT_FIELD
            or WORDY.match(label)
            or len(label.split()) > 3
        ):
            continue
        about = label.casefold() in _ABOUT
        answer = first_clause(re.split(r"\. [A-Z]", value)[0], 8 if about else 12)
        if not answer or VAGUE.match(answer) or not place.title or _DAYS.search(label) or label.isupper():
            continue
        if not about and (
            re.match(r"(?i)(?:not|no|date|time|sent|speaking|a|an|the|at|by)\b", label) or len(answer.split()) < 3
        ):
            continue
        shown = "date of the last review" if label.casefold() == "last reviewed" else lower_first(label)
        name = name_place(place)
        yield Candidate(
            question=f"What is the {shown} of {name}?" if about else f"What does {name} say about {shown}?",
            answer=answer, document=place.document, start=match.start(), end=match.end(), origin="fact",
            useful=0.55 if about else 0.5, subject=clean(place.title), shape=shown,
        )  # fmt: skip


def _ask_asked(text: str, place: Place) -> Iterator[Candidate]:
    """A question that the document itself asks, with the beginning of what it answers."""
    for match in _ASKED.finditer(text):
        question = clean(match.group(1))
        reply = re.match(r"[^\n]+(?:\n(?![\n#*|-])[^\n]+)*", text[match.end() :])
        if (
            reply is None
            or reply.group()[0] in "|#`"
            or re.match(r"(?:[-*] )?(?:sudo|kubectl|curl|rabbitmqctl|ssh|psql|[a-z]+ctl)\b", reply.group())
            or not re.match(r"(?i)(what|who|where|when|which|why|how|can|do|does|is|are|may|will|must)\b", question)
        ):
            continue
        if re.search(r"(?i)\b(?:it|them|this|that|these|those|he|she|they)\b", question):
            continue
        sentences = re.split(r"(?<=[.!]) (?=[A-Z0-9])", clean(reply.group()))
        stripped = [re.sub(r"^(?:Yes|No|Both)\b[,.]? ?", "", sentence) for sentence in sentences]
        if not stripped[0] and re.search(r"\bor\b", question):
            continue  # "Both." answers it, and what follows does not
        first = next((sentence for sentence in stripped if sentence), "")
        answer = first_clause(first, 20)
        if len(answer.split()) < 3 or re.match(r"(?i)see\b|we do\b|\(|-", answer) or (answer[-3:] == " no"):
            continue
        end = match.end() + _reach(reply.group(), answer)
        yield Candidate(
            question=question, answer=answer, document=place.document, start=match.end(), end=end, origin="heading", useful=1.0,
            subject=question,
        )  # fmt: skip


def _ask_entries(text: str, place: Place) -> Iterator[Candidate]:
    """What a diary or a log notes first under a date, where it has an entry for several."""
    entries = list(_ENTRY.finditer(text))
    if len(entries) < 4:
        return
    for match in entries:
        reply = re.match(r"[^\n]+(?:\n(?!\n)[^\n]+)*", text[match.end() :])
        sentences = re.split(r"(?<=[a-z.!]\.) (?=[A-Z])", clean(reply.group())) if reply else []
        for sentence in sentences[:3]:
            answer = first_clause(sentence, 16)
            if (
                reply
                and len(answer.split()) >= 4
                and not re.match(r"(?:Lat|Wind|Fog|He|She|It|They|This|That)\b", answer)
            ):
                date = clean(match.group(1))
                yield Candidate(
                    question=f"According to {name_place(place)}, what is noted on {date}?", answer=answer, document=place.document,
                    start=match.start(1), end=match.end() + _reach(reply.group(), answer), origin="fact", useful=0.65, subject=date, shape="entry",
                )  # fmt: skip
                break


def _reach(reply: str, answer: str) -> int:
    """Where the sentence of a reply ends that holds the answer."""
    for stop in re.finditer(r"[.!](?=\s|$)|$", reply):
        if answer in clean(reply[: stop.end()]):
            return len(reply[: stop.end()].rstrip())
    return len(reply.rstrip())


def _ask_steps(text: str, block: Block, place: Place) -> Iterator[Candidate]:
    """A numbered step by its place in its list, under a heading that names what is done."""
    ends = [*block.parts[1:], block.end]
    items = [
        (start, end, _STEP.fullmatch(text[start:end].strip())) for start, end in zip(block.parts, ends, strict=False)
    ]
    if (
        len(items) < 3
        or not all(found for _, _, found in items)
        or not place.heading
        or place.heading == clean(place.title)
    ):
        return
    for start, end, found in items:
        if found is None:
            continue
        number, answer = int(found.group(1)), first_clause(found.group(2), 16)
        if (
            not answer
            or len(answer.split()) < 4
            or "?" in answer
            or re.match(r"(?i)(?:if|when|otherwise|else)\b", answer)
            or not 1 <= number <= len(_ORDINALS)
        ):
            continue
        heading = re.sub(r"^\d+[.)] *", "", place.heading)
        question = f"What is the {_ORDINALS[number - 1]} step under “{heading}” in {name_place(place)}?"
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        yield Candidate(
            question=question, answer=answer, document=place.document, start=begin, end=start + len(text[start:end].rstrip()),
            origin="step", useful=0.6, subject=place.heading,
        )  # fmt: skip
