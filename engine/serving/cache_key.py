"""Under what an answer is kept: everything that it depends on, with the question written one way."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.serving.identity import digest

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "\u202f": " "})


def normalise_question(text: str) -> str:
    """A question in the form in which it is compared with others letter by letter.

    Composed accents (NFC), straight quotes, single spaces. Not folded: case, which carries names (US, us) and changes what the
    engine finds; compatibility characters, since NFKC makes 102 of 10²; lines, whose indentation may be what
    is asked about.
    """
    composed = unicodedata.normalize("NFC", text).translate(_QUOTES).strip()
    return composed if "\n" in composed else " ".join(composed.split())


@dataclass(frozen=True, slots=True, eq=False)
class CacheKey:
    """A question in its scope. Two are equal when the same answer is kept under them.

    Attributes:
        scope: as ``identify_scope`` gives it.
        history: what of the conversation the answer may lean on, in order.
        family: digest over the question, its history, corpus and settings, but not over the versions beneath them.
        digest: ``family`` with the versions: under it the answer is kept.
    """

    scope: str
    corpus: str
    question: str
    history: Sequence[Sequence[str]] = ()
    family: str = field(init=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        choice, _, versions = self.scope.partition(".")
        turns = [text for turn in self.history for text in (str(len(turn)), *turn)]
        family = digest([choice, self.corpus, normalise_question(self.question), *turns])
        object.__setattr__(self, "family", family)
        object.__setattr__(self, "digest", f"{family}.{versions}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CacheKey) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)
