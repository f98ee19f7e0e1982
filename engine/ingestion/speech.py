"""Direct speech: what stands in quotation marks of any kind, behind dashes, or behind a speaker's name."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int]

_EMPTY_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_MARK = re.compile(r"[\"“”„‟«»「」『』]|(?<!`)``(?!`)|''")
_OPENERS = {"“": "”", "„": "“”", "‟": "”", "«": "»", "「": "」", "『": "』", "``": "''"}
_CLOSERS = set("”«»」』") | {"''"}
# A single mark opens behind white space, a dash or a bracket, and closes behind a mark of punctuation.
_SINGLE_OPEN = re.compile(r"(?:(?<=[\s(\[—–-])|^)[‘'](?![\s'’]|(?:s|t|d|m|re|ve|ll)\b)", re.M)
_SINGLE_CLOSE = re.compile(r"(?<=[,.!?;:…—–-])\s?['’](?![\w'’])|(?<=\w\s)['’](?=\s)")
# Behind a line as long as wrapped ones are, the turn goes on.
_DASH_TURN = re.compile(
    r"^[ \t]*(?:[—–―]|--)[ \t]?(?=[^\s—–―-])(?:[^\n]{44,100}\n(?![ \t]*(?:[—–―]|--|\n)))*[^\n]+", re.M
)
_ASIDE = re.compile(
    r"(?:[,.!?…]|[—–])\s(?:(?:[Tt]he|[Hh]is|[Hh]er|[Mm]y)\s)?[\w.’' ]{0,30}?\b(?:said|asked|cried|replied|answered)\b[^.!?\n]*[.!?]?"
)
_LABEL = re.compile(
    r"^[ \t]*(?:[\[(]?\d{1,2}:\d\d(?::\d\d)?(?:[ ]?[APap][Mm])?[\])]?[ \t-]*)?(?:\*\*|__|[<\[])?"
    r"(?P<name>[A-ZÀ-ÞА-ЯA-Z][\w.'’-]{0,24}(?:[ ][\w.'’#-]{1,20}){0,3})(?:[ ]?\([^)\n]{0,60}\))?(?:\*\*|__|[>\]])?[:：](?:\*\*|__)?[ \t]{0,2}(?=\S|\n[ \t]*\S)",
    re.M,
)
_ROLE = re.compile(r"\{\s*[\"'](?:role|content)[\"']\s*:")
_ROLE_NAME = re.compile(r"[\"']role[\"']\s*:\s*[\"'](\w+)")
_ADDRESS = re.compile(
    r"[?!]|\b(?:I|you|we|me|us|my|your|yes|no|yeah|okay|oh|well|don't|don’t|I'm|I’m|it's|it’s|that's|that’s|let's)\b|^[^.]{1,30}\.$",
    re.I,
)
# fmt: off
SPEAKERS = frozenset(
    (
        "user", "agent", "assistant", "system", "human", "ai", "bot", "customer", "client", "caller", "operator", "interviewer",
        "interviewee", "host", "guest", "moderator", "reporter", "speaker", "q", "a", "question", "answer", "doctor", "patient",
        "teacher", "student", "advisor", "support", "representative", "rep", "me", "you", "judge", "counsel", "witness", "chatbot",
    )
)
ASKERS = frozenset(
    (
        "user", "human", "customer", "client", "caller", "interviewer", "host", "moderator", "reporter", "q", "question", "patient",
        "student",
    )
)
# fmt: on
_NO_SPEAKERS = re.compile(
    r"(?:note|example|warning|important|tip|usage|output|input|default|type|description|step|see|caution|result|returns?|source|figure"
    r"|table|https?|info|debug|warn|error|trace|fatal|critical|notice|args?|arguments|parameters?|raises|yields|requires|options?|summary|impact|cause|fix|severity|status|date|name|title|version|author|subject|from|to|cc|time|id|url)s?\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says at a time, in a text that names its speakers."""

    start: int
    end: int
    speaker: str
    said: int  # where the words begin, behind the name


def find_speech(text: str, turns: Sequence[Turn] | None = None) -> list[Span]:
    """Spans of direct speech in order, disjoint, marks included. Words quoted as words ("so-called") are left out.

    Args:
        turns: what ``find_turns`` gave for the text, when it was asked already.
    """
    text = text.replace("\r\n", " \n")
    turns = find_turns(text) if turns is None else turns
    if turns:
        return _joined([(t.said, t.end) for t in turns] + _quoted(text))
    quoted = _quoted(text)
    dashes = [m for m in _DASH_TURN.finditer(text) if len(m.group()) > 3]
    if len(dashes) >= 2 and len(quoted) <= len(dashes):
        return _joined(quoted + [span for m in dashes for span in _without_asides(text, m.start(), m.end())])
    return _joined(quoted)


def measure_unmarked_speech(text: str) -> float:
    """Share of a text that is talk without any marks: short paragraphs that ask, answer and address each other."""
    paragraphs = [text[a:b].strip() for a, b in _find_paragraphs(text)]
    if len(paragraphs) < 4:
        paragraphs = [line.strip() for line in text.splitlines() if line.strip()]
    size = sum(map(len, paragraphs))
    raised = sum("?" in p or "!" in p or "؟" in p or "？" in p for p in paragraphs)
    if len(paragraphs) < 4 or raised < 2 or size > 250 * len(paragraphs):
        return 0.0
    return sum(len(p) for p in paragraphs if len(p) < 500 and p[-1] in ".!?…—-" and _ADDRESS.search(p)) / size


def find_turns(text: str) -> list[Turn]:
    """The turns of a transcript, a script or a chat log; empty when the text is none."""
    roles = [m.start() for m in _ROLE.finditer(text)]
    if len(roles) >= 2:
        ends = [*roles[1:], len(text)]
        found = [_ROLE_NAME.search(text, a, b) for a, b in zip(roles, ends, strict=True)]
        if sum(name is not None for name in found) >= 2:
            return [
                Turn(a, b, name.group(1).lower() if name else "", a)
                for a, b, name in zip(roles, ends, found, strict=True)
            ]
    labels = [m for m in _LABEL.finditer(text) if not _NO_SPEAKERS.match(m.group("name"))]
    names = Counter(_speaker(m) for m in labels)
    known = sum(n for name, n in names.items() if name in SPEAKERS)
    changes = sum(_speaker(a) != _speaker(b) for a, b in itertools.pairwise(labels))
    alternate = changes >= 2 and changes > 0.5 * len(labels) and len(names) <= 0.7 * len(labels)
    if len(labels) < 2 or not (alternate or (known >= 2 and len(names) > 1)):
        return []
    kept = [m for m in labels if names[_speaker(m)] > 1 or _speaker(m) in SPEAKERS or known < 2]
    ends = [*(m.start() for m in kept[1:]), len(text)]
    return [Turn(m.start(), end, _speaker(m), m.end()) for m, end in zip(kept, ends, strict=True)]


def _speaker(label: re.Match[str]) -> str:
    return label.group("name").strip().lower()


def _quoted(text: str) -> list[Span]:
    paragraphs = _find_paragraphs(text)
    double = [span for a, b in paragraphs for span in _double_quoted(text, a, b)]
    if not re.search(r"[‘'][\w—…]", text):
        return double
    single = [span for a, b in paragraphs for span in _single_quoted(text, a, b)]
    if len(single) > len(double) or sum(b - a for a, b in single) > 1.5 * sum(b - a for a, b in double):
        return _joined(single + double)
    return double


def _find_paragraphs(text: str) -> list[Span]:
    """The spans between empty lines, those of white space alone left out."""
    gaps = [m.span() for m in _EMPTY_LINES.finditer(text)]
    starts, ends = [0, *(end for _, end in gaps)], [*(start for start, _ in gaps), len(text)]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if not text[a:b].isspace() and b > a]


def _double_quoted(text: str, start: int, end: int) -> list[Span]:
    """The quotations of one paragraph; one that its end leaves open runs to its end (speech of several paragraphs)."""
    spans: list[Span] = []
    begin, closers = -1, ""
    for found in _MARK.finditer(text, start, end):
        mark, at = found.group(), found.start()
        if begin < 0:
            begin, closers = _open(text, mark, at, start, found.end())
        elif mark in closers or (mark == '"' and closers == '"'):
            if mark == '"' and _only_opens(text, at, start, end):
                begin = at  # the one before was never closed
                continue
            spans += _speech(text, begin, found.end())
            begin = -1
        elif mark in _OPENERS and mark == text[begin : begin + len(mark)]:
            spans += _speech(text, begin, at)
            begin = at
    if begin >= 0 and (closers != '"' or begin - start < 4 or end - begin < 700):
        spans += _speech(text, begin, end, True)
    return spans


def _open(text: str, mark: str, at: int, start: int, after: int) -> tuple[int, str]:
    """Where a quotation opens and what closes it; -1 when the mark does not open one."""
    if mark == '"':
        closing = at > start and not text[at - 1].isspace() and text[at - 1] not in "(—–-[*_"
        return (-1, "") if closing else (at, '"')
    if mark == "»" and "«" in text[after : after + 1000]:
        return at, "«"
    return (at, _OPENERS[mark]) if mark in _OPENERS else (-1, "")


def _only_opens(text: str, at: int, start: int, end: int) -> bool:
    before = text[at - 1] if at > start else " "
    after = text[at + 1] if at + 1 < end else " "
    return before.isspace() and not after.isspace() and (after.isalnum()) and text[at - 2 : at - 1] not in ".,!?"


def _speech(text: str, start: int, end: int, open_end: bool = False) -> list[Span]:
    """The span, if it is speech: three words, or closed by punctuation, or alone in its line."""
    inner = text[start + 1 : end - (0 if open_end else 1)].strip(" \n\t`'’*_")
    if not inner:
        return []
    said = inner[-1] in ",.!?…—–-;:" or inner.count(" ") + inner.count("\n") >= 2
    alone = not text[max(0, start - 1) : start].strip() and text[end : end + 1] in ("", "\n")
    return [(start, end)] if said or alone or open_end or not inner.isascii() else []


def _single_quoted(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    at = start
    while opening := _SINGLE_OPEN.search(text, at, end):
        closing = _SINGLE_CLOSE.search(text, opening.end() + 1, end)
        if closing:
            spans.append((opening.start(), closing.end()))
            at = closing.end()
            continue
        head = text[start : opening.start()].strip()
        following = text[end : end + 40].lstrip()
        if not head and following[:1] in ("‘", "'"):
            spans.append((opening.start(), end))
        return spans
    return spans


def _without_asides(text: str, start: int, end: int) -> list[Span]:
    """A turn behind a dash less its attributions ("said he, turning")."""
    spans, at = [], start
    for aside in _ASIDE.finditer(text, start, end):
        spans.append((at, aside.start() + 1))
        at = aside.end()
    return [span for span in [*spans, (at, end)] if span[1] > span[0]]


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
