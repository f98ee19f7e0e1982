"""Questions written anew by rule: what people vary without meaning anything else, and the smallest changes that do.

The first kind, ``PARAPHRASES``, should be found in a cache; the second, ``NEAR_MISSES``, must not be. Each function gives None where
its rule does not apply.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence

from engine.context.opposites import load_opposites
from engine.context.words import find_names, stem

_LEADS = (
    "Could you tell me {}",
    "Please tell me {}",
    "Hi, {}",
    "I would like to know {}",
    "Do you know {}",
    "{} please",
)
_FIRST = re.compile(r"^(what|who|where|when|why|how|which)\b", re.I)
_AUXILIARY = re.compile(r"\b(is|are|was|were|does|do|did|can|could|will|would|has|have|had|must|should)\b", re.I)
_PAST = {"is": "was", "are": "were", "was": "is", "were": "are", "does": "did", "do": "did", "did": "does"}
_WH = {"when": "where", "where": "when", "who": "when", "why": "how", "how many": "which", "what": "who"}
_RELATIONS = {
    "before": "after",
    "after": "before",
    "with": "without",
    "from": "to",
    "above": "below",
    "during": "before",
}
_UNITS = {"days": "weeks", "hours": "days", "minutes": "hours", "years": "months", "months": "years", "weeks": "months"}
_BRITISH = {
    "color": "colour",
    "center": "centre",
    "organization": "organisation",
    "theater": "theatre",
    "labor": "labour",
}


def _pick(text: str, n: int) -> int:
    return zlib.crc32(text.encode()) % n


def add_lead(text: str) -> str | None:
    """Politeness before or behind it."""
    lead = _LEADS[_pick(text, len(_LEADS))]
    inside = text if lead.endswith("please") else text[0].lower() + text[1:] if _FIRST.match(text) else None
    return lead.format(inside.rstrip("?. ")) + "?" if inside else None


def change_case(text: str) -> str | None:
    """Small letters, no question mark, as typed in a hurry; not where small letters would hide an abbreviation."""
    return text.lower().rstrip("?. ") if not re.search(r"\b[A-Z]{2,}\b", text) and text != text.lower() else None


def drop_articles(text: str) -> str | None:
    """Without articles."""
    short = re.sub(r"\b(the|a|an) ", "", text, flags=re.I)
    return short if short != text else None


def contract(text: str) -> str | None:
    """``what is`` as ``what's``."""
    short = re.sub(r"^(What|Who|Where|How) is\b", r"\1's", text)
    return short if short != text else None


def drop_asking(text: str) -> str | None:
    """The words of a search box: what stands behind ``what is``."""
    short = re.sub(r"^what (?:is|are) (?:the )?", "", text, flags=re.I).rstrip("? ")
    return short if short != text.rstrip("? ") and len(short.split()) > 2 else None


def misspell(text: str) -> str | None:
    """Two neighbouring letters of the longest word exchanged."""
    words: list[str] = re.findall(r"\b[a-z]{7,}\b", text)
    if not words:
        return None
    word = max(words, key=len)
    at = len(word) // 2
    wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return text.replace(word, wrong, 1) if wrong != word else None


def turn_round(text: str) -> str | None:
    """A closing ``in ...`` put first."""
    found = re.fullmatch(r"((?:What|Who|Where|When|Why|How)\b.{8,}?) ((?:in|on|at) [^?]{3,30})\?", text)
    return f"{found[2][0].upper()}{found[2][1:]}, {found[1][0].lower()}{found[1][1:]}?" if found else None


def spell_british(text: str) -> str | None:
    """American spelling as British."""
    return _swap(text, _BRITISH)


def change_number(text: str) -> str | None:
    """Another number."""
    found = re.search(r"\d+", text)
    return text[: found.start()] + str(int(found[0]) + 1) + text[found.end() :] if found else None


def negate(text: str) -> str | None:
    """``not`` behind the first auxiliary verb."""
    found = _AUXILIARY.search(text)
    return text[: found.end()] + " not" + text[found.end() :] if found else None


def swap_opposite(text: str) -> str | None:
    """A word against its opposite."""
    table = load_opposites()
    for word in re.findall(r"[A-Za-z]+", text):
        others = sorted(table.get(stem(word.lower()), ()))
        if others:
            return re.sub(rf"\b{word}\b", others[0], text, count=1)
    return None


def swap_question_word(text: str) -> str | None:
    """Another question word."""
    return _swap(text, _WH)


def swap_relation(text: str) -> str | None:
    """``before`` for ``after``, and the like."""
    return _swap(text, _RELATIONS)


def swap_unit(text: str) -> str | None:
    """Days for weeks, and the like."""
    return _swap(text, _UNITS)


def change_tense(text: str) -> str | None:
    """Past for present, present for past."""
    return _swap(text, _PAST)


def exchange_names(text: str) -> str | None:
    """Two names of the question change places."""
    names = list(dict.fromkeys(find_names(text)))
    if len(names) < 2:
        return None
    a, b = names[0], names[-1]
    swapped = re.sub(rf"\b({re.escape(a)}|{re.escape(b)})\b", lambda m: b if m[0] == a else a, text)
    return swapped if text.find(b) - text.find(a) - len(a) > 1 else None


def replace_name(text: str, others: Sequence[str]) -> str | None:
    """Another name of the same document."""
    names = find_names(text)
    fresh = [name for name in others if re.split(r"['’]|s$", name)[0] not in text]
    if not names or not fresh:
        return None
    return re.sub(rf"\b{re.escape(names[-1])}\b", fresh[_pick(text, len(fresh))], text, count=1)


def _swap(text: str, table: Mapping[str, str]) -> str | None:
    found = re.search(rf"\b({'|'.join(map(re.escape, table))})\b", text, re.I)
    if not found:
        return None
    other = table[found[0].lower()]
    return text[: found.start()] + (other.capitalize() if found[0][0].isupper() else other) + text[found.end() :]


Edit = Callable[[str], str | None]
PARAPHRASES: Mapping[str, Edit] = {
    "politeness": add_lead,
    "case": change_case,
    "articles": drop_articles,
    "contraction": contract,
    "search words": drop_asking,
    "typing error": misspell,
    "turned round": turn_round,
    "spelling": spell_british,
}
NEAR_MISSES: Mapping[str, Edit] = {
    "number": change_number,
    "negation": negate,
    "opposite": swap_opposite,
    "question word": swap_question_word,
    "relation": swap_relation,
    "unit": swap_unit,
    "tense": change_tense,
    "names exchanged": exchange_names,
}
