"""The audit of a tree and of the state folder: every rule, what is allowed, and whether it passes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.code_audit.allowing import apply_allowed, load_allowed
from engine.code_audit.findings import SEVERITIES, Finding, Severity, read_sources
from engine.code_audit.rules import check_source
from engine.code_audit.secrets import find_secrets
from engine.code_audit.state_files import find_open_files
from engine.code_audit.whole_tree import find_duplicates, find_second_engines
from engine.errors import InputError, UnknownNameError

RULES = {
    "secret": "A key, token or password stands in a file.",
    "address": "An address of a server stands in code.",
    "bare-except": "A handler names no exception.",
    "silent-fallback": "Any exception is swallowed, and a default stands in its place.",
    "mocked-data": "Outside of tests, something stands in for real data.",
    "duplicate-function": "A function is there twice.",
    "second-engine": "An engine, store or client is opened on import in more than one place.",
    "open-state-file": "Others of the machine can read the state folder or its files.",
    "scattered-settings": "A variable of the environment is read outside of the settings.",
    "unused-entry": "An entry of .audit.toml that nothing needs.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAudit:
    """What an audit found.

    Attributes:
        root: absolute.
        version: twelve hex digits over the files that were read.
        findings: worst first; allowed ones, which carry their reason, last.
        fails_at: the least severity that makes it fail.
    """

    root: str
    version: str
    files: int
    findings: tuple[Finding, ...]
    fails_at: Severity

    @property
    def standing(self) -> tuple[Finding, ...]:
        """Findings that nothing allows."""
        return tuple(finding for finding in self.findings if not finding.reason)

    @property
    def passed(self) -> bool:
        """No standing finding is as severe as ``fails_at``."""
        worst = SEVERITIES.index(self.fails_at)
        return all(SEVERITIES.index(finding.severity) < worst for finding in self.standing)

    def count(self) -> dict[str, int]:
        """Standing findings by rule, and how many are allowed."""
        counts = Counter(finding.rule for finding in self.standing)
        return {rule: counts[rule] for rule in RULES} | {"allowed": len(self.findings) - len(self.standing)}

    def as_json(self) -> dict[str, Any]:
        """What ``audit --json`` prints."""
        return {
            "path": self.root,
            "version": self.version,
            "passed": self.passed,
            "fails_at": self.fails_at,
            "files": self.files,
            "counts": self.count(),
            "findings": [finding.as_json() for finding in self.findings],
        }


def audit_tree(root: Path, home: Path | None = None, *, fails_at: str = "warning") -> ConfigAudit:
    """Examine a tree, and the state folder where one is given; nothing is changed or stored.

    Args:
        root: a folder, or one file.
        home: the state folder; it is not read as code even where it lies in the tree.

    Raises:
        InputError: there is nothing at ``root``.
        FileFormatError: ``.audit.toml`` breaks its format.
        UnknownNameError: no such severity.
    """
    if fails_at not in SEVERITIES:
        raise UnknownNameError("severity", fails_at, SEVERITIES)
    root = root.expanduser().resolve()
    if not root.exists():
        raise InputError(f"There is nothing to audit at {root}.", "Give the folder of the code.")
    allowed = load_allowed(root)
    sources = list(read_sources(root, *([home] if home else [])))
    found = [finding for source in sources for finding in (*find_secrets(source), *check_source(source))]
    found += [*find_duplicates(sources), *find_second_engines(sources)]
    found += find_open_files(home) if home else []
    findings = sorted(apply_allowed(found, allowed, sources), key=_order)
    return ConfigAudit(
        root=str(root),
        version=hash_texts((source.path, source.text) for source in sources),
        files=len(sources),
        findings=tuple(findings),
        fails_at=next(one for one in SEVERITIES if one == fails_at),
    )


def hash_texts(texts: Iterable[tuple[str, str]]) -> str:
    """Twelve hex digits over names and texts."""
    digest = hashlib.sha256()
    for path, text in texts:
        digest.update(f"{path}\x00{text}\x00".encode("utf-8", "replace"))
    return digest.hexdigest()[:12]


def _order(finding: Finding) -> tuple[bool, int, str, str, int]:
    return bool(finding.reason), -SEVERITIES.index(finding.severity), finding.rule, finding.path, finding.line
