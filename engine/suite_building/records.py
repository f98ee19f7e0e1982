"""Files of other tools as records: one a row, a line or an entry of a list, each with its line in the file."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import FileFormatError
from engine.ingestion.loaders import UnreadableFile, decode_text, find_delimiter
from engine.suite_building.texts import Problem

# What a case takes from a file, and the columns (in small letters, without marks) that usually hold it, likeliest first.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "question": ("userinput", "question", "input", "query", "prompt", "q", "utterance", "scenario"),
    "answers": ("reference", "groundtruth", "groundtruths", "expectedoutput", "answers", "answer", "expected", "expectedanswer",
                "correctanswer", "goldanswer", "bestanswer", "reply", "a", "expectedoutcome"),
    "facts": ("facts", "keyfacts", "mustcontain"),
    "contexts": ("referencecontexts", "context", "contexts", "goldcontext", "evidence", "passage", "sourcetext", "quote"),
    "document": ("document", "doc", "file", "filename", "source", "sourcefile", "page", "url"),
    "tags": ("tags", "tag", "category", "topic", "label", "synthesizername"),
    "id": ("id", "caseid", "name", "key"),
    "notes": ("notes", "note", "comment", "comments", "remarks"),
    "unanswerable": ("unanswerable", "noanswer", "isimpossible"),
}  # fmt: skip
NOT_GOLD = ("retrievedcontexts", "retrievalcontext", "response", "actualoutput")
LISTS = ("tests", "goldens", "test_cases", "testCases", "samples", "examples", "data", "rows", "questions", "cases")
MOST_BYTES = 50 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of a file: its line, and values by column."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a file holds, and what of it could not be read."""

    columns: tuple[str, ...]
    rows: tuple[Record, ...]
    problems: tuple[Problem, ...] = ()


def decode_file(content: bytes, name: str) -> str:
    """The text of a file, in whatever encoding; line ends become LF.

    Raises:
        FileFormatError: no text, empty, or larger than 50 MB.
    """
    if len(content) > MOST_BYTES:
        raise FileFormatError(name, f"larger than {MOST_BYTES >> 20} MB ({len(content) >> 20} MB)", hint="Split it.")
    if content[:4] == b"PK\x03\x04":
        hint = "Save the sheet as CSV (in the spreadsheet: Save as, CSV UTF-8), and import that."
        raise FileFormatError(name, "expected text, found a spreadsheet or an archive", hint=hint)
    try:
        text = decode_text(content).replace("\r", "\n").lstrip("\ufeff")
    except UnreadableFile as reason:
        raise FileFormatError(name, f"expected text, found {reason}", hint="Save it as UTF-8 text.") from None
    if not text.strip():
        raise FileFormatError(name, "expected questions, found an empty file", hint="Choose another file.")
    return text


def read_table(text: str, name: str, delimiter: str = "") -> Records:
    """The rows of a CSV or TSV file under their header; a row with more cells than the header is a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or find_delimiter(text))
    rows: list[Record] = []
    problems: list[Problem] = []
    header: list[str] = []
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
            elif len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                found = f"expected {len(header)} cells as in the header, found {len(cells)}"
                problems.append(Problem(field="", text=f"{found}; quote cells that hold the separator", line=line))
            else:
                rows.append(Record(line=line, values=dict(zip(header, cells, strict=False))))
    except csv.Error as error:
        raise FileFormatError(name, f"expected a table, found {error}", line=reader.line_num) from None
    return Records(columns=tuple(c for c in dict.fromkeys(header) if c), rows=tuple(rows), problems=tuple(problems))


def read_json_lines(text: str) -> Records:
    """The objects of a JSONL file; a line that is none is a problem, and the rest goes on."""
    rows: list[Record] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            found = getattr(error, "msg", "too deeply nested")
            problems.append(Problem(field="", text=f"expected a JSON object, found broken JSON ({found})", line=number))
            continue
        _add_value(value, number, rows, problems)
    return Records(columns=_columns(rows), rows=tuple(rows), problems=tuple(problems))


def read_json(text: str, name: str) -> Records:
    """The entries of a JSON list, or of the list that an object holds, each with the line that it begins in.

    Raises:
        FileFormatError: broken JSON, or no list in it.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFormatError(
            name, f"expected JSON, found broken JSON at column {error.colno} ({error.msg})", line=error.lineno
        ) from None
    except RecursionError:
        raise FileFormatError(name, "expected JSON, found it too deeply nested") from None
    start = 0
    if isinstance(whole, dict):
        key = next((key for key in LISTS if isinstance(whole.get(key), list)), "")
        if not key:
            columnar = _read_columnar(whole)
            if columnar is not None:
                return columnar
            known = ", ".join(LISTS)
            raise FileFormatError(name, f"expected a list of questions, or an object with one of {known}", line=1)
        match = re.search(rf'"{key}"\s*:\s*\[', text)
        start = match.end() - 1 if match else 0
    elif not isinstance(whole, list):
        raise FileFormatError(name, f"expected a list of questions, found {type(whole).__name__}", line=1)
    rows: list[Record] = []
    problems: list[Problem] = []
    for line, value in _walk_list(text, text.index("[", start)):
        _add_value(value, line, rows, problems)
    return Records(columns=_columns(rows), rows=tuple(rows), problems=tuple(problems))


def guess_mapping(columns: Sequence[str]) -> dict[str, str]:
    """Field of a case to the column that it most likely stands in; a column serves one field."""
    plain = {re.sub(r"[^a-z0-9]", "", column.casefold()): column for column in reversed(columns)}
    mapping: dict[str, str] = {}
    for field, names in FIELDS.items():
        found = next((plain[name] for name in names if name in plain and plain[name] not in mapping.values()), None)
        if found is not None:
            mapping[field] = found
    return mapping


def split_list(value: Any) -> list[str]:
    """A cell as a list of texts: a list, a list written in JSON or Python, else text parted by ``|``."""
    if value is None or value != value:  # NaN, as pandas writes a blank cell
        return []
    if isinstance(value, str):
        text = value.strip()
        if text[:1] == "[" and text[-1:] == "]":
            for parse in (json.loads, ast.literal_eval):
                try:
                    return split_list(parse(text))
                except (ValueError, SyntaxError, RecursionError, MemoryError):
                    continue
        return [part.strip() for part in text.split("|") if part.strip()]
    if isinstance(value, list | tuple):
        return [
            text
            for entry in value
            for text in ([entry.strip()] if isinstance(entry, str) else split_list(entry))
            if text
        ]
    if isinstance(value, dict):
        return split_list(value.get("text") or value.get("page_content") or value.get("content"))
    return [str(value)]


def _add_value(value: Any, line: int, rows: list[Record], problems: list[Problem]) -> None:
    if isinstance(value, dict):
        rows.append(Record(line=line, values=value))
    else:
        found = f"expected an object with fields, found {type(value).__name__}"
        problems.append(Problem(field="", text=found, line=line))


def _columns(rows: Sequence[Record]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for row in rows for name in row.values))


def _read_columnar(whole: Mapping[str, Any]) -> Records | None:
    """``{"question": [...], "answer": [...]}``, as ``datasets.Dataset.to_dict`` gives; None when it is not that."""
    lists = {name: value for name, value in whole.items() if isinstance(value, list)}
    if (
        len(lists) < 2
        or len({len(value) for value in lists.values()}) != 1
        or "question" not in guess_mapping(list(lists))
    ):
        return None
    rows = tuple(
        Record(line=1, values=dict(zip(lists, values, strict=True))) for values in zip(*lists.values(), strict=True)
    )
    return Records(columns=tuple(lists), rows=rows)


def _walk_list(text: str, start: int) -> Iterator[tuple[int, Any]]:
    """The entries of the JSON list that begins at ``start``, each with its line; the text is known to be valid."""
    decode = json.JSONDecoder().raw_decode
    at, line, counted = start + 1, text.count("\n", 0, start + 1) + 1, start + 1
    skip = re.compile(r"[\s,]*")
    while True:
        match = skip.match(text, at)
        at = match.end() if match else at
        if text[at] == "]":
            return
        value, end = decode(text, at)
        line, counted = line + text.count("\n", counted, at), at
        yield line, value
        at = end
