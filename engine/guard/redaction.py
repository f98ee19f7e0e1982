"""Logs without personal data: every record is redacted before any handler of ours, or of a library, writes it."""

from __future__ import annotations

import logging
import traceback

from engine.guard.pii import IDENTIFYING, find_personal_data, replace_spans

_MOST = 20_000  # characters of a message that are kept; more is no message
_OURS = "phasegate_redacted"
# In a log, a host's address is what the operator reads the line for.
LOGGED = tuple(kind for kind in IDENTIFYING if kind != "ip_address")


class RedactingFilter(logging.Filter):
    """Replaces personal data and secrets in a record's message, arguments included, and in its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record through, redacted; only once, however many loggers and handlers it passes."""
        if getattr(record, _OURS, False):
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a message that does not fit its arguments: logging would print both in full
            message = str(record.msg)
        record.msg, record.args = redact_line(message), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact_line("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
        setattr(record, _OURS, True)
        return True


def redact_line(text: str) -> str:
    """A message as a log may hold it: personal data replaced, control characters written out, cut at 20,000 characters."""
    kept = text[:_MOST]
    shown = replace_spans(kept, find_personal_data(kept, LOGGED))
    cut = f" … {len(text) - _MOST:,} characters left out" if len(text) > _MOST else ""
    return "".join(char if char.isprintable() or char in "\n\t" else repr(char)[1:-1] for char in shown) + cut


def install_redaction() -> None:
    """Redact every record of this process, whichever logger it comes from and whichever handler is added later.

    Records are made by one factory for all loggers; ours wraps the one that is there. Calling it twice changes nothing.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, _OURS, False):
        return
    redacting = RedactingFilter()

    def make_redacted(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        redacting.filter(record)
        return record

    setattr(make_redacted, _OURS, True)
    logging.setLogRecordFactory(make_redacted)
