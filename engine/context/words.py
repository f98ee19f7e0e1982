"""Words of questions and sentences: stems, stop words, how telling a word is, what kind of answer a question asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SUFFIXES = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", "e"), ("s", ""))
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between but by can could did do does
    doing during each either for from further had has have having he her here hers him his how i if in into is it its
    just may me might more most much must my no nor not of off on once only or other our out over own per shall she
    should so some such than that the their them then there these they this those through to too under until up upon
    us very was we were what when where whether which while who whom whose why will with within without would you your
    many long often far old old'd 's s t don doesn didn isn wasn""".split()  # noqa: SIM905
)
NUMBER_WORDS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half quarter
    third twice once double first second""".split()  # noqa: SIM905
)
_TIME = re.compile(
    r"\b(1\d{3}|20\d{2})s?\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|monday"
    r"|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|morning|evening|night|noon|midnight|autumn|spring"
    r"|summer|winter|years?|months?|weeks?|days?|hours?|minutes?|decades?|ago|today|yesterday)\b|\b\d{1,2}[:.]\d{2}\b|\b\d+\s*[ap]\.?m\b",
    re.I,
)
_NUMBER = re.compile(r"\d")
_UNIT = re.compile(
    r"\b(years?|months?|weeks?|days?|hours?|minutes?|seconds?|decades?|working days|mins?|hrs?|h|ms|s)\b", re.I
)
_MONEY = re.compile(
    r"[$€£¥]|\b(dollars?|euros?|pounds?|cents?|usd|sgd|eur|gbp|price|fee|cost|charge|percent|per cent)\b|%", re.I
)
_NAME = re.compile(r"(?<![.!?:\"“]\s)(?<!^)\b[A-Z][\w’'-]+")
_CAUSE = re.compile(
    r"\b(because|since|due to|so that|in order|as a result|therefore|caused?|reason|owing|thanks to|led to|why|to avoid|to prevent"
    r"|for fear|otherwise|means that)\b",
    re.I,
)
_COMMAND = re.compile(r"`|^\s*(\$|kubectl|sudo|curl|psql|systemctl)\b|--?\w")

# What a question of each kind asks for, told by its first words.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("duration", re.compile(r"\bhow (long|soon|often|quickly|old)\b|\bwithin what\b|\bby when\b|\bdeadline\b", re.I)),
    (
        "money",
        re.compile(r"\bhow much\b.*\b(cost|charge|pay|price|fee|worth)|\b(price|cost|fee|charge|surcharge)\b", re.I),
    ),
    (
        "number",
        re.compile(
            r"\bhow (many|much|far|high|large|big|tall|deep|wide|thick|heavy|hot)\b|\bwhat (number|percentage|size|port|threshold)",
            re.I,
        ),
    ),
    (
        "time",
        re.compile(
            r"\bwhen\b|\bwhat (time|year|date|day|month|century|decade)\b|\bwhich (year|day|month)\b|\bin which year",
            re.I,
        ),
    ),
    ("person", re.compile(r"\bwho(m|se)?\b|\bwhich (person|man|woman|team)\b|\bwhat is the name\b", re.I)),
    (
        "place",
        re.compile(
            r"\bwhere\b|\b(what|which) (country|city|town|place|state|region|area|island|village|room|river)\b", re.I
        ),
    ),
    ("cause", re.compile(r"\bwhy\b|\bwhat (caused|made|led)\b|\bfor what reason\b", re.I)),
    (
        "command",
        re.compile(
            r"\b(which|what) (command|query|flag|option|script)\b|\bhow (do|can) (i|we|you) (check|run|list|see|restart)",
            re.I,
        ),
    ),
)
# What tells that a sentence holds something of a kind. Persons and places are names that the question does not hold.
SIGNS: dict[str, tuple[re.Pattern[str], ...]] = {
    "duration": (_UNIT, _TIME),
    "money": (_MONEY,),
    "number": (_NUMBER,),
    "time": (_TIME,),
    "cause": (_CAUSE,),
    "command": (_COMMAND,),
}
NAME_KINDS = ("person", "place")


BACKGROUND_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        terms: stems of its telling words, with how telling each is (0 to 1); ``weight`` is their sum.
        codes: those that look like identifiers: with a digit, or very long.
        kind: what it asks for, one of ``duration``, ``money``, ``number``, ``time``, ``person``, ``place``, ``cause``,
            ``command``, or ``""``.
    """

    text: str
    terms: dict[str, float]
    weight: float
    codes: tuple[str, ...]
    kind: str


def parse_question(text: str) -> Question:
    """Take a question apart."""
    words = find_words(text)
    telling = [w for w in words if w not in STOP_WORDS] or words
    terms = {stem(w): weigh_word(w) for w in telling}
    kind = next((name for name, pattern in _KINDS if pattern.search(text)), "")
    codes = tuple(term for term in terms if len(term) > 14 or any(c.isdigit() for c in term))
    return Question(text, terms, sum(terms.values()) or 1.0, codes, kind)


def parse_followup(text: str, background: Sequence[str]) -> Question:
    """A question of a conversation: its own words count in full, those of earlier questions that it leans on less."""
    own = parse_question(text)
    terms: dict[str, float] = {}
    for asked in background:
        terms |= {term: BACKGROUND_WEIGHT * weight for term, weight in parse_question(asked).terms.items()}
    terms |= own.terms
    return Question(own.text, terms, sum(terms.values()) or 1.0, own.codes, own.kind)


def find_words(text: str) -> list[str]:
    """Lower-case words and numbers in order."""
    return [w.lower().removesuffix("'s").removesuffix("’s") for w in _WORD.findall(text)]


def find_names(text: str) -> list[str]:
    """Words written as names: with a capital inside a sentence."""
    return _NAME.findall(text)


@lru_cache(maxsize=4_096)
def find_stems(text: str) -> frozenset[str]:
    """The stems of a text's words, stop words left out."""
    return frozenset(stem(word) for word in find_words(text) if word not in STOP_WORDS)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its English ending; light, after Harman's S-stemmer (1991) with -ing, -ed and -ly."""
    for suffix, replacement in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith(("ss", "us", "is")):
            base = word[: len(word) - len(suffix)] + replacement
            if suffix in ("ing", "ed") and len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base.removesuffix("e") if len(base) > 3 else base
    return word.removesuffix("e") if len(word) > 3 else word


@lru_cache(maxsize=50_000)
def weigh_word(word: str) -> float:
    """How telling a word is, without statistics of the corpus: codes and numbers most, short common words least."""
    if word in STOP_WORDS:
        return 0.1
    if any(c.isdigit() for c in word):
        return 1.0
    return min(1.0, 0.35 + 0.07 * len(word))
