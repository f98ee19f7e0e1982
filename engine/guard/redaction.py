"""Logs without personal data: every record is redacted before any handler of ours, or of a library, writes it."""

from __future__ import annotations

import logging
import traceback

_MOST = 20_000  # characters of a message that are kept; more is no message
_OURS = "phasegate_redacted"


class RedactingFilter(logging.Filter):
    """Replaces personal data and secrets in a record's message, arguments included, and in its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record through, redacted; only once, however many loggers and handlers it passes.

        A record without any personal data stays as it is: some formatters, such as that of a web server's access log, read
        the arguments rather than the message.
        """
        if getattr(record, _OURS, False):
            return True
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # it does not fit its arguments: logging would print both in full
            message, record.args = str(record.msg), None
        redacted = redact_line(message)
        if redacted != message:
            _rewrite(record, redacted)
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact_line("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
        setattr(record, _OURS, True)
        return True


def _rewrite(record: logging.LogRecord, redacted: str) -> None:
    """Puts the redacted message in; argument by argument where that gives the same message."""
    if isinstance(record.args, tuple):
        args = tuple(redact_line(value) if isinstance(value, str) else value for value in record.args)
        try:
            if str(record.msg) % args == redacted:
                record.args = args
                return
        except (TypeError, ValueError):
            pass
    record.msg, record.args = redacted, None


def redact_line(text: str) -> str:
    """A message as a log may hold it: personal data replaced, control characters written out, cut at 20,000 characters.

    Addresses of hosts stay: they are what an operator reads the line for.
    """
    from engine.guard.pii import IDENTIFYING, find_personal_data, replace_spans  # 30 ms that most commands never need

    kept = text[:_MOST]
    types = [kind for kind in IDENTIFYING if kind != "ip_address"]
    shown = replace_spans(kept, find_personal_data(kept, types))
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
