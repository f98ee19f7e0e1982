"""Pages of the guide, which lie as Markdown under ``docs/guide``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UnknownNameError
from engine.settings import ROOT

FOLDER = ROOT / "docs" / "guide"
_LINK = re.compile(r"\]\(([\w-]+)\.md(?:#([\w-]+))?\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidePage:
    """One page, or one section of it."""

    name: str
    section: str
    text: str
    pages: tuple[str, ...]


def load_guide(name: str, section: str = "", folder: Path = FOLDER) -> GuidePage:
    """A page of the guide; with ``section`` only what stands under the heading with that anchor, if there is one.

    Raises:
        UnknownNameError: no such page.
    """
    pages = sorted(path.stem for path in folder.glob("*.md"))
    if name not in pages:
        raise UnknownNameError("page of the guide", name, pages)
    text = (folder / f"{name}.md").read_text(encoding="utf-8")
    found = find_section(text, section) if section else ""
    shown = link_pages(found or text)
    return GuidePage(name=name, section=section if found else "", text=shown, pages=tuple(pages))


def link_pages(markdown: str) -> str:
    """Links between files of the guide (``gates.md#verdicts``) as links of the app."""
    return _LINK.sub(lambda m: f"](guide?page={m[1]}" + (f"&section={m[2]})" if m[2] else ")"), markdown)


def find_section(markdown: str, anchor: str) -> str:
    """The heading whose anchor this is and all below it, down to the next heading of the same or a higher level."""
    lines = markdown.splitlines()
    start, level, code = None, 0, False
    for i, line in enumerate(lines):
        code ^= line.startswith("```")
        if code:  # a comment of a shell or a file of Markdown is no heading
            continue
        heading = re.match(r"(#{1,6}) +(.*)", line)
        if heading and start is None and anchor in (_anchor(heading[2]), *re.findall(r"\{#([\w-]+)\}", line)):
            start, level = i, len(heading[1])
        elif heading and start is not None and len(heading[1]) <= level:
            return "\n".join(lines[start:i])
    return "\n".join(lines[start:]) if start is not None else ""


def _anchor(heading: str) -> str:
    words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
    return re.sub(r"\s+", "-", words)
