"""Whether two questions ask the same, by their words: what a cosine between their vectors cannot see.

A vector hardly moves when a date, a name, a "not" or the order of two names changes; the answer does. So two questions count as
the same only when every word that can carry meaning stands in both, in the same order, and differences are left to
what is known to change nothing: politeness, articles, contractions, spelling, inflection, a few synonyms.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from engine.grounding.words import stem
from engine.serving.question_words import (
    CONTRACTIONS,
    FREE,
    LEAD,
    PERSONS,
    PHRASES,
    PLACES,
    SYNONYMS,
    TENSES,
    TRAIL,
)

# A number keeps its sign, its fraction and its unit marks; an identifier keeps its dots, dashes and slashes.
_TOKEN = re.compile(
    r"[-+]?\d[\w.,:/%°-]*\w%?|[-+]?\d%?|--?[A-Za-z][\w-]*|\w[\w./@#+-]*\w[+#]*|\w[+#]*|[<>=≤≥≠&|$€£¥%^*]+"
)
_CODE = re.compile(r"[\d_/@#+.]|[a-z][A-Z]|^-|^[^\w\s]")
SHORTEST_TYPO = 6
ASKS_WHAT = SYNONYMS["what"]
ASKING = frozenset(stem(SYNONYMS.get(word, word)) for word in ("what", "who", "when", "where", "why", "how", "whose"))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSigns:
    """A question taken apart.

    Attributes:
        words: what carries meaning, in order: stems of words, numbers and identifiers as they are.
        typed: those of them that may hold a typing error: long, of small letters alone.
        opens: places of ``words`` before which a phrase of place or time begins.
        places, persons, tenses: of the words that one of two questions may lack.
        shouted: words of capitals alone that are everyday words otherwise (``US``, ``WHO``, ``IT``).
    """

    words: tuple[str, ...]
    typed: frozenset[str]
    opens: frozenset[int]
    places: Counter[str]
    persons: frozenset[str]
    tenses: Counter[str]
    shouted: Counter[str]


@lru_cache(maxsize=4_096)
def read_signs(text: str) -> QuestionSigns:
    """Take a question apart."""
    plain = _simplify(text)
    words: list[str] = []
    typed: set[str] = set()
    opens: set[int] = set()
    places: Counter[str] = Counter()
    persons: set[str] = set()
    tenses: Counter[str] = Counter()
    shouted: Counter[str] = Counter()
    raised = any(c.islower() for c in text)
    for token in _TOKEN.findall(plain):
        lower = token.lower()
        if raised and len(token) > 1 and token.isupper() and _is_everyday(lower):
            shouted[lower] += 1
            words.append(token)
        elif lower in FREE:
            tenses.update([TENSES[lower]] if lower in TENSES else [])
        elif lower in PERSONS:
            persons.add(PERSONS[lower])
        elif lower in PLACES:
            places[lower] += 1
            opens.add(len(words))
        else:
            word = _reduce(token, lower)
            words.append(word)
            if len(lower) >= SHORTEST_TYPO and token.islower() and token.isalpha() and word.isalpha():
                typed.add(word)
    if len(words) > 2 and words[0] == ASKS_WHAT and len(words[1]) > 3 and words[1] in words[2:]:
        del words[1]  # which court is the highest court
        opens = {max(0, i - 1) for i in opens}
    return QuestionSigns(
        words=tuple(words),
        typed=frozenset(typed),
        opens=frozenset(opens),
        places=places,
        persons=frozenset(persons),
        tenses=tenses,
        shouted=shouted,
    )


def find_difference(a: QuestionSigns, b: QuestionSigns) -> str:
    """In one word, why two questions do not ask the same; empty when nothing speaks against it."""
    if a.shouted != b.shouted:
        return "names"
    if a.tenses - b.tenses and b.tenses - a.tenses:
        return "tense"
    if a.places - b.places and b.places - a.places:
        return "places"
    if a.persons and b.persons and a.persons != b.persons:
        return "persons"
    if not a.words or not b.words:
        return "nothing asked"
    if a.words == b.words or _begins_bare(a, b) or _begins_bare(b, a):
        return ""
    if Counter(a.words) == Counter(b.words):
        return "" if _is_turned(a, b) or _is_turned(b, a) else "order"
    return "" if _is_typo(a, b) else "words"


def _simplify(text: str) -> str:
    plain = " ".join(text.replace("’", "'").split())
    plain = TRAIL.sub("", plain)
    shortened = LEAD.sub("", plain, count=1)
    plain = shortened if len(shortened.split()) > 1 else plain
    for pattern, replacement in CONTRACTIONS:
        plain = pattern.sub(replacement, plain)
    # Phrases are told in small letters; where one matches, its capitals tell nothing.
    for pattern, replacement in PHRASES:
        plain = re.sub(pattern.pattern, replacement, plain, flags=re.I)
    return plain


def _is_everyday(lower: str) -> bool:
    return (
        lower in FREE
        or lower in PLACES
        or lower in PERSONS
        or lower in ("who", "may", "can", "will", "us", "it", "or", "and")
    )


def _reduce(token: str, lower: str) -> str:
    if _CODE.search(token) or (len(token) > 1 and token.isupper() and lower not in SYNONYMS):
        return lower.rstrip(".,:")
    word = SYNONYMS.get(lower, lower)
    reduced = stem(word) if word[0].isalnum() else word
    return SYNONYMS.get(reduced, reduced)


def _begins_bare(a: QuestionSigns, b: QuestionSigns) -> bool:
    """Whether ``b`` is the words of ``a`` without the "what is" before them: ``refund policy for defective products``."""
    return a.words[0] == ASKS_WHAT and a.words[1:] == b.words and not ASKING & set(b.words) and len(b.words) > 1


def _is_turned(a: QuestionSigns, b: QuestionSigns) -> bool:
    """Whether a phrase of place or time at the end of ``a`` stands at the beginning of ``b``."""
    n = len(a.words)
    return any(0 < i < n and n >= 3 and a.words[i:] + a.words[:i] == b.words and 0 in b.opens for i in a.opens)


def _is_typo(a: QuestionSigns, b: QuestionSigns) -> bool:
    """Whether one long word differs in one letter, and all the others stand in the same order."""
    if len(a.words) != len(b.words):
        return False
    unlike = [(x, y) for x, y in zip(a.words, b.words, strict=True) if x != y]
    if len(unlike) != 1:
        return False
    x, y = unlike[0]
    return x in a.typed and y in b.typed and x[0] == y[0] and _is_one_letter(x, y)


def _is_one_letter(x: str, y: str) -> bool:
    """One letter replaced, left out, added, or two neighbours exchanged."""
    if len(x) < len(y):
        x, y = y, x
    if len(x) - len(y) > 1:
        return False
    i = next((k for k in range(len(y)) if x[k] != y[k]), len(y))
    if len(x) > len(y):
        return x[i + 1 :] == y[i:]
    return x[i + 1 :] == y[i + 1 :] or (x[i + 2 :] == y[i + 2 :] and x[i : i + 2] == y[i : i + 2][::-1])
