"""Follow-up questions: what the earlier turns add to the words that are searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

History = Sequence[tuple[str, str]]

_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|that|those|these|this|there|then|same|one|ones|another|else|instead"
    r"|both|either|also|too)\b",
    re.I,
)
_OPENS_SHORT = re.compile(
    r"^\s*(and|but|or|so|what about|how about|what if|why|when|where|who|how (much|many|long|often))\b", re.I
)
SHORT_WORDS = 7


@dataclass(frozen=True, slots=True)
class StandaloneQuestion:
    """``text`` is what was asked; ``background`` the earlier questions that it leans on, oldest first."""

    text: str
    background: tuple[str, ...]

    @property
    def search_text(self) -> str:
        """Question and background in one, for search."""
        return " ".join((self.text, *reversed(self.background)))


def resolve_question(question: str, history: History) -> StandaloneQuestion:
    """Decide what a question of a conversation leans on.

    A question that points back (pronouns) or is short and elliptic takes the previous question with it, and the first
    one of the conversation's topic when the previous one points back as well.
    """
    background: list[str] = []
    current = question
    for asked, _ in reversed(list(history)[-4:]):
        if not _leans(current):
            break
        background.insert(0, asked)
        current = asked
    return StandaloneQuestion(question, tuple(background))


def _leans(question: str) -> bool:
    words = len(question.split())
    return (
        bool(_POINTS_BACK.search(question))
        or words <= 4
        or (words <= SHORT_WORDS and bool(_OPENS_SHORT.search(question)))
    )
