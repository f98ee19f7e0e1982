"""Sentences taken apart for groundedness: stems, numbers as values, names, negations, and words that contradict.

The word lists are English, short and made by hand. They hold no word of any data set on purpose; a pair that is missing
here is at best seen by its vectors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(
    r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|five|six|seven|eight|nine)\b"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,:/]\d+)*",
    re.IGNORECASE,
)
LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
STOP = frozenset(
    """a about above after again all also although am an and any are as at be because been before being below between
    both but by can could did do does doing down during each either few for from further had has have having he her here
    hers him his how however i if in into is it its itself just may me might more most must my of off on once only or
    other our out over own same shall she should so some such than that the their them then there therefore these they
    this those through thus to too under until up upon us very was we were what when where which while who whom whose
    why will with within without would you your no not nor never cannot don doesn didn isn aren wasn won can't don't
    doesn't didn't isn't aren't wasn't won't""".split()  # noqa: SIM905
)
_PARTS = frozenset(
    "passage passages document documents source sources step steps tip tips item items".split()  # noqa: SIM905
)
NEGATIONS = frozenset(
    """no not nor never none nothing nobody neither cannot without unable fail fails failed lack lacks lacked hardly
    barely""".split()  # noqa: SIM905
)
_MODALS = {
    "possible": "may might could can possibly perhaps maybe likely potentially probably seem seems appear appears",
    "certain": "will must always definitely certainly shall proves guarantee guarantees every all only",
}
MODAL_OF = {word: kind for kind, words in _MODALS.items() for word in words.split()}
_UNITS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
NUMBER_OF: dict[str, float] = {
    **{word: float(i) for i, word in enumerate(_UNITS, 1)},
    **{word: float(10 * i) for i, word in enumerate(_TENS, 2)},
    **{f"{tens}-{unit}": float(10 * i + j) for i, tens in enumerate(_TENS, 2) for j, unit in enumerate(_UNITS[:9], 1)},
    **{word: float(i) for i, word in enumerate(_ORDINALS, 1)},
    "zero": 0.0,
    "twice": 2.0,
    "double": 2.0,
    "triple": 3.0,
    "dozen": 12.0,
    "half": 0.5,
    "hundred": 100.0,
}
_ANTONYMS = (
    (
        "increase rise grow gain climb raise boost improve expand up higher upward surge soar jump grew rose risen",
        "decrease fall decline drop lose reduce lower down shrink downward plunge sink fell fallen lessen "
        "diminish worsen",
    ),
    (
        "more greater larger bigger most majority many numerous",
        "less fewer smaller least minority few",
    ),
    (
        "before prior earlier previous former",
        "after later subsequent next following latter",
    ),
    (
        "first initial begin start early opening",
        "last final end finish stop late closing",
    ),
    (
        "all every always everyone everything",
        "none never nobody nothing some sometimes",
    ),
    (
        "high tall strong heavy long large big great wide deep",
        "low short weak light small little tiny narrow shallow",
    ),
    (
        "good positive better best advantage benefit beneficial strength profit success",
        "bad negative worse worst disadvantage harm harmful weakness loss failure risk",
    ),
    (
        "include accept allow permit approve agree support enable add win like love enjoy buy send give",
        "exclude reject forbid prohibit deny disagree oppose disable prevent "
        "remove subtract hate dislike sell receive take",
    ),
    (
        "easy simple fast quick hot warm dry hard new young modern",
        "difficult complex slow cold cool wet soft old ancient",
    ),
    (
        "male man men boy husband father son he his him brother",
        "female woman women girl wife mother daughter she her hers sister",
    ),
    (
        "inside internal above over indoor inner front",
        "outside external below under outdoor outer behind back",
    ),
    (
        "left east north",
        "right west south",
    ),
    (
        "present visible active public local same similar known common certain",
        "absent invisible inactive private remote different dissimilar unknown rare uncertain",
    ),
    (
        "true correct safe legal possible",
        "false incorrect wrong dangerous illegal impossible",
    ),
    (
        "maximum upper full major rich expensive",
        "minimum empty minor poor cheap",
    ),
    (
        "day morning summer",
        "night evening winter",
    ),
    (
        "arrive come enter open",
        "leave go exit depart close",
    ),
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A sentence taken apart; all tuples run in the order of the text.

    Attributes:
        words, stems: all words and numbers; a number's stem is its value.
        content: places of the words that are no stop words.
        numbers, names: places of numbers, written-out ones included, and of capitalised words inside the sentence.
        negations: how many negating words there are.
        spans: start and end of each word in the text.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    content: tuple[int, ...]
    numbers: tuple[int, ...]
    names: tuple[int, ...]
    negations: int
    spans: tuple[tuple[int, int], ...]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Endings of inflection off; crude, and the same on both sides. A number becomes its value."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word in NUMBER_OF:
        return f"{NUMBER_OF[word]:g}"
    if word[0].isdecimal():
        return _normalise_number(word)
    for ending in ("ingly", "edly", "ing", "ies", "ied", "es", "ed", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if ending in ("ing", "ed") and len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            return word.removesuffix("e") if len(word) > 3 else word
    return word.removesuffix("e") if len(word) > 4 else word


def _normalise_number(word: str) -> str:
    if any(c in word for c in ":/"):
        return word
    plain = word.replace(",", "")
    return f"{float(plain):.10g}" if plain.count(".") <= 1 else word


def _counts_parts(lower: list[str], at: int) -> bool:
    """Whether a number only says which part is meant: ``passage 2``, ``passages 1 and 3``, ``step 4``."""
    back = at - 1
    while back > 0 and (lower[back] in ("and", "or") or lower[back].isdecimal()):
        back -= 1
    return back >= 0 and lower[back] in _PARTS


def read_stems(text: str) -> list[str]:
    """Stems of all words of a sentence, in order."""
    mark = LIST_MARK.match(text)
    return [stem(word) for word in WORD.findall(text, mark.end() if mark else 0)]


@lru_cache(maxsize=4_096)
def parse(text: str) -> Parsed:
    """Take a sentence apart."""
    mark = LIST_MARK.match(text)
    spans, words, stems, content, numbers, names = [], [], [], [], [], []
    lower: list[str] = []
    negations = 0
    for i, match in enumerate(WORD.finditer(text, mark.end() if mark else 0)):
        word = match.group()
        low = word.lower().replace("’", "'")
        words.append(word)
        spans.append(match.span())
        stems.append(stem(word))
        lower.append(low)
        if low not in STOP:
            content.append(i)
            if i and word[0].isupper() and low not in _PARTS:
                names.append(i)
        if (low[0].isdecimal() or low in NUMBER_OF) and not _counts_parts(lower, i):
            numbers.append(i)
        negations += low in NEGATIONS or low.endswith("n't")
    return Parsed(
        words=tuple(words),
        stems=tuple(stems),
        content=tuple(content),
        numbers=tuple(numbers),
        names=tuple(names),
        negations=negations,
        spans=tuple(spans),
    )


@lru_cache(maxsize=1)
def _antonyms() -> dict[str, frozenset[str]]:
    """Stem to the stems that stand on the other side of it in the antonym table."""
    others: dict[str, set[str]] = {}
    for cells in _ANTONYMS:
        sides = [{stem(word) for word in words.split()} for words in cells]
        for one, other in (sides, sides[::-1]):
            for word in one:
                others.setdefault(word, set()).update(other)
    return {word: frozenset(found) for word, found in others.items()}


# A negating prefix, and the shortest stem that it may stand before: "inform" is no opposite of "form".
_PREFIXES = {"un": 4, "non": 4, "dis": 4, "mis": 4, "anti": 4, "il": 5, "ir": 5, "in": 6, "im": 6}


@lru_cache(maxsize=20_000)
def find_opposites(stem: str) -> frozenset[str]:
    """The stems that stand for the opposite: by the table, with a negating prefix, or without the one it has."""
    found = set(_antonyms().get(stem, ()))
    for prefix, shortest in _PREFIXES.items():
        if len(stem) >= shortest:
            found.add(prefix + stem)
        if stem.startswith(prefix) and len(stem) - len(prefix) >= shortest:
            found.add(stem.removeprefix(prefix))
    return frozenset(found)
