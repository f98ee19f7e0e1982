"""What is meant to be so: by a comment on the line, or in ``.audit.toml`` at the top of the tree. Each needs a reason."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from engine.code_audit.findings import Finding, Source
from engine.errors import FileFormatError

FILE = ".audit.toml"
_INLINE = re.compile(r"audit:\s*allow\s+(?P<rule>[\w-]+)\b[\s:,(-]*(?P<reason>[^)]*)")
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Allowed(BaseModel):
    """One entry: the rule, files by a pattern, words that the finding must contain, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: _Text
    path: _Text
    what: str = ""
    reason: _Text

    def matches(self, finding: Finding) -> bool:
        """Whether it speaks of this finding."""
        return (
            self.rule == finding.rule
            and fnmatch.fnmatchcase(finding.path, self.path)
            and self.what.lower() in finding.what.lower()
        )


def load_allowed(root: Path) -> tuple[Allowed, ...]:
    """The entries of ``.audit.toml``; none where there is no such file.

    Raises:
        FileFormatError: the file cannot be read, or an entry lacks its reason.
    """
    path = (root if root.is_dir() else root.parent) / FILE
    if not path.is_file():
        return ()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("allow", [])
        return tuple(Allowed.model_validate(entry) for entry in entries)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(path, f"it is no TOML: {error}") from error
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        raise FileFormatError(
            path,
            f"an entry of [[allow]] is not as expected: {fault['msg']}",
            field=".".join(map(str, fault["loc"])),
            hint="An entry has rule, path, reason, and may have what.",
        ) from error


def apply_allowed(
    findings: Sequence[Finding], allowed: Sequence[Allowed], sources: Sequence[Source]
) -> Iterator[Finding]:
    """The findings, each with the reason that allows it, if any; then a note for each entry that nothing needs."""
    lines = {source.path: source.lines for source in sources}
    used: set[Allowed] = set()
    for finding in findings:
        reason = _find_inline(finding, lines.get(finding.path, ()))
        entry = next((one for one in allowed if one.matches(finding)), None)
        if entry:
            used.add(entry)
        yield dataclasses.replace(finding, reason=reason or (entry.reason if entry else ""))
    for entry in allowed:
        if entry not in used:
            yield Finding(
                rule="unused-entry",
                severity="note",
                path=FILE,
                line=0,
                what=f"nothing is found that {entry.rule} on {entry.path} would allow",
                advice="Remove the entry.",
            )


def _find_inline(finding: Finding, lines: Sequence[str]) -> str:
    """The reason in a comment on the line of the finding, or on the one above it."""
    for number in (finding.line, finding.line - 1):
        if 0 < number <= len(lines):
            match = _INLINE.search(lines[number - 1])
            if match and match["rule"] == finding.rule:
                return match["reason"].strip(" .\"'")
    return ""
