"""The chats that ask a model: an answer from passages, its repair, a validator's judgement.

Whatever comes from documents stands behind a mark that is a hash over it: a document that wanted to forge the mark would
have to hold the hash of a text that it is part of. The same question over the same passages has the same mark, so that a
repeated request is the same request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from engine.generation.model import NOT_ANSWERED
from engine.generation.prompts import PromptTemplate
from engine.types import ContextPart

Messages = list[dict[str, str]]
LONGEST_LINE = 600


def build_messages(
    template: PromptTemplate, question: str, parts: Sequence[ContextPart], background: Sequence[str] = ()
) -> Messages:
    """The chat that asks for an answer."""
    mark = make_mark(question, parts, *background)
    earlier = "".join(f"Earlier question: {flatten(asked)}\n" for asked in background)
    values = {
        "mark": mark,
        "not_answered": NOT_ANSWERED,
        "passages": number_passages(parts, mark),
        "earlier": earlier,
        "question": question,
    }
    return as_messages(template, values)


def build_repair(
    template: PromptTemplate, question: str, asked: Sequence[dict[str, str]], reply: str, problems: Sequence[str]
) -> Messages:
    """The chat so far, the reply, and what is wrong with it."""
    listed = "\n".join(f"- {flatten(problem)}" for problem in problems)
    values = {"problems": listed, "not_answered": NOT_ANSWERED, "question": question}
    return [*asked, {"role": "assistant", "content": reply}, *as_messages(template, values)]


def build_validation(
    template: PromptTemplate, question: str, parts: Sequence[ContextPart], answer: str, aspect: str
) -> Messages:
    """The chat that asks for a verdict on one aspect of an answer, whose sentences carry the numbers of passages."""
    mark = make_mark(question, parts, answer)
    values = {
        "mark": mark,
        "passages": number_passages(parts, mark),
        "question": question,
        "answer": answer,
        "aspect": aspect,
    }
    return as_messages(template, values)


def make_mark(question: str, parts: Sequence[ContextPart], *others: str) -> str:
    """What begins our own lines: occurs in none of the texts."""
    texts = [question, *others, *(text for part in parts for text in (part.document, part.text))]
    whole = "\0".join(texts)
    salt = 0
    while True:
        mark = "#" + hashlib.sha256(f"{salt}\0{whole}".encode("utf-8", "replace")).hexdigest()[:12]
        if mark not in whole:
            return mark
        salt += 1


def number_passages(parts: Sequence[ContextPart], mark: str) -> str:
    """Passages with mark, number and document before each."""
    return "\n\n".join(f"{mark} [{i}] ({flatten(part.document)})\n{part.text}" for i, part in enumerate(parts, 1))


def as_messages(template: PromptTemplate, values: dict[str, str]) -> Messages:
    """Both texts of a template as a chat; an empty one is left out."""
    system, user = template.render(values)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return [message for message in messages if message["content"].strip()]


def flatten(text: str) -> str:
    """A text on one line, cut where it is very long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_LINE else flat[:LONGEST_LINE] + " …"
