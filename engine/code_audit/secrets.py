"""Rule ``secret``: keys, tokens and passwords that stand in files."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from engine.code_audit.findings import Finding, Source

# The documented forms of keys: what it is, what stands in each (a quick look spares the pattern), and its pattern.
_FORMS = {
    "an AWS access key": ("IA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": ("gh", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})"),
    "a Slack token": ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "an Anthropic key": ("sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    "an OpenAI key": ("sk-", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_]{20,}(?:[A-Za-z0-9_-]{12,})?"),
    "a Google key": ("AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a Stripe key": ("k_live_", r"\b[sr]k_live_[0-9A-Za-z]{16,}"),
    "a Hugging Face token": ("hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    "an npm token": ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a JSON web token": ("eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a storage account key": ("AccountKey=", r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}"),
    "a private key": ("PRIVATE KEY", r"-----BEGIN (?:RSA |EC |OPENSSH |DSA |PGP )?PRIVATE KEY"),
    "a password in an address": (
        "://",
        r"[a-z][a-z0-9+.-]*://[^\s:/@'\"{}<>$]+:(?P<value>[^\s:/@'\"{}<>$]{4,})@[\w.-]+",
    ),
}
_KNOWN = [(what, needle, re.compile(pattern)) for what, (needle, pattern) in _FORMS.items()]
_HINT = re.compile(r"(?i)pass(?:w|phrase)|secret|token|[_-]?key|credential")
_NAMED = re.compile(
    r"""(?i)(?P<name>[\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credential|private[_-]?key)\w*)
        ["']?\s*(?::\s*\w+\s*)?[=:]\s*["'](?P<value>[^"'\s]{8,200})["']""",
    re.VERBOSE,
)
# In files of variables the value needs no quotes.
_PLAIN = re.compile(
    r"(?i)^\s*(?:export\s+)?(?P<name>\w*(?:password|passwd|secret|token|api_?key|access_?key|credential)\w*)\s*=\s*(?P<value>[^\s'\"#]{8,200})"
)
_LITERAL = re.compile(r"""["'](?P<value>[A-Za-z0-9+/_=-]{32,200})["']""")
_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|change[_-]?me|your[_-]|dummy|xxx|\.\.\.|<|\$\{|\{\{|\*\*\*|redacted|none|null|test|sample|fake|[{}]"
)
# A name of a variable, a path, a dotted name: words, not a key.
_WORDS = re.compile(r"^(?:\$\w.*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+(?:[_.:/ -][a-z]+)*|[\w./-]*/[\w./-]*)$")
_HEX = re.compile(r"^[0-9a-fA-F]+$")
_NAMED_ENTROPY = 3.0
_UNNAMED_ENTROPY = 4.4
_ADVICE = "Take it out, replace the key where it was issued, and read it from an environment variable."


def find_secrets(source: Source) -> Iterator[Finding]:
    """Keys of known forms anywhere; values with a telling name, and random-looking literals, outside tests and prose."""
    for number, line in enumerate(source.lines, 1):
        if len(line) > 10_000:
            continue
        found = _find_known(line)
        if found is None and not source.is_test:
            found = _find_named(line, source.suffix)
        if found:
            what, value = found
            yield Finding(
                rule="secret",
                severity="error",
                path=source.path,
                line=number,
                what=f"{what}: {mask(value)}",
                advice=_ADVICE,
            )


def mask(value: str) -> str:
    """The first characters of a secret and its length; never more than a quarter of it."""
    return f"{value[: min(4, len(value) // 4)]}… ({len(value)} characters)"


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def _find_known(line: str) -> tuple[str, str] | None:
    for what, needle, pattern in _KNOWN:
        match = pattern.search(line) if needle in line else None
        if match:
            value = match.groupdict().get("value") or match.group()
            if not _PLACEHOLDER.search(value):
                return what, value
    return None


def _find_named(line: str, suffix: str) -> tuple[str, str] | None:
    if suffix in (".md", ".txt", ".in"):
        return None
    patterns = [_NAMED, _PLAIN] if suffix in (".env", ".ini", ".cfg", ".conf", ".sh", ".properties") else [_NAMED]
    for pattern in patterns if _HINT.search(line) else ():
        for match in pattern.finditer(line):
            value = match["value"]
            if not _is_word(value) and entropy(value) >= _NAMED_ENTROPY:
                return f"a value of {match['name']}", value
    if suffix != ".py":
        return None
    for match in _LITERAL.finditer(line):
        value = match["value"]
        kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
        if kinds == 3 and not _is_word(value) and not _HEX.match(value) and entropy(value) >= _UNNAMED_ENTROPY:
            return "a random-looking literal", value
    return None


def _is_word(value: str) -> bool:
    return bool(_PLACEHOLDER.search(value) or _WORDS.match(value))
