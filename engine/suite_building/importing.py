"""Cases from the files of other tools: read whole, shown with every problem by line, written only when accepted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError, InputError
from engine.evaluation.locating import Locator
from engine.evaluation.target_replies import ForeignContext
from engine.suite_building.promptfoo import read_promptfoo
from engine.suite_building.records import (
    FIELDS,
    Record,
    Records,
    decode_file,
    guess_mapping,
    read_json,
    read_json_lines,
    read_table,
    split_list,
)
from engine.suite_building.texts import Problem, check_case

FORMATS = ("auto", "csv", "tsv", "json", "jsonl", "ragas", "deepeval", "promptfoo")
LONG_ANSWER = 12  # words
SHORTEST = 12  # characters of a context
_TRUE, _FALSE = ("true", "yes", "1", "y", "unanswerable"), ("false", "no", "0", "n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What a file would add to a suite.

    Attributes:
        mapping: field of a case to the column that it was taken from; ``columns`` are all of the file.
        cases: as in ``cases.jsonl``; ``lines`` are the lines that they come from.
        problems: by line; a row with one that is no warning is not among the cases.
        located, contexts: reference contexts that were found in the corpus, of how many.
    """

    format: str
    rows: int
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    cases: tuple[Mapping[str, Any], ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]
    located: int
    contexts: int

    @property
    def refused(self) -> int:
        """Rows that give no case."""
        return self.rows - len(self.cases)


def read_import(
    content: bytes,
    name: str,
    documents: Mapping[str, str],
    *,
    format_: str = "auto",
    mapping: Mapping[str, str] | None = None,
    existing: Iterable[str] = (),
) -> ImportResult:
    """Read a file of questions; nothing is written.

    Args:
        name: the file's name; its ending tells the format when ``format_`` is ``auto``.
        documents: the corpus, id to text: reference contexts become gold spans where they are found in it.
        mapping: field to column, on top of what is guessed; an empty column takes a guess away.
        existing: questions that the suite has already.

    Raises:
        FileFormatError: the file is not of the format, or no column holds the question.
    """
    text = decode_file(content, name)
    format_ = _find_format(format_, name, text)
    records = _read_records(format_, text, name)
    chosen = _choose_columns(records, mapping or {}, name)
    builder = _Builder(documents, chosen, Path(name).stem, existing)
    cases, lines = [], []
    for record in records.rows:
        case = builder.build(record)
        if case is not None:
            cases.append(case)
            lines.append(record.line)
    problems = sorted([*records.problems, *builder.problems], key=lambda p: p.line)
    return ImportResult(
        format=format_,
        rows=len(records.rows) + len({p.line for p in records.problems if not p.warning}),
        columns=records.columns,
        mapping=chosen,
        cases=tuple(cases),
        lines=tuple(lines),
        problems=tuple(problems),
        located=builder.located,
        contexts=builder.contexts,
    )


class _Builder:
    """Rows to cases, one after the other; keeps what was wrong with them."""

    def __init__(
        self, documents: Mapping[str, str], mapping: Mapping[str, str], stem: str, existing: Iterable[str]
    ) -> None:
        self.problems: list[Problem] = []
        self.located = self.contexts = 0
        self._documents = documents
        self._locator = Locator(documents)
        self._mapping = mapping
        self._stem = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:30] or "import"
        self._seen = {_key(question): 0 for question in existing}
        self._ids: set[str] = set()

    def build(self, record: Record) -> dict[str, Any] | None:
        """The case of a row; None when the row has a problem that is no warning."""
        questions = self._read_questions(record)
        if not questions:
            self._refuse(record, "question", "expected a question, found a blank cell")
            return None
        key = _key("\n".join(questions))
        if key in self._seen:
            first = self._seen[key]
            self._refuse(
                record, "question", f"the same question as in line {first}" if first else "the suite has it already"
            )
            return None
        self._seen[key] = record.line
        expected = self._read_expected(record)
        if expected is None:
            return None
        shared = self._read_shared(record)
        if len(questions) == 1:
            case = {**shared, "kind": "qa", "question": questions[0], **expected}
        else:
            turns: list[dict[str, Any]] = [{"question": question} for question in questions]
            turns[-1] |= expected
            case = {**shared, "kind": "conversation", "turns": turns}
        wrong = [p for p in check_case(case, self._documents) if not p.warning]
        for problem in wrong:
            self._refuse(record, problem.field, problem.text)
        return None if wrong else case

    def _read_questions(self, record: Record) -> list[str]:
        value = self._value(record, "question")
        turns = value if isinstance(value, list) else record.values.get("turns")
        if isinstance(turns, list) and turns and all(isinstance(turn, dict) for turn in turns):
            people = [t for t in turns if str(t.get("role") or t.get("type") or "user").casefold() in ("user", "human")]
            return [str(t.get("content", "")).strip() for t in people if str(t.get("content", "")).strip()]
        if isinstance(value, list):
            return [str(entry).strip() for entry in value if str(entry).strip()]
        return [str(value).strip()] if value is not None and str(value).strip() else []

    def _read_expected(self, record: Record) -> dict[str, Any] | None:
        answers, facts = split_list(self._value(record, "answers")), split_list(self._value(record, "facts"))
        flag = str(self._value(record, "unanswerable") or "").strip().casefold()
        if flag not in (*_TRUE, *_FALSE):
            self._refuse(record, "unanswerable", f"expected true or false, found {flag[:40]!r}")
            return None
        unanswerable = flag in _TRUE or [a.casefold() for a in answers] == ["unanswerable"]
        expected: dict[str, Any] = {"relevant": self._read_spans(record)}
        if unanswerable:
            return {"relevant": [], "unanswerable": True}
        expected |= {"answers": answers, "facts": facts}
        if not answers and not facts:
            self._warn(record, "answers", "no answer: only retrieval is scored")
        long = max((len(answer.split()) for answer in answers), default=0)
        if long > LONG_ANSWER:
            text = f"an answer of {long} words has to stand in the reply word for word; shorten it to what matters"
            self._warn(record, "answers", text)
        return expected

    def _read_spans(self, record: Record) -> list[dict[str, Any]]:
        named = self._read_document(record)
        spans: list[dict[str, Any]] = []
        contexts = self._value(record, "contexts")
        # A passage that holds a bar is still one passage.
        passages = [contexts] if isinstance(contexts, str) and contexts.strip()[:1] != "[" else split_list(contexts)
        for number, passage in enumerate((p for p in passages if p.strip()), 1):
            self.contexts += 1
            if len(passage.strip()) < SHORTEST:
                self._warn(record, "contexts", f"context {number} is too short to be told where it stands")
                continue
            found = self._locator.locate(ForeignContext(text=passage, document=named))
            found = found or (self._locator.locate(ForeignContext(text=passage)) if named else None)
            if found is None:
                text = f"context {number} ({len(passage)} characters) does not stand in the corpus; no gold span made of it"
                self._warn(record, "contexts", text)
                continue
            self.located += 1
            span = {"document": found.document, "start": found.start, "end": found.end}
            if span not in spans:
                spans.append(span)
        return spans or ([{"document": named}] if named and not passages else [])

    def _read_document(self, record: Record) -> str:
        value = str(self._value(record, "document") or "").strip()
        found = self._locator.find_document(value) if value else ""
        if found is not None:
            return found
        self._warn(
            record, "document", f"{value[:80]!r} is not among the {len(self._documents)} documents of the corpus"
        )
        return ""

    def _read_shared(self, record: Record) -> dict[str, Any]:
        identifier = str(self._value(record, "id") or "").strip() or f"{self._stem}-{record.line}"
        while identifier in self._ids:
            identifier += "-2"
        self._ids.add(identifier)
        tags = [tag.strip() for part in split_list(self._value(record, "tags")) for tag in re.split("[,;]", part)]
        notes = str(self._value(record, "notes") or "").strip()
        return {"id": identifier, "tags": [tag for tag in tags if tag], **({"notes": notes} if notes else {})}

    def _value(self, record: Record, field: str) -> Any:
        column = self._mapping.get(field)
        return record.values.get(column) if column else None

    def _refuse(self, record: Record, field: str, text: str) -> None:
        self.problems.append(Problem(field=field, text=text, line=record.line))

    def _warn(self, record: Record, field: str, text: str) -> None:
        self.problems.append(Problem(field=field, text=text, line=record.line, warning=True))


def _find_format(format_: str, name: str, text: str) -> str:
    if format_ not in FORMATS:
        raise InputError(f"format {format_!r}: expected one of {', '.join(FORMATS)}.")
    if format_ != "auto":
        return format_
    ending = Path(name).suffix.casefold().lstrip(".")
    known = {"csv": "csv", "tsv": "tsv", "tab": "tsv", "json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "yaml": "promptfoo", "yml": "promptfoo"}  # fmt: skip
    if ending in known:
        return known[ending]
    start = text.lstrip()[:1]
    return "json" if start == "[" else "jsonl" if start == "{" else "csv"


def _read_records(format_: str, text: str, name: str) -> Records:
    if format_ == "promptfoo":
        return read_promptfoo(text, name)
    if format_ in ("ragas", "deepeval"):
        start = text.lstrip()[:1]
        lines = start == "{" and name.casefold().endswith((".jsonl", ".ndjson"))
        format_ = "jsonl" if lines else "json" if start in "[{" else "csv"
    if format_ == "jsonl":
        return read_json_lines(text)
    return read_json(text, name) if format_ == "json" else read_table(text, name, "\t" if format_ == "tsv" else "")


def _choose_columns(records: Records, wanted: Mapping[str, str], name: str) -> dict[str, str]:
    for field, column in wanted.items():
        if field not in FIELDS:
            raise InputError(f"--map {field}: expected one of {', '.join(FIELDS)}.")
        if column and column not in records.columns:
            raise InputError(f"--map {field}={column}: {name} has no such column, only {', '.join(records.columns)}.")
    guessed = guess_mapping([column for column in records.columns if column not in wanted.values()])
    mapping = {field: column for field, column in {**guessed, **wanted}.items() if column}
    if "question" not in mapping and "turns" not in records.columns:
        shown = ", ".join(records.columns) or "none"
        hint = "Say which column it is: --map question=COLUMN, or choose it on the screen."
        raise FileFormatError(
            name, f"expected a column with the question, found the columns {shown}", line=1, hint=hint
        )
    return mapping


def _key(question: str) -> str:
    return " ".join(question.casefold().split())
