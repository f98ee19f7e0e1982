"""Follow-up questions: what the earlier turns add to the words that are searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.conversation.recall import RecalledStatement, recall_statement
from engine.conversation.words import find_telling

History = Sequence[tuple[str, str]]

_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|that|those|these|this|there|same|ones|another|others?)\b"
    r"|\b(the|that|this|which|next|last|first|second|other) one\b|\bthen\s*\??$",
    re.I,
)
_GOES_ON = re.compile(r"^\s*(and|but|or|so|what about|how about|what if)\b|\bagain\b", re.I)
# A question with so few telling words does not say what it is about. These three, the choice of earlier questions and the
# weight of their words were chosen on one half of the conversations of MTRAG; see docs/decisions.
FEW_TELLING = 2
FEW_TELLING_POINTING = 6
FEW_TELLING_POINTING_TWICE = 10
LONGEST_CHAIN = 4


@dataclass(frozen=True, slots=True)
class StandaloneQuestion:
    """A question of a conversation with what it takes to understand it.

    Attributes:
        text: what was asked; what a model made of it, where one rewrote it.
        background: the earlier questions that it leans on, oldest first.
        recalled: what the asker said earlier and asks for now; documents have no part in such an answer.
    """

    text: str
    background: tuple[str, ...] = ()
    recalled: RecalledStatement | None = None

    @property
    def search_text(self) -> str:
        """Question and background in one, for search by meaning."""
        return " ".join((self.text, *reversed(self.background)))

    @property
    def background_text(self) -> str:
        """The background alone, whose words count less than the question's own."""
        return " ".join(reversed(self.background))


def resolve_question(question: str, history: History) -> StandaloneQuestion:
    """Decide what a question of a conversation leans on, without a model.

    A question that says little by itself, or points back or goes on from what was said and says not much more, takes with it the question before (the
    one before that too where that one says little as well, and so on) and the first question of the conversation, which
    names its topic and the asker's own matters. Without a history every question stands alone.

    Args:
        history: (question, answer) of the earlier turns, oldest first.
    """
    if not history:
        return StandaloneQuestion(question)
    recalled = recall_statement(question, [asked for asked, _ in history])
    if recalled or not leans_on_history(question):
        return StandaloneQuestion(question, (), recalled)
    background: list[str] = []
    for asked, _ in reversed(history[-LONGEST_CHAIN:]):
        background.insert(0, asked)
        if len(find_telling(asked)) > FEW_TELLING:
            break
    first = history[0][0]
    return StandaloneQuestion(question, tuple(dict.fromkeys((first, *background))))


def leans_on_history(question: str) -> bool:
    """Whether a question cannot be understood by itself."""
    signs = bool(_POINTS_BACK.search(question)) + bool(_GOES_ON.search(question))
    most = (FEW_TELLING, FEW_TELLING_POINTING, FEW_TELLING_POINTING_TWICE)[signs]
    return len(find_telling(question)) <= most
