"""No log of this process holds personal data or secrets."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import cli
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


def test_arguments_stay_where_a_formatter_reads_them(log: io.StringIO) -> None:
    seen: list[logging.LogRecord] = []
    logger = logging.getLogger("phasegate.test_redaction")
    logger.handlers[0].addFilter(lambda record: bool(seen.append(record)) or True)
    logger.warning("%s asked %d times", "nobody", 3)
    logger.warning("%s asked %d times", "joe@example.org", 3)
    logger.warning("%(who)s asked", {"who": "joe@example.org"})
    assert [record.args for record in seen] == [("nobody", 3), ("[EMAIL]", 3), None]
    assert log.getvalue().splitlines() == ["nobody asked 3 times", "[EMAIL] asked 3 times", "[EMAIL] asked"]


@pytest.fixture
def untouched() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)


def write_log() -> str:
    stream = io.StringIO()
    logger, handler = logging.getLogger("some.library"), logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.error("cannot reach joe@example.org")
    logger.removeHandler(handler)
    return stream.getvalue().strip()


def test_command_line_redacts_the_logs_of_its_process_and_the_trace_of_a_fault(
    untouched: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("joe@example.org divided by 0")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 4
    written = capsys.readouterr().err
    assert "ZeroDivisionError: [EMAIL] divided by 0" in written and "joe@" not in written
    assert write_log() == "cannot reach [EMAIL]"


def test_app_redacts_the_logs_of_its_process(untouched: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.api.lifespan import keep_watch

    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))

    async def serve() -> str:
        async with keep_watch(None):
            return write_log()

    assert asyncio.run(serve()) == "cannot reach [EMAIL]"
