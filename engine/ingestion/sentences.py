"""Text to sentences: spans of code points that a person would read as one statement.

Headings, list items, table rows and lines of code are sentences of their own; lines that are merely wrapped are joined.
"""

from __future__ import annotations

import re

LONGEST = 420

_BLOCK_START = re.compile(
    r"\s*(#{1,6}\s|[-*+•–]\s|\d{1,3}[.)]\s|[a-z][.)]\s|\||>|```|~~~|(-{3,}|\*{3,}|(\* ){2,}\*?)\s*$)"
)
_FENCE = re.compile(r"\s*(```|~~~)")
_SINGLE_LINE = re.compile(r"\s*(#{1,6}\s|\||```|~~~)")
_SENTENCE_END = re.compile(r"[.!?…؟।][\"'”’)\]*_]*(\s+)(?=[\"'“‘«¿¡(\[*_`—]*([^\W_]))|[。！？][」』”’）]*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sgt|Capt|Col|Gen|Lt|Rev|Hon|Jr|Sr|No|Nos|Fig|Vol|pp|p|cf|vs|etc|approx"
    r"|e\.g|i\.e|a\.m|p\.m|Inc|Ltd|Co|Pte|Corp|rev|tel|Tel|ext|dept|Dept|ver|Mt|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|U\.K)\.$"
)
_ENUMERATOR = re.compile(r"\s*(?:#{1,6}\s+|[-*+•]\s+)?(?:\d{1,3}|[a-zA-Z])[.)]$")
_RUN_IN_HEAD = re.compile(r"\s*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?(\*\*|__|\*|_)[^*_\n]{1,60}[.:!?]\1$")
_CLAUSE_END = re.compile(r"[;:]\s+|,\s+|\s+[—–-]\s+")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences in order, without the white space around them, none empty."""
    spans: list[tuple[int, int]] = []
    for start, end in _blocks(text):
        spans += _split_block(text, start, end)
    return spans


def _blocks(text: str) -> list[tuple[int, int]]:
    """Runs of lines that belong together: a paragraph, a list item, a table row, a heading, a line of code."""
    blocks: list[tuple[int, int]] = []
    start: int | None = None
    previous = ""
    fenced = False
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        is_fence = bool(_FENCE.match(line))
        alone = fenced or is_fence or bool(_SINGLE_LINE.match(line))
        breaks = not bare or alone or _BLOCK_START.match(line) or _ends_by_itself(previous)
        if start is not None and (breaks or _SINGLE_LINE.match(previous)):
            blocks.append((start, position))
            start = None
        if bare and start is None and not (is_fence and bare.strip("`~") == ""):
            start = position
        if is_fence:
            fenced = not fenced
        if alone and start is not None:
            blocks.append((start, position + len(line)))
            start = None
        previous = line
        position += len(line)
    if start is not None:
        blocks.append((start, position))
    return blocks


def _ends_by_itself(line: str) -> bool:
    """A short line without closing punctuation is a title or an entry, not a wrapped line."""
    bare = line.strip()
    return 0 < len(bare) < 50 and bare[-1] not in ",;" and not re.search(r"[a-z0-9]-$", bare)


def _split_block(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    begin = start
    for match in _SENTENCE_END.finditer(text, start, end):
        mark = match.start(1) if match.group(1) is not None else match.end()
        if match.group(2) and match.group(2).islower():
            continue
        if text[match.start()] == "." and _ABBREVIATION.search(text, max(0, match.start() - 10), match.start() + 1):
            continue
        if begin == start and (_ENUMERATOR.match(text[start:mark]) or _RUN_IN_HEAD.match(text[start:mark])):
            continue  # "1. Send the artwork", "**Sentosa.** Home bakers ...": the label belongs to what it labels
        spans += _trim(text, begin, mark)
        begin = match.end()
    return spans + _trim(text, begin, end)


def _trim(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span without white space at its ends; cut at clauses when it is longer than ``LONGEST``."""
    spans = []
    start, end = _strip(text, start, end)
    while end - start > LONGEST:
        cuts = [m.end() for m in _CLAUSE_END.finditer(text, start + LONGEST // 2, start + LONGEST)]
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cuts[-1] if cuts else space + 1 if space > 0 else start + LONGEST
        spans.append(_strip(text, start, cut))
        start, _ = _strip(text, cut, end)
    if end > start:
        spans.append((start, end))
    return spans


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
