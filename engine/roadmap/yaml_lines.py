"""YAML with the line of every field, so that an error can name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from engine.errors import FileFormatError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The file's fields, and the line of each by its path (``phases.0.goals.2.kpi``).

    Raises:
        FileFormatError: not UTF-8, not YAML, no fields, or a field twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FileFormatError(path, "expected UTF-8 text, found other bytes", line=line) from None
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The same of a text that stands, or is to stand, in ``path``.

    Raises:
        FileFormatError: not YAML, no fields, or a field twice.
    """
    loader: Any = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = dict(_node_lines(path, node))
        value = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2025-02-31
        mark = getattr(error, "problem_mark", None)
        problem = f"expected YAML, found {getattr(error, 'problem', None) or error}"
        raise FileFormatError(path, problem, line=mark.line + 1 if mark else None) from None
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(value, dict):
        raise FileFormatError(path, f"expected fields such as name and phases, found {str(value)[:60]!r}", line=1)
    return value, lines


def _node_lines(path: Path, node: yaml.Node | None, prefix: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            name = f"{prefix}.{key.value}" if prefix else str(key.value)
            line = key.start_mark.line + 1
            if name in seen:
                raise FileFormatError(path, "expected this field once, found it twice", line=line, field=name)
            seen.add(name)
            yield name, line
            yield from _node_lines(path, child, name)
    elif isinstance(node, yaml.SequenceNode):
        for i, child in enumerate(node.value):
            yield f"{prefix}.{i}", child.start_mark.line + 1
            yield from _node_lines(path, child, f"{prefix}.{i}")


def find_line(lines: dict[str, int], field: str) -> int | None:
    """The line of a field, or of the nearest field above it that is in the file."""
    while field and field not in lines:
        field = field.rpartition(".")[0]
    return lines.get(field, 1)
