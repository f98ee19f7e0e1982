"""The formats of ``suite.yaml`` and ``cases.jsonl``, and their errors in words: file, line, field, expected, found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from engine.errors import FileFormatError

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
KINDS = ("qa", "conversation", "content", "generation", "security", "fault", "workflow")
CONTENT_TYPES = ("dialogue", "narrative", "mixed", "technical")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SpanLine(_Strict):
    """A gold span; without start and end the whole document."""

    document: Text
    start: Annotated[int, Field(ge=0)] | None = None
    end: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _check_ends(self) -> SpanLine:
        if (self.start is None) != (self.end is None):
            raise ValueError("expected both start and end, or neither for a whole document")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"start {self.start} must be smaller than end {self.end}")
        return self


class TurnLine(_Strict):
    """A question with what a good answer holds and where it stands."""

    question: Text
    answers: list[Text] = []
    facts: list[Text] = []
    relevant: list[SpanLine] = []
    unanswerable: bool = False

    @model_validator(mode="after")
    def _check_unanswerable(self) -> TurnLine:
        for field in ("answers", "facts"):
            if self.unanswerable and getattr(self, field):
                raise ValueError(f"unanswerable is true, so {field} must be empty; found {getattr(self, field)!r}")
        return self


class _CaseLine(BaseModel):
    id: Text
    tags: list[Text] = []
    notes: str | dict[str, Any] | None = None


class QaLine(_CaseLine, TurnLine):
    """``kind: qa``."""

    kind: Literal["qa"]


class ConversationLine(_CaseLine, _Strict):
    """``kind: conversation``: turns asked in order, each with the history before it."""

    kind: Literal["conversation"]
    turns: Annotated[list[TurnLine], Field(min_length=1)]


class ContentLine(_CaseLine, _Strict):
    """``kind: content``: a passage whose type is to be told."""

    kind: Literal["content"]
    text: Text
    content_type: Literal["dialogue", "narrative", "mixed", "technical"]


class OtherLine(_CaseLine):
    """Kinds that other commands run; a run of a suite loads them and leaves them unscored."""

    model_config = ConfigDict(extra="allow", strict=True)
    kind: Literal["generation", "security", "fault", "workflow"]


LINES: dict[str, type[QaLine | ConversationLine | ContentLine | OtherLine]] = {
    "qa": QaLine,
    "conversation": ConversationLine,
    "content": ContentLine,
    **dict.fromkeys(("generation", "security", "fault", "workflow"), OtherLine),
}


class SuiteFile(_Strict):
    """``suite.yaml``."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]*$")]
    title: Text
    description: str = ""
    licence: Text
    corpus: Text
    settings: dict[str, Any] = {}
    pass_rules: dict[str, float] = Field(default={}, alias="pass")
    measures: list[Text] | None = None
    rubrics: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], Text] = {}


def read_cases(path: Path) -> Iterator[tuple[int, QaLine | ConversationLine | ContentLine | OtherLine]]:
    """Lines of ``cases.jsonl`` with their numbers from 1; blank lines are skipped.

    Raises:
        FileFormatError: the file is missing, not UTF-8 or empty, or a line breaks the format.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        case = parse_case(path, number, line)
        if case.id in seen:
            problem = f"duplicate id {case.id!r}: line {seen[case.id]} already has it"
            raise FileFormatError(path, problem, line=number, field="id", hint="Give each case an id of its own.")
        seen[case.id] = number
        yield number, case
    if not seen:
        raise FileFormatError(path, "expected at least one case, found none")


def parse_case(path: Path, number: int, line: str) -> QaLine | ConversationLine | ContentLine | OtherLine:
    """One line of ``cases.jsonl``; ``path`` and ``number`` are for the message.

    Raises:
        FileFormatError: the line breaks the format.
    """
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        problem = f"expected one JSON object, found broken JSON at column {error.colno} ({error.msg})"
        raise FileFormatError(path, problem, line=number) from None
    if not isinstance(value, dict):
        raise FileFormatError(path, f"expected a JSON object, found {_short(value)}", line=number)
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in LINES:
        found = "nothing" if kind is None else _short(kind)
        raise FileFormatError(path, f"expected one of {', '.join(KINDS)}, found {found}", line=number, field="kind")
    try:
        return LINES[kind].model_validate(value)
    except ValidationError as error:
        field, problem = explain_error(error.errors()[0])
        raise FileFormatError(path, problem, line=number, field=field or None) from None


def read_suite_file(path: Path) -> tuple[SuiteFile, Mapping[str, int]]:
    """``suite.yaml`` and the line of each of its fields (``pass.success_rate``, ``measures.0``)."""
    return parse_suite_file(path, _read_text(path))


def parse_suite_file(path: Path, text: str) -> tuple[SuiteFile, Mapping[str, int]]:
    """The same of a text; ``path`` is for the message."""
    try:
        value, node = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"expected YAML, found {getattr(error, 'problem', None) or 'something else'}"
        raise FileFormatError(path, problem, line=mark.line + 1 if mark else None) from None
    if not isinstance(value, dict):
        raise FileFormatError(path, f"expected fields such as name and corpus, found {_short(value)}", line=1)
    lines = dict(_node_lines(node))
    try:
        return SuiteFile.model_validate(value), lines
    except ValidationError as error:
        field, problem = explain_error(error.errors()[0])
        if problem.startswith("unknown field"):
            problem += f"; known: {', '.join(f.alias or n for n, f in SuiteFile.model_fields.items())}"
        raise FileFormatError(path, problem, line=lines.get(field), field=field or None) from None


def _node_lines(node: yaml.Node | None, prefix: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            name = f"{prefix}.{key.value}" if prefix else str(key.value)
            yield name, key.start_mark.line + 1
            yield from _node_lines(child, name)
    elif isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            yield f"{prefix}.{i}", child.start_mark.line + 1
            yield from _node_lines(child, f"{prefix}.{i}")


def explain_error(details: ErrorDetails) -> tuple[str, str]:
    """Field path (``turns.2.relevant.0.end``) and what was expected and found, from one pydantic error."""
    field = ".".join(str(part) for part in details["loc"])
    kind, found, context = details["type"], _short(details.get("input")), details.get("ctx", {})
    expected = {
        "string_type": "text",
        "int_type": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "fields with values",
        "model_type": "an object",
        "string_too_short": "text that is not empty",
        "string_pattern_mismatch": "text with at least one letter or digit",
        "too_short": "at least one entry",
        "literal_error": f"one of {str(context.get('expected', '')).replace(' or ', ', ')}",
        "greater_than_equal": f"at least {context.get('ge')}",
    }.get(kind)
    if kind == "missing":
        return field, "expected a value, the field is missing"
    if kind == "extra_forbidden":
        return field, f"unknown field, found value {found}"
    if kind == "value_error":
        return field, str(context.get("error", details["msg"]))
    return field, f"expected {expected or details['msg']}, found {found}"


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileFormatError(
            path, "expected a file, found none", hint="A suite is a folder with both files."
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FileFormatError(path, "expected UTF-8 text, found other bytes", line=line) from None


def _short(value: object, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."
