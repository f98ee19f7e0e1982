"""What a person types under a decision: a name, a reason, a link, a date. Checked here, for screens and shell alike."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from engine.errors import InputError

LONGEST_NAME = 60
LONGEST_TEXT = 2_000
FEWEST_WORDS = 3
LONGEST_WAIVER = datetime.timedelta(days=366)


def check_name(who: str) -> str:
    """Who decides.

    Raises:
        InputError: blank, or longer than a name.
    """
    name = " ".join(who.split())
    if not name:
        raise InputError("Nobody is named.", "Say who you are: --as NAME, or the field in the sidebar.")
    if len(name) > LONGEST_NAME:
        raise InputError(f"The name has {len(name)} characters; expected at most {LONGEST_NAME}.")
    return name


def check_reason(reason: str, what: str) -> str:
    """Why; somebody else will read it in a year, so one word is none. ``what`` is what needs the reason: ``A waiver``.

    Raises:
        InputError: blank, too short or too long.
    """
    text = check_text(reason, f"The reason of {what[:1].lower()}{what[1:]}")
    found = len(text.split())
    if found < FEWEST_WORDS:
        raise InputError(
            f"{what} needs a reason of at least {FEWEST_WORDS} words, found {found}.",
            "Say why it may be so, for somebody who reads it in a year.",
        )
    return text


def check_text(text: str, what: str) -> str:
    """A note.

    Raises:
        InputError: longer than a note.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(f"{what} has {len(text):,} characters; expected at most {LONGEST_TEXT:,}.")
    return text.strip()


def check_link(link: str) -> str:
    """An address of the web, or nothing.

    Raises:
        InputError: anything else, such as ``javascript:``.
    """
    address = link.strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in address):
        raise InputError(
            f"The link {address[:80]!r} is none: expected an address that begins with http:// or https://.",
            "Give the page that shows it, such as a ticket, a test run or a document.",
        )
    if len(address) > LONGEST_TEXT:
        raise InputError(f"The link has {len(address):,} characters; expected at most {LONGEST_TEXT:,}.")
    return address


def check_expiry(until: datetime.date, today: datetime.date) -> datetime.date:
    """The last day of a waiver.

    Raises:
        InputError: not after today, or more than a year ahead.
    """
    last = today + LONGEST_WAIVER
    if not today < until <= last:
        raise InputError(
            f"A waiver must end after today and within a year: expected a day from "
            f"{today + datetime.timedelta(days=1)} to {last}, found {until}.",
            "Give an earlier day and renew the waiver then, or change the goal."
            if until > last
            else "Give a later day.",
        )
    return until


def parse_day(text: str) -> datetime.date:
    """A day as ``2026-12-31``.

    Raises:
        InputError: it is none.
    """
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{text!r} is no day: expected year-month-day such as 2026-12-31.") from None


def find_today() -> datetime.date:
    """Today in UTC."""
    return datetime.datetime.now(datetime.UTC).date()
