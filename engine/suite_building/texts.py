"""A suite's files as they are edited: every line kept as it stands, so that a save changes only what was changed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.errors import FileFormatError
from engine.evaluation.suite_files import KINDS, LINES, explain_error

ORDER = ("id", "kind", "question", "answers", "facts", "relevant", "unanswerable", "turns", "text", "content_type", "tags", "notes")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a field. ``line`` is one of a file, 0 for a form; a warning does not stop a save."""

    field: str
    text: str
    line: int = 0
    warning: bool = False

    @property
    def words(self) -> str:
        """The line, the field, and what is wrong."""
        where = ", ".join(([f"line {self.line}"] if self.line else []) + ([self.field] if self.field else []))
        return f"{where}: {self.text}" if where else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteText:
    """The text of a suite's two files. ``lines`` are those of ``cases.jsonl``, ``ending`` what follows the last one."""

    header: str
    lines: tuple[str, ...]
    ending: str = "\n"

    @property
    def hash(self) -> str:
        """The same as ``hash_suite_files`` gives once this is written."""
        return hashlib.sha256(self.header_bytes + b"\0" + self.cases_bytes).hexdigest()

    @property
    def header_bytes(self) -> bytes:
        """The content of ``suite.yaml``."""
        return self.header.encode()

    @property
    def cases_bytes(self) -> bytes:
        """The content of ``cases.jsonl``."""
        return ("\n".join(self.lines) + self.ending).encode() if self.lines else b""

    @property
    def size(self) -> int:
        """How many cases there are."""
        return sum(bool(line.strip()) for line in self.lines)

    def cases(self) -> dict[str, dict[str, Any]]:
        """The cases by id, in order; a line that is no case is left out."""
        found = {}
        for line in self.lines:
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and isinstance(value.get("id"), str):
                found[value["id"]] = value
        return found

    def with_case(self, case: Mapping[str, Any], replaces: str = "") -> SuiteText:
        """With a case added at the end, or in the place of the one that had the id ``replaces``."""
        line = render_case(case)
        if not replaces:
            return dataclasses.replace(self, lines=(*self.lines, line))
        lines = tuple(line if _id_of(old) == replaces else old for old in self.lines)
        return dataclasses.replace(self, lines=lines)

    def with_cases(self, cases: Iterable[Mapping[str, Any]]) -> SuiteText:
        """With cases added at the end."""
        return dataclasses.replace(self, lines=(*self.lines, *(render_case(case) for case in cases)))

    def without_case(self, case_id: str) -> SuiteText:
        """Without the case of this id."""
        return dataclasses.replace(self, lines=tuple(line for line in self.lines if _id_of(line) != case_id))


def read_text(folder: Path) -> SuiteText:
    """A suite's files, as they are. A missing ``cases.jsonl`` is an empty one: a new suite has no cases yet.

    Raises:
        FileFormatError: ``suite.yaml`` is missing, or a file is not UTF-8.
    """
    header, cases = folder / "suite.yaml", folder / "cases.jsonl"
    try:
        written = cases.read_bytes().decode("utf-8-sig") if cases.is_file() else ""
        lines = written.split("\n")
        ending = "\n" if not lines[-1] else ""
        kept = tuple(lines[:-1] if ending else lines)
        return SuiteText(header=header.read_bytes().decode(), lines=kept, ending=ending)
    except FileNotFoundError:
        raise FileFormatError(header, "expected a file, found none", hint="A suite is a folder with it.") from None
    except UnicodeDecodeError:
        raise FileFormatError(folder, "expected UTF-8 text in suite.yaml and cases.jsonl, found other bytes") from None


def render_case(case: Mapping[str, Any]) -> str:
    """A case as a line of ``cases.jsonl``: fields in the usual order, empty ones left out."""
    return json.dumps(_tidy(case), ensure_ascii=False)


def _tidy(case: Mapping[str, Any]) -> dict[str, Any]:
    names = [*(name for name in ORDER if name in case), *(name for name in case if name not in ORDER)]
    empty = ([], (), None, "")
    kept = {name: case[name] for name in names if case[name] not in empty or name in ("id", "question")}
    if kept.get("unanswerable") is False:
        del kept["unanswerable"]
    if isinstance(kept.get("turns"), list):
        kept["turns"] = [_tidy(turn) if isinstance(turn, dict) else turn for turn in kept["turns"]]
    return kept


def check_case(
    case: Mapping[str, Any], documents: Mapping[str, str] | None = None, taken: Iterable[str] = ()
) -> list[Problem]:
    """Every problem of a case by field (``relevant.0.end``): format, gold spans, an id that another case has.

    Args:
        documents: id to text; without it gold spans are not held against them.
    """
    kind = case.get("kind")
    if kind not in LINES:
        return [Problem(field="kind", text=f"expected one of {', '.join(KINDS)}, found {kind!r}")]
    problems = []
    try:
        LINES[kind].model_validate(dict(case))
    except ValidationError as error:
        problems = [Problem(field=field, text=text) for field, text in map(explain_error, error.errors())]
    if case.get("id") in taken:
        problems.append(Problem(field="id", text=f"another case has the id {case['id']!r}"))
    if problems:
        return problems
    turns = case["turns"] if kind == "conversation" else [case] if kind == "qa" else []
    for t, turn in enumerate(turns):
        prefix = f"turns.{t}." if kind == "conversation" else ""
        problems += [
            Problem(field=f"{prefix}{p.field}", text=p.text, warning=p.warning) for p in _check_turn(turn, documents)
        ]
    return problems


def _check_turn(turn: Mapping[str, Any], documents: Mapping[str, str] | None) -> list[Problem]:
    problems = []
    spans, answers, facts = (turn.get(name, []) for name in ("relevant", "answers", "facts"))
    for i, span in enumerate(spans):
        text = None if documents is None else documents.get(span["document"])
        if documents is not None and text is None:
            found = f"document {span['document']!r} is not among the {len(documents)} documents of the corpus"
            problems.append(Problem(field=f"relevant.{i}.document", text=found))
        elif text is not None and span.get("end") is not None and span["end"] > len(text):
            found = f"end {span['end']} lies beyond {span['document']!r}, which has {len(text)} characters"
            problems.append(Problem(field=f"relevant.{i}.end", text=found))
    if not (answers or facts or turn.get("unanswerable")):
        text = "nothing is expected of the answer, so that only retrieval is scored"
        problems.append(Problem(field="answers", text=text, warning=True))
    elif (answers or facts) and not spans:
        text = "no gold span, so that retrieval is not scored"
        problems.append(Problem(field="relevant", text=text, warning=True))
    return problems


def _id_of(line: str) -> str:
    try:
        value = json.loads(line)
    except ValueError:
        return ""
    return str(value.get("id", "")) if isinstance(value, dict) else ""
