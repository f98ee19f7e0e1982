"""What the asker said: a question about one's own words is answered by them, not by documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.conversation.words import find_telling, split_sentences

# "did I say", "I told you", "that I gave you": the question is about the asker's own words.
_ABOUT_OWN_WORDS = re.compile(
    r"\b(did|have|had)\s+(i|we)\s+(just\s+|already\s+|first\s+)?(say|said|tell|told|give|given|mention(ed)?|named?|write|written"
    r"|stated?|ask(ed)?)\b"
    r"|\b(i|we)\s+(just\s+|already\s+|first\s+)?(said|told|gave|mentioned|named|wrote|stated|have\s+(given|told|said))\b"
    r"|\b(remember|recall|remind)\b.{1,80}\b(my|our|i|we)\b|\b(my|our|i|we)\b.{1,80}\b(remember|recall|still\s+know)\b",
    re.I,
)
# "what did we pay with": what was done, not what was told; more of it has to be said in the sentence.
_ABOUT_OWN_DEEDS = re.compile(r"\bdid\s+(i|we)\s+\w+|\b(i|we)\s+(wanted|ordered|needed|paid|bought)\b", re.I)
# "what is my order number", "which alert had paged me": it may be; what the asker said has to hold all that it names.
_ABOUT_OWN_MATTERS = re.compile(r"\b(my|our|mine|ours|me|am\s+i|are\s+we|was\s+i)\b", re.I)
_ASKS = re.compile(
    r"\b(what|which|who|whom|whose|when|where|how\s+(many|much|old|long|large|big))\b|\b(remember|recall|remind)\b"
    r"|^\s*(and\s+)?did\s+(i|we)\b",
    re.I,
)
_QUESTION = re.compile(r"\?\s*[\"'”’)]*$")
_CODE = re.compile(r"(?=[\w.-]*\d)(?=[\w.-]*[^\W\d_])[\w.-]{3,}|\b\d{4,}\b|\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}\s*[ap]\.?m\b|\b\d{4}-\d\d-\d\d\b", re.I)
_NUMBER = re.compile(r"(?<![\w-])\d[\d.,]*(?![\w-])")
_DAY = re.compile(
    r"\b(mon|tues|wednes|thurs|fri|satur|sun)day\b|\b\d{1,2}\s+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*",
    re.I,
)
_SELF_NAMED = re.compile(
    r"\b(?:my name is|i am|i'm|i’m|this is|name's)\s+[A-Z]\w+|^(?:hello|hi|dear \w+)?,?\s*(?:[A-Z]\w+\s+){1,3}(?:here|of|from)\b"
    r"|(?<=[,!] )(?:[A-Z]\w+ ){1,3}(?:here|of|from)\b",
    re.I,
)
# Words that the question has for the telling, not for what was told.
_TELLING = frozenset(
    """say said tell told give gave given mention mentioned name named write wrote written state stated call called ask
    asked remember recall remind again still know earlier beginning start first just already please exactly me
    mine""".split()  # noqa: SIM905
)
_NAME_ASKED = re.compile(r"\bname\b|\bwho am i\b|\bcalled\b", re.I)
_SHORT = 4
# Stems of words that many things have: they tell less of what is asked for.
_GENERAL = frozenset({"number", "cod", "nam", "dat", "day", "tim", "id", "addres"})
_GENERAL_WEIGHT = 0.3
_FORMS = {
    "paid": "pay",
    "bought": "buy",
    "sent": "send",
    "came": "come",
    "wanted": "need",
    "want": "need",
    "got": "get",
}
# A sentence that ends as a question may begin with a statement: "I need 300 boxes by Friday, can you do that?"
_STATES = re.compile(r"^(i|we|my|our|it|the|this|that|there|these|those)\b", re.I)
# Nobody asks for a word of their own at greater length, and a longer sentence states nothing that could be quoted.
LONGEST_QUESTION = 400
LONGEST_SENTENCE = 600
LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledStatement:
    """A sentence that the asker said: ``question of the turn[start:end]`` is ``text``. ``turn`` counts from 1."""

    turn: int
    start: int
    end: int
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as citations name it: ``conversation#1``."""
        return f"conversation#{self.turn}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """``needed``: the share of what is asked for that a sentence must hold. ``things``: its stems."""

    needed: float
    things: frozenset[str]
    signs: tuple[re.Pattern[str], ...]
    about_name: bool


def recall_statement(question: str, said: Sequence[str]) -> RecalledStatement | None:
    """The sentence of an earlier turn that a question about the asker's own words asks for.

    Only what the asker said counts, never an answer of the engine. A question that merely has "my" in it is one about
    documents unless a sentence holds everything that it names and a value of the kind that it asks for.

    Args:
        said: what the asker wrote, oldest first.

    Returns:
        The best sentence, the earlier one of equals; None when the question is none about the asker's words, or nothing
        that was said answers it.
    """
    asked = _read_question(question)
    if asked is None:
        return None
    best, most = None, 0.0
    for turn, text in enumerate(said, 1):
        for start, end in _find_statements(text):
            sentence = text[start:end]
            worth = _rate(asked, sentence)
            if worth > most:
                best, most = RecalledStatement(turn=turn, start=start, end=end, text=sentence), worth
    return best


def _find_statements(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of the sentences that state something, of a reasonable length."""
    for start, end in split_sentences(text):
        if end - start > LONGEST_SENTENCE:
            continue
        if not _QUESTION.search(text[start:end]):
            yield start, end
            continue
        comma = text.rfind(",", start, end)
        if comma > start and _STATES.search(text[start:comma]):
            yield start, comma


def _read_question(question: str) -> _Asked | None:
    if len(question) > LONGEST_QUESTION or not _ASKS.search(question):
        return None
    own_words, own_deeds = bool(_ABOUT_OWN_WORDS.search(question)), bool(_ABOUT_OWN_DEEDS.search(question))
    if not own_words and not own_deeds and not _ABOUT_OWN_MATTERS.search(question):
        return None
    about_name = bool(_NAME_ASKED.search(question))
    things = frozenset(_stem(word) for word in find_telling(question) if word not in _TELLING)
    lower = question.lower()
    signs: list[re.Pattern[str]] = []
    if re.search(r"\b(number|code|id|reference|ticket|host|server|alert|sku)\b", lower):
        signs.append(_CODE)
    elif re.search(r"\bwhat time|at what time|\bwhen\b", lower):
        signs += [_CLOCK, _DAY]
    elif re.search(r"\bhow (many|much|old|long|large|big)\b", lower):
        signs.append(_NUMBER)
    needed = 0.0 if own_words else LEAST_SHARE if own_deeds else 1.0
    return _Asked(needed, things, tuple(signs), about_name)


def _rate(asked: _Asked, sentence: str) -> float:
    """How well a sentence answers; 0 when it does not."""
    if asked.signs and not any(sign.search(sentence) for sign in asked.signs):
        return 0.0
    words = {_stem(word) for word in find_telling(sentence)}
    total = sum(_weigh(thing) for thing in asked.things)
    share = sum(_weigh(thing) for thing in asked.things & words) / total if total else 0.0
    if asked.about_name and not (asked.things - {"nam"}) and _SELF_NAMED.search(sentence):
        return 2.0
    if asked.needed == 0.0:
        # A code may answer by itself ("which host did I name?"); a number or a time only beside a word of the question.
        return share + 0.1 if share or _CODE in asked.signs else 0.0
    return share if share >= asked.needed and len(words) > len(asked.things) else 0.0


def _weigh(thing: str) -> float:
    return _GENERAL_WEIGHT if thing in _GENERAL else 1.0


def _stem(word: str) -> str:
    """A word without its English ending: enough to find the same word said in another form."""
    word = _FORMS.get(word, word)
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORT - 1:
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    return word.removesuffix("e") if len(word) > _SHORT - 1 else word
