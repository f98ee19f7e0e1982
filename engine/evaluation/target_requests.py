"""Request templates: JSON in which ``{question}``, ``{history}`` and ``{messages}`` are filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.evaluation.target_secrets import fill_variables

History = Sequence[tuple[str, str]]
QUESTION, HISTORY, MESSAGES = "{question}", "{history}", "{messages}"


def holds_question(template: object) -> bool:
    """Whether a question put into the template would be sent."""
    if isinstance(template, dict):
        return any(map(holds_question, template.values()))
    if isinstance(template, list):
        return any(map(holds_question, template))
    return isinstance(template, str) and (QUESTION in template or MESSAGES in template)


def render_request(
    template: Any, question: str, history: History = (), *, fill: Callable[[str], str] = fill_variables
) -> Any:
    """The template with its placeholders filled.

    A string that is ``{history}`` or ``{messages}`` and nothing else becomes a list; as an entry of a list it becomes
    several entries. Inside a longer string ``{history}`` becomes lines of text. ``${VARIABLE}`` is read from the
    environment. Nothing in a question is taken for a placeholder.

    Args:
        fill: what becomes of a text with variables; ``str`` leaves their names.

    Raises:
        InputError: an environment variable is not set.
    """
    if isinstance(template, dict):
        return {key: render_request(value, question, history, fill=fill) for key, value in template.items()}
    if isinstance(template, list):
        filled: list[Any] = []
        for entry in template:
            rendered = render_request(entry, question, history, fill=fill)
            filled += rendered if entry in (HISTORY, MESSAGES) else [rendered]
        return filled
    if not isinstance(template, str):
        return template
    if template == HISTORY:
        return [{"question": asked, "answer": answered} for asked, answered in history]
    if template == MESSAGES:
        return build_messages(question, history)
    filled_text = fill(template)
    pieces = filled_text.split(QUESTION)
    lines = "\n".join(f"Question: {asked}\nAnswer: {answered}" for asked, answered in history)
    return question.join(piece.replace(HISTORY, lines) for piece in pieces)


def build_messages(question: str, history: History) -> list[dict[str, str]]:
    """A conversation as chat messages."""
    turns = [
        {"role": role, "content": text}
        for asked, answered in history
        for role, text in (("user", asked), ("assistant", answered))
    ]
    return [*turns, {"role": "user", "content": question}]
