"""Words of spoken questions: which of them tell something, and what a text's sentences are."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# A sentence ends where white space and a new beginning follow; an abbreviation inside one does no harm here.
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[\"'“‘(]?\w)|\n+")
FUNCTION_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between but by can could did do does
    doing during each either for from further had has have having he her here hers him his how i if in into is it its
    just may me might more most much must my no nor not of off on once only or other our out over own per shall she
    should so some such than that the their them then there these they this those through to too under until up upon
    us very was we were what when where whether which while who whom whose why will with within without would you your
    many long often far old old'd 's s t don doesn didn isn wasn""".split()  # noqa: SIM905
)


def find_telling(text: str) -> list[str]:
    """The words of a text that are not function words, in lower case and in order."""
    found = (word.lower().removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text))
    return [word for word in found if word not in FUNCTION_WORDS]


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, without the white space around it."""
    spans, start = [], 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[start:end]
        if piece.strip():
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, left + len(piece.strip())))
        start = match.end() if match else end
    return spans
