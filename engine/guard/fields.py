"""The rules of single values at every door: a question, a session id, a value of a header."""

from __future__ import annotations

import unicodedata

from engine.errors import InputError

LONGEST_QUESTION = 100_000
LONGEST_SESSION = 200
LONGEST_HEADER = 1_000


def check_question(question: str) -> str:
    """The question as it is.

    Raises:
        InputError: empty, blank, or more than 100,000 characters.
    """
    if not question.strip():
        raise InputError(
            "The question is empty or blank; expected 1 to 100,000 characters.",
            "Type a question.",
            fields={"question": "expected 1 to 100,000 characters that are not all blank"},
        )
    if len(question) > LONGEST_QUESTION:
        raise InputError(
            f"The question has {len(question):,} characters; expected at most {LONGEST_QUESTION:,}.",
            "Shorten it.",
            fields={"question": f"expected at most {LONGEST_QUESTION:,} characters, found {len(question):,}"},
        )
    return question


def check_session(session: str) -> str:
    """The id of a conversation as it is; any writing system, no control characters.

    Raises:
        InputError: blank, more than 200 characters, or with characters that cannot be seen or stored.
    """
    if not session.strip():
        raise _refuse_session("is blank")
    if len(session) > LONGEST_SESSION:
        raise _refuse_session(f"has {len(session):,} characters")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in session):
        raise _refuse_session("holds control characters")
    return session


def _refuse_session(found: str) -> InputError:
    expected = f"expected 1 to {LONGEST_SESSION} characters without control characters"
    return InputError(f"The session id {found}; {expected}.", "Choose another id.", fields={"session": expected})


def check_header(name: str, value: str) -> str:
    """A header's value, fit to be logged and sent back: one line, trimmed.

    Raises:
        InputError: more than 1,000 characters, or control characters (they would forge lines of a log or headers).
    """
    if len(value) > LONGEST_HEADER or any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        expected = f"expected at most {LONGEST_HEADER:,} characters without control characters"
        raise InputError(f"The header {name}: {expected}.", "Send another value.", fields={name: expected})
    return value.strip()
