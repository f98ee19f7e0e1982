"""Words that BM25 searches by: identifiers keep their letters, and are findable by their parts as well.

A document's ``KubePodCrashLooping`` is indexed whole and as ``Kube``, ``Pod``, ``Crash``, ``Looping``; a question's is
searched whole alone, so that an exact name wins and a description still finds it. Both sides join neighbours inside a
compound (``app-95`` also gives ``app_95``), which tells it from ``app-96``. Chinese, Japanese, Korean and Thai runs, which
have no spaces, become pairs of characters. Accents are dropped; case and English endings are the index's to fold.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

__all__ = ["find_identifiers", "index_terms", "question_terms", "share_of_name"]

_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_COMPOUND = re.compile(rf"[^\W_{_UNSPACED}]+(?:[-_./:@][^\W_{_UNSPACED}]+)*|[{_UNSPACED}]+")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_FIRST_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_ACCENT = re.compile("[\u0300-\u036f]")
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between but by can could did do does
    doing during each either for from further had has have having he her here hers him his how i if in into is it its
    just may me might more most much must my no nor not of off on once only or other our out over own per shall she
    should so some such than that the their them then there these they this those through to too under until up upon
    us very was we were what when where whether which while who whom whose why will with within without would you your
    many long often far old s t don doesn didn isn wasn""".split()  # noqa: SIM905
)


def index_terms(text: str) -> str:
    """A passage as the words that it is found by, joined by spaces, in order."""
    return " ".join(_terms(text, parts=True))


def question_terms(text: str) -> str:
    """A question as the words to search by, each once; all of its words when none of them is telling."""
    found = dict.fromkeys(_terms(text, parts=False))
    return " ".join(found) if found else " ".join(dict.fromkeys(_RUN.findall(_fold(text))))


@lru_cache(maxsize=1024)
def find_identifiers(text: str) -> frozenset[str]:
    """Names that only their letters tell apart, in lower case: mixed letters and digits, or humps (``TargetDown``)."""
    return frozenset(word.lower() for word in _COMPOUND.findall(text) if _is_identifier(word))


def share_of_name(identifiers: frozenset[str], *names: str) -> float:
    """The largest share, in [0, 1], of a name's letters that the identifiers of a question cover."""
    best = 0.0
    for name in names if identifiers else ():
        words = [word.lower() for word in _COMPOUND.findall(name)]
        letters = sum(map(len, words))
        if letters:
            best = max(best, sum(len(word) for word in words if word in identifiers) / letters)
    return best


def _is_identifier(word: str) -> bool:
    digits = any(c.isdigit() for c in word)
    return (digits and any(c.isalpha() for c in word)) or _CAMEL.search(word) is not None


def _fold(text: str) -> str:
    """The text without accents. Stems of accented words would differ; letters of other scripts stay whole."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))


def _terms(text: str, parts: bool) -> list[str]:
    found: list[str] = []
    for word in _COMPOUND.findall(_fold(text)):
        if _FIRST_UNSPACED.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
            continue
        pieces = _RUN.findall(word)
        for piece in pieces:
            if piece.lower() in STOP_WORDS and not (len(piece) > 1 and piece.isupper()):
                continue
            found.append(piece)
            if parts and _CAMEL.search(piece):
                found += [hump for hump in _HUMP.findall(piece) if hump.lower() not in STOP_WORDS]
        found += [f"{first}_{second}" for first, second in pairwise(pieces)]
    return found
