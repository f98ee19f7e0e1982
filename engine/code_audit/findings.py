"""A finding of the audit, and the source files that rules read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that should not be as it is.

    Attributes:
        path: relative to the tree, or the absolute path of a state file.
        what: what was found; a secret only by its first characters and its length.
        advice: what to do.
        reason: why it is allowed; empty for one that stands.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    what: str
    advice: str
    reason: str = ""

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def as_json(self) -> dict[str, Any]:
        """One entry of ``findings``."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.path,
            "line": self.line,
            "what": self.what,
            "advice": self.advice,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of the tree.

    Attributes:
        path: relative to the tree, with slashes.
        nodes: the syntax of a Python file in order of ``ast.walk``, its module first; empty for tests, for what cannot be
            parsed and for other files.
        is_test: it lies in a folder ``tests`` or is called ``test_*.py`` or ``conftest.py``.
    """

    path: str
    text: str
    nodes: tuple[ast.AST, ...] = field(repr=False)
    is_test: bool
    lines: tuple[str, ...] = field(repr=False)

    @property
    def suffix(self) -> str:
        """``.py``; the whole name of a file without one, such as ``.env`` or ``Dockerfile``."""
        name = self.path.rpartition("/")[2]
        dot = name.rfind(".")
        return name[dot:] if dot > 0 else name


_SKIPPED = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".phasegate", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", ".hypothesis", ".tox", "build", "dist", "site-packages",
}  # fmt: skip
_SUFFIXES = {
    ".py", ".toml", ".cfg", ".ini", ".conf", ".yaml", ".yml", ".json", ".env", ".sh", ".bash", ".js", ".ts", ".tsx", ".jsx",
    ".md", ".txt", ".tf", ".properties", ".pem", ".key", ".sql", ".in",
}  # fmt: skip
_NAMES = {"Dockerfile", "Makefile", "Procfile", ".env", ".netrc", ".npmrc", ".pypirc"}
LARGEST_BYTES = 1_000_000


def read_sources(root: Path, *without: Path) -> Iterator[Source]:
    """Every text file of a tree that an audit reads, in the order of their paths; ``without`` and what is under it are left out."""
    for name, text in read_texts(root, *without):
        tested = is_test(name)
        yield Source(
            path=name,
            text=text,
            nodes=_parse(text) if name.endswith(".py") and not tested else (),
            is_test=tested,
            lines=tuple(text.splitlines()),
        )


def read_texts(root: Path, *without: Path) -> Iterator[tuple[str, str]]:
    """The same files: path within the tree, and text."""
    skipped = {path.resolve() for path in without}
    for path in _walk(root, skipped):
        try:
            if path.stat().st_size > LARGEST_BYTES:
                continue
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # not a text, or gone meanwhile: nothing that a rule could read
        yield (path.relative_to(root).as_posix() if path != root else path.name), text


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests of its tree."""
    *folders, name = path.split("/")
    return bool({"tests", "test"} & set(folders)) or name.startswith("test_") or name == "conftest.py"


def _walk(folder: Path, skipped: set[Path]) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.resolve() in skipped:
            continue
        if path.is_dir():
            if path.name not in _SKIPPED and not (path / "pyvenv.cfg").exists():
                yield from _walk(path, skipped)
        elif path.suffix in _SUFFIXES or path.name in _NAMES or path.name.startswith(".env"):
            yield path


def _parse(text: str) -> tuple[ast.AST, ...]:
    try:
        return tuple(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):  # a rule cannot read it; whoever runs it will be told by Python
        return ()
