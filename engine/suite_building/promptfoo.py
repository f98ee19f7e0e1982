"""Tests of promptfoo: its variables and assertions as questions with answers and facts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from engine.errors import FileFormatError
from engine.suite_building.records import FIELDS, Record, Records, guess_mapping, split_list
from engine.suite_building.texts import Problem

ONE = ("contains", "icontains", "equals", "starts-with")
REFERENCE = ("similar", "factuality", "model-graded-factuality", "answer-relevance")
ALL, ANY = ("contains-all", "icontains-all"), ("contains-any", "icontains-any")
MOST_VARIANTS = 200


def read_promptfoo(text: str, name: str) -> Records:
    """The tests of a promptfoo file: the whole configuration, or its list of tests.

    An assertion that has no counterpart is a problem with its line; the test is taken without it.

    Raises:
        FileFormatError: no YAML, or no tests in it.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"this is not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}"
        raise FileFormatError(name, problem, line=mark.line + 1 if mark else None) from None
    tests, shared = _child(root, "tests") if isinstance(root, yaml.MappingNode) else root, _child(root, "defaultTest")
    if isinstance(tests, yaml.ScalarNode):
        found = f"expected tests, found a reference to {str(tests.value)[:80]!r}"
        raise FileFormatError(name, found, line=_line(tests), field="tests", hint="Import that file instead.")
    if not isinstance(tests, yaml.SequenceNode):
        raise FileFormatError(name, "expected tests, a list with vars and assert; found none", line=1)
    rows: list[Record] = []
    problems: list[Problem] = []
    for node in tests.value:
        if not isinstance(node, yaml.MappingNode):
            problems.append(
                Problem(field="tests", text="expected vars and assert; a reference is not followed", line=_line(node))
            )
            continue
        for values in _vary(_vars(shared) | _vars(node)):
            found, notes = _read_asserts([shared, node], values)
            rows.append(Record(line=_line(node), values=_as_record(node, values) | found))
            problems += notes
    columns = tuple(dict.fromkeys(column for row in rows for column in row.values))
    return Records(columns=columns, rows=tuple(rows), problems=tuple(dict.fromkeys(problems)))


def _as_record(node: yaml.Node, values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables under their names; the one that is the question as ``question``."""
    mapping = guess_mapping(list(values))
    record = {str(name): value for name, value in values.items()}
    asked = mapping.get("question") or (next(iter(values)) if len(values) == 1 else "")
    if asked:
        record = {"question": record.pop(asked), **record}
    description = _child(node, "description")
    if description is not None and "notes" not in mapping:
        record["notes"] = str(_plain(description))
    return record


def _read_asserts(nodes: list[yaml.Node | None], values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """What the assertions want, as answers, facts or unanswerable; all of a test's assertions have to hold."""
    one: list[str] = []
    any_of: list[str] = []
    facts: list[str] = []
    problems: list[Problem] = []
    unanswerable = False
    for node in _assert_nodes(nodes):
        kind, value = str(_plain(_child(node, "type")) or ""), _plain(_child(node, "value"))
        wanted = [_fill(text, values) for text in (split_list(value) if kind in (*ALL, *ANY) else _texts(value))]
        if kind in ONE and wanted:
            one += wanted
        elif kind in REFERENCE and wanted:
            any_of += wanted
            text = f"{kind} became an answer, which has to stand in the reply word for word; shorten it"
            problems.append(Problem(field="assert", text=text, line=_line(node), warning=True))
        elif kind in ALL and wanted:
            facts += wanted
        elif kind in ANY and wanted:
            any_of += wanted
        elif kind == "is-refusal":
            unanswerable = True
        else:
            text = f"the assertion {kind or 'without a type'} has no counterpart and was left out"
            problems.append(Problem(field="assert", text=text, line=_line(node), warning=True))
    if any_of or facts or len(one) > 1:
        facts += one
    else:
        any_of = one
    found: dict[str, Any] = {"answers": any_of, "facts": facts}
    return ({"unanswerable": True} if unanswerable and not any_of and not facts else found), problems


def _assert_nodes(nodes: list[yaml.Node | None]) -> Iterator[yaml.Node]:
    for node in nodes:
        asserts = _child(node, "assert")
        pending = list(asserts.value) if isinstance(asserts, yaml.SequenceNode) else []
        while pending:
            entry = pending.pop(0)
            if str(_plain(_child(entry, "type"))) == "assert-set":
                inner = _child(entry, "assert")
                pending = (list(inner.value) if isinstance(inner, yaml.SequenceNode) else []) + pending
            else:
                yield entry


def _vary(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """promptfoo runs a test once for each value of a variable that is a list; contexts stay lists."""
    plain = re.compile(r"[^a-z0-9]")
    kept = {
        n: v for n, v in values.items() if not isinstance(v, list) or plain.sub("", n.casefold()) in FIELDS["contexts"]
    }
    varied = {name: value for name, value in values.items() if name not in kept}
    for chosen in itertools.islice(itertools.product(*varied.values()), MOST_VARIANTS):
        yield {**dict.fromkeys(values), **kept, **dict(zip(varied, chosen, strict=True))}


def _vars(node: yaml.Node | None) -> dict[str, Any]:
    value = _plain(_child(node, "vars"))
    return {str(name): found for name, found in value.items()} if isinstance(value, dict) else {}


def _fill(text: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: str(values.get(m.group(1), m.group())), text)


def _texts(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, str | int | float) and str(value).strip() else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((child for key, child in node.value if key.value == name), None)


def _plain(node: yaml.Node | None) -> Any:
    if node is None:
        return None
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_object(node, deep=True)
    except yaml.YAMLError:
        return None


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None and node.start_mark is not None else 1
