"""The blocks of a text: headings, paragraphs, lists, tables, code, scene breaks. One pass over its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# A line is judged by its beginning: an endless line costs no more than a short one.
_LOOK = 400

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ATX = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_WIKI = re.compile(
    r"[ \t]*(=(?: ?=){0,5})[ \t]+(\S[^=\n]*[^=\s])[ \t]+\1[ \t]*$|[ \t]*(={2,6})([^=\s][^=\n]*)\3[ \t]*$"
)
_CHAPTER = re.compile(
    r"(?:(?:chapter|part|book|act|scene|canto|letter|stave)\s+(?:[ivxlc]+|\d+|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|the\s+\w+|\w+(?:teen|ty))\b.{0,60}|(?:prologue|epilogue|preface|introduction))[.:]?$",
    re.I,
)
_ROMAN = re.compile(r"[IVXLC]{1,7}\.?$")
_SCENE = re.compile(r"(?:(?:[*_~•◆❦⁂§#-]|\.)[ \t]*){3,}$|[⁂❦§#*]$|(?:[—–][ \t]*){2,}$")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})[ \t]*$")
_ITEM = re.compile(r"([ \t]*)(?:[-*+•‣◦]|\d{1,3}[.)]|[a-z][.)]|\[[ xX]\])[ \t]+\S")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t:]*-+[ \t:|+-]*$")
_CODE_LINE = re.compile(
    r".*[{};\\]\s*$|\s*[\])}>]+[,;]?\s*$|\s*(?:\$|>>>|#!|//|/\*|import |from \w+ import|def |class |func |function |return\b|export |"
    r"kubectl |curl |sudo |apt |pip |docker |git |at [\w.$]+\(|File \"|Traceback )|\s*[\w.\"'/-]+\s*[:=]\s*[\[{(\"'].*|\s*<[/\w][^>]*>",
)
STRUCTURED = ("table", "code", "list")


@dataclass(slots=True)
class Block:
    """Lines that belong together.

    Attributes:
        kind: heading, paragraph, list, table, code or scene (a break between scenes).
        start, end: in the text, without the white space at the end.
        level, title: of a heading.
        parts: where its items, rows or lines of code begin.
        blank_before: empty lines above it.
    """

    kind: str
    start: int
    end: int
    level: int = 0
    title: str = ""
    parts: list[int] = field(default_factory=list)
    blank_before: int = 0


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.open: Block | None = None
        self.fence = ""
        self.blank = 0

    def read(self) -> list[Block]:
        position = 0
        for line in self.text.splitlines(keepends=True):
            head = line[:_LOOK]
            bare = head.strip()
            begin, end = position + len(line) - len(line.lstrip()), position + len(line.rstrip())
            if self.fence:
                self._read_fenced(bare, begin, end)
            elif not bare:
                self.blank += 1
                if self.open and self.open.kind in ("paragraph", "table"):
                    self.open = None
            else:
                self._read_line(head, bare, begin, end)
                self.blank = 0
            position += len(line)
        return self.blocks

    def _read_fenced(self, bare: str, position: int, end: int) -> None:
        assert self.open is not None
        if bare:
            self.open.parts.append(position)
            self.open.end = end
        if bare.startswith(self.fence) and not bare.strip(self.fence[0]):
            self.fence, self.open, self.blank = "", None, 0

    def _read_line(self, head: str, bare: str, position: int, end: int) -> None:
        first = bare[0]
        if first in "`~" and (fence := _FENCE.match(head)):
            self.fence = fence.group(1)
            self._begin("code", position, end, [position])
            return
        if first in "#=" and (found := _match_heading(head)):
            self._begin("heading", position, end, level=found[0], title=found[1])
            self.open = None
            return
        if first in "=-" and self._underlines(bare, end):
            return
        if first in "*_~•◆❦⁂§#-.—–" and _SCENE.match(bare):
            self._begin("scene", position, end)
            self.open = None
            return
        if self._continues_table(head, bare, first, position, end):
            return
        if first in "-*+•‣◦[0123456789abcdefghijklmnopqrstuvwxyz" and (item := _ITEM.match(head)):
            if self.open and self.open.kind == "list":
                self._extend(position, end, True)
            elif first not in "abcdefghijklmnopqrstuvwxyz" or not self.open or len(item.group(1)):
                self._begin("list", position, end, [position])
            else:
                self._extend(position, end, False)
            return
        self._read_prose(head, bare, position, end)

    def _read_prose(self, head: str, bare: str, position: int, end: int) -> None:
        if self.open and self.open.kind == "list":
            if head[0] in " \t" or not self.blank:
                self._extend(position, end, False)
                return
            self.open = None
        if self.open and self.open.kind == "paragraph":
            self._extend(position, end, False)
        elif len(bare) < 70 and (_CHAPTER.match(bare) or (self.blank and _ROMAN.match(bare))):
            self._begin("heading", position, end, level=1, title=bare.rstrip(".:"))
            self.open = None
        else:
            self._begin("paragraph", position, end)

    def _begin(
        self, kind: str, start: int, end: int, parts: list[int] | None = None, level: int = 0, title: str = ""
    ) -> None:
        self.open = Block(kind, start, end, level, title, parts or [], self.blank)
        self.blocks.append(self.open)

    def _extend(self, position: int, end: int, part: bool) -> None:
        assert self.open is not None
        self.open.end = end
        if part:
            self.open.parts.append(position)

    def _underlines(self, bare: str, end: int) -> bool:
        """Make a heading of the one line above when this line underlines it."""
        above = self.open
        if not above or above.kind != "paragraph" or not _UNDERLINE.match(bare):
            return False
        title = self.text[above.start : above.end]
        if len(title) > 120 or len(title.splitlines()) > 1 or title.endswith((".", ",", ";")):
            return False
        above.kind, above.level, above.title = "heading", 1 if bare[0] == "=" else 2, title.strip()
        above.end, self.open = end, None
        return True

    def _continues_table(self, head: str, bare: str, first: str, position: int, end: int) -> bool:
        is_open = self.open is not None and self.open.kind == "table"
        if (
            (first == "|" and bare.count("|") > 1)
            or (is_open and ("|" in bare or bare.count("\t") > 1))
            or bare.count("\t") > 1
        ):
            if is_open:
                self._extend(position, end, True)
            else:
                self._begin("table", position, end, [position])
            return True
        if "|" in bare and "-" in bare and _TABLE_RULE.match(head) and self.open and self.open.kind == "paragraph":
            above = self.open
            if "|" in (row := self.text[above.start : above.end]) and len(row) < 2000 and "\n" not in row:
                above.kind, above.parts, above.end = "table", [above.start, position], end
                return True
        return False


def parse_blocks(text: str) -> list[Block]:
    """The blocks of a text in order. They are disjoint and hold all of it but white space."""
    blocks = _Reader(text).read()
    for block in blocks:
        if block.kind == "table" and len(block.parts) == 1 and text[block.start] != "|":
            block.kind = "paragraph"
        if block.kind == "paragraph" and _is_code(text[block.start : block.start + 4000]):
            block.kind = "code"
            block.parts = [block.start + m.end() for m in re.finditer(r"\A\s*|\n\s*", text[block.start : block.end])]
    return blocks


def _match_heading(line: str) -> tuple[int, str] | None:
    if found := _ATX.match(line):
        return len(found.group(1)), found.group(2).rstrip().rstrip("#").rstrip()
    if found := _WIKI.match(line):
        marks, title = found.group(1) or found.group(3), found.group(2) or found.group(4)
        return marks.count("="), title.strip()
    return None


def _is_code(text: str) -> bool:
    """Whether most lines of a paragraph look like code: two lines at least."""
    lines = text.split("\n", 40)[:40]
    if len(lines) < 2:
        return False
    return sum(bool(_CODE_LINE.match(line[:200])) for line in lines) >= 0.6 * len(lines)
