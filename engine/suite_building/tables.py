"""Questions from tables: a cell by its row and its column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.ingestion.structure import Block
from engine.suite_building.candidates import Candidate, Place, clean, lower_first

VAGUE = re.compile(r"(?i)^(?:(?:yes|no|never|none)\b.*|n/a|never|-|–|—|see\b.*|tbd|todo|unknown|both|either|.{0,1})$")
WORDY = re.compile(
    r"(?i)^(?:who|how|when|where|why|what|which|reach|if|for|notes?|remarks?|comments?|do|does|can|use|used|write|call)\b"
)
_UNFIT_COLUMN = re.compile(
    r"(?i)(?:\b(?:to|from|by|after|before|for|of|at|up|in|on|per)$|^(?:fits|refund|microwave|after|before|free|hot|ready|full|minimum|min|max|agreed)\b|,|[?!:/%]|\b(?:goes|kept|lasts|until|with|without|freezer|oven|differential|examples)\b|\bis\b|\bday\b$)"
)
_ROLE = re.compile(r"(?i)\b(?:lead|manager|steward|officer|desk|pool|engineer|commander|director|head)$")
_ACRONYMS = frozenset(("sku", "id", "sgd", "usd", "eur", "gbp", "gst", "vat", "url", "api", "cpu", "ram", "slo", "sla", "ip", "dns", "uen", "pdf"))  # fmt: skip


def ask_row(text: str, place: Place, key: str) -> Iterator[Candidate]:
    """Candidates from a row of a CSV file, ``column: value; column: value``; ``key`` is the column that names it."""
    cells = dict(re.findall(r"(?:^|; )([^:;]{1,40}): (.*?)(?=; [^:;]{1,40}: |$)", text))
    name = cells.get(key, "")
    if not 2 <= len(name) <= 80:
        return
    for column, value in cells.items():
        label = _label(column)
        if (
            column == key
            or VAGUE.match(value)
            or WORDY.match(label)
            or len(value) > 90
            or value in name
            or _UNFIT_COLUMN.search(label)
        ):
            continue
        if re.fullmatch(r"(?i)(?:id|no|number|index|url|links?)", label):
            continue
        useful = 0.75 if re.search(r"\d", value) else 0.6
        verb = "are" if re.search(r"[^su]s$", label) and " " not in label else "is"
        yield Candidate(
            question=f"What {verb} the {label} of {'' if _named_alone(name) else 'the '}{lower_first(name)}?", answer=value,
            document=place.document, start=0, end=len(text), origin="table", useful=useful, subject=lower_first(name), shape=label,
        )  # fmt: skip


def ask_table(text: str, block: Block, place: Place) -> Iterator[Candidate]:
    """A cell by its row and its column; of tables with pipes."""
    lines = _lines(text, block)
    if len(lines) < 3 or not all(text[start:end].lstrip().startswith("|") for start, end in lines[:3]):
        return
    header = _cells(text[lines[0][0] : lines[0][1]])
    rows = [
        (start, end, _cells(text[start:end]))
        for start, end in lines[1:]
        if not re.fullmatch(r"[\s|:-]+", text[start:end])
    ]
    keys = [cells[0] for _, _, cells in rows if cells]
    for start, end, cells in rows:
        if len(cells) != len(header) or not cells[0] or keys.count(cells[0]) > 1 or len(cells[0].split()) > 6:
            continue
        for column, value in zip(header[1:], cells[1:], strict=True):
            if (
                not column
                or VAGUE.match(value)
                or len(value.split()) > 12
                or len(column.split()) > 5
                or value == cells[0]
            ):
                continue
            question = _phrase_cell(header[0], cells[0], column, place)
            if question:
                yield Candidate(
                    question=question, answer=value, document=place.document, start=start, end=end, origin="table",
                    useful=0.85, subject=cells[0], shape=column,
                )  # fmt: skip


def _phrase_cell(key: str, name: str, column: str, place: Place) -> str:
    """A question for a cell, in a table whose column reads like a thing that a row has; else empty."""
    label, key = _label(column), lower_first(key)
    numeric = bool(re.fullmatch(r"[\d.,%]+(?: ?\w{1,3})?", name)) or name[:1].isdigit()
    if WORDY.match(label) or not re.match(r"[A-Za-z]", label) or _UNFIT_COLUMN.search(label) or re.match(r"\d", label):
        return ""
    subject = f"{key} {name}" if key and (numeric or len(name) <= 5) else name
    subject = lower_first(subject) if len(subject.split()) > 1 and not is_named(subject) else subject
    if (
        re.match(r"(?i)(?:severity|size|zone|level|phase|tier|class|type|no\.?|number)$", key) is None
        and not numeric
        and _ROLE.search(name)
    ):
        subject = f"the {subject}"
    if label in ("name", "person", "owner", "contact", "deputy", "lead") and not numeric:
        return f"Who is the {label} of {subject}?" if label not in ("name", "person") else f"Who is {subject}?"
    plural = re.search(r"[^su]s$", label) and " " not in label
    return f"What {'are' if plural else 'is'} the {label} {'for' if numeric or ' ' in subject else 'of'} {subject}?"


def _label(column: str) -> str:
    """A column's name as a question writes it."""
    words = re.sub(r"[_-]+", " ", column).strip().split()
    shown = " ".join(word.upper() if word.casefold() in _ACRONYMS else word for word in words)
    shown = re.sub(r"\b(SGD|USD|EUR|GBP)\b", r"(\1)", shown)
    return shown if shown[:2].isupper() else lower_first(shown)


def _lines(text: str, block: Block) -> list[tuple[int, int]]:
    spans, at = [], block.start
    for line in text[block.start : block.end].split("\n"):
        if line.strip():
            spans.append((at, at + len(line)))
        at += len(line) + 1
    return spans


def _cells(line: str) -> list[str]:
    return [clean(cell) for cell in line.strip().strip("|").split("|")]


def _named_alone(name: str) -> bool:
    """Whether a row's name is one word, such as an alert's."""
    return " " not in name


def is_named(term: str) -> bool:
    """Whether a term is a name or a code, which takes no article."""
    return bool(re.search(r"[A-Z]", term[1:]) or re.search(r"\d", term))
