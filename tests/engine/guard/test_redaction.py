"""No log of this process holds personal data or secrets."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from engine.guard.redaction import install_redaction


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    factory = logging.getLogRecordFactory()
    install_redaction()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("phasegate.test_redaction")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_message_arguments_and_traceback_are_redacted(log: io.StringIO) -> None:
    logger = logging.getLogger("phasegate.test_redaction")
    logger.warning("mail to %s", "joe@example.org")
    try:
        raise ValueError("bad key sk-abcdefghijklmnopqrstuv")
    except ValueError:
        logger.exception("failed")
    written = log.getvalue()
    assert "[EMAIL]" in written
    assert "[SECRET]" in written
    assert "joe@" not in written
    assert "sk-abc" not in written
    assert "ValueError" in written


def test_control_characters_forge_no_lines_and_a_broken_message_is_still_written(log: io.StringIO) -> None:
    logger = logging.getLogger("phasegate.test_redaction")
    logger.warning("a\x1b[2Jb\r")
    logger.warning("%d of %s", "x")
    assert log.getvalue().splitlines() == ["a\\x1b[2Jb\\r", "%d of %s"]


def test_installing_twice_wraps_once(log: io.StringIO) -> None:
    before = logging.getLogRecordFactory()
    install_redaction()
    assert logging.getLogRecordFactory() is before
