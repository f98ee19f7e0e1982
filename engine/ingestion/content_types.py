"""What kind of prose a text is: dialogue, narrative, a mixture of both, or technical."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Shares of direct speech, attributions such as "she said" included, chosen on one half of the open content_type set. The
# roadmap of the writing agent says 0.7 for the quotation marks alone.
DIALOGUE_SHARE = 0.65
MIXED_SHARE = 0.15
TECHNICAL_SCORE = 0.3

_CURLY = re.compile(r"“[^“”]*(?:”|\n\s*\n|$)")
_STRAIGHT = re.compile(r"\"[^\"\n]*(?:\n[^\"\n]+)*\"")
_SINGLE = re.compile(r"(?:(?<=\s)|^)[‘'](?=\S)(?:[^‘'’\n]|(?<=\w)['’](?=\w))*[’'](?=[\s.,;:!?—)]|$)", re.M)
_ANGLE = re.compile(r"[«»][^«»]*[«»]")
_DASH_LINE = re.compile(r"^\s*[—–―]\s?\S.*$", re.M)
_SCRIPT_LINE = re.compile(r"^\s*(?:\*\*)?[A-Z][A-Z .'’ÁÉÍÓÚÑ-]{1,24}(?:\*\*)?(?:\s*\([^)\n]*\))?:.*$", re.M)
_NAME_LINE = re.compile(r"^\s*[A-Z][a-zé]{1,14}:\s+\S.*$", re.M)
_SPEECH_VERB = re.compile(
    r"\b(said|says|asked|asks|replied|answered|cried|whispered|shouted|muttered|told|exclaimed|murmured|called|added)\b",
    re.I,
)
_TECHNICAL_TOKEN = re.compile(
    r"`[^`]+`|\b\w+_\w+\b|\b[a-z]+[A-Z]\w+\b|\b(?:[A-Z][a-z]+){2,}\b|https?://\S+|\b\w+\(\)|[{}<>=;|\\]|\s--?\w[\w-]*|/\w+/\w+"
    r"|\b\d+(?:\.\d+)?\s?(?:mm|cm|kg|g|ml|ms|s|MB|GB|KB|TB|MHz|GHz|V|W|A|°C|°F|%|min|bar|psi|rpm|px|km|Nm)\b|\b\d{1,3}(?:\.\d{1,3}){2,}\b"
    r"|\b[A-Z]{2,}\d*\b|\b\w+\.(?:py|sh|yaml|yml|json|conf|txt|log|io|com|go|js|sql)\b"
)
_TECHNICAL_LINE = re.compile(
    r"^\s*(?:#{1,6}\s|```|\$\s|\||[-*]\s|\d+[.)]\s|\d{4}-\d\d-\d\d|[\w.]+\s*[:=]\s*\S+\s*$|GET |POST )", re.M
)
_INSTRUCTION = re.compile(
    r"(?:^|[.\n]\s*)(?:\d+[.)]\s*)?(run|set|open|click|install|check|use|add|remove|press|turn|configure|restart|enable|disable|select"
    r"|replace|connect|ensure|verify|preheat|mix|stir|attach|tighten|insert|note|see|returns?|call|create|delete|specify|apply)\b",
    re.I,
)
_JARGON = re.compile(
    r"\b(server|database|function|parameter|configuration|cluster|node|api|request|response|default|value|error|device|system|method"
    r"|module|install|version|memory|timeout|interface|cable|valve|sensor|voltage|pressure|temperature|procedure|specification|file"
    r"|field|index|query|alert|metric|container|pod|deployment|protocol|firmware|algorithm|compile|variable|argument|model|study"
    r"|patients|analysis|results|data|protein|network|user|client|data|settings?|command|script|component|process|disk)s?\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class ContentType:
    """``name`` is dialogue, narrative, mixed or technical; ``confidence`` in [0, 1] is 0 at the border of two types."""

    name: str
    confidence: float


def detect_content_type(text: str) -> ContentType:
    """Decide by the share of direct speech and by the marks of technical prose."""
    speech = measure_speech(text)
    technical = measure_technical(text)
    if technical >= TECHNICAL_SCORE and speech < DIALOGUE_SHARE:
        return ContentType("technical", min(1.0, (technical - TECHNICAL_SCORE) / TECHNICAL_SCORE + 0.1))
    if speech > DIALOGUE_SHARE:
        return ContentType("dialogue", min(1.0, (speech - DIALOGUE_SHARE) / (1 - DIALOGUE_SHARE)))
    if speech >= MIXED_SHARE:
        return ContentType(
            "mixed", min(speech - MIXED_SHARE, DIALOGUE_SHARE - speech) / (DIALOGUE_SHARE - MIXED_SHARE) * 2
        )
    return ContentType("narrative", (MIXED_SHARE - speech) / MIXED_SHARE)


def measure_speech(text: str) -> float:
    """Share of the text's characters, white space apart, that are direct speech, however it is marked."""
    covered = bytearray(len(text))
    for pattern in (_CURLY, _STRAIGHT, _ANGLE):
        _cover(covered, pattern, text)
    if not any(covered):
        singles = list(_SINGLE.finditer(text))
        if len(singles) >= 2:
            _cover(covered, _SINGLE, text)
    for pattern in (_DASH_LINE, _SCRIPT_LINE, _NAME_LINE):
        lines = list(pattern.finditer(text))
        if len(lines) >= 2:
            _cover(covered, pattern, text)
    if any(covered):
        _cover_attributions(covered, text)
    weight = sum(not c.isspace() for c in text) or 1
    share = sum(1 for c, spoken in zip(text, covered, strict=True) if spoken and not c.isspace()) / weight
    return max(share, _unmarked_speech(text)) if share < MIXED_SHARE else share


def _cover_attributions(covered: bytearray, text: str) -> None:
    """Count "she said" as part of the speech that it stands beside: short gaps within a line that holds speech."""
    for gap in re.finditer(rb"(?<=\x01)\x00{1,40}(?=\x01)", bytes(covered)):
        if "\n\n" not in text[gap.start() : gap.end()]:
            covered[gap.start() : gap.end()] = b"\1" * (gap.end() - gap.start())
    for tag in re.finditer(r"[^\n“”\"]{1,40}?[.,]", text):
        if tag.start() and covered[tag.start() - 1] and not covered[tag.start()] and _SPEECH_VERB.search(tag.group()):
            covered[tag.start() : tag.end()] = b"\1" * len(tag.group())


def _unmarked_speech(text: str) -> float:
    """Direct speech without marks: many short turns, each line of a person speaking."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 4:
        return 0.0
    spoken = sum(
        bool(re.search(r"[?!]|\b(I|you|we|yes|no|don't|I'm|you're)\b", line)) and len(line) < 140 for line in lines
    )
    return spoken / len(lines) if len(_SPEECH_VERB.findall(text)) + text.count("?") >= 3 else 0.0


def measure_technical(text: str) -> float:
    """0 for plain prose, 1 and more for text full of code, units, identifiers, lists and instructions."""
    words = max(1, len(text.split()))
    lines = max(1, sum(bool(line.strip()) for line in text.splitlines()))
    tokens = len(_TECHNICAL_TOKEN.findall(text)) / words
    marked = len(_TECHNICAL_LINE.findall(text)) / lines
    instructions = len(_INSTRUCTION.findall(text)) / words
    jargon = len(_JARGON.findall(text)) / words
    return 3.5 * tokens + 0.5 * marked * (lines > 1) + 6 * instructions + 5 * jargon


def _cover(covered: bytearray, pattern: re.Pattern[str], text: str) -> None:
    for match in pattern.finditer(text):
        covered[match.start() : match.end()] = b"\1" * (match.end() - match.start())
