from __future__ import annotations

import pytest

from engine.guard.inert import write_cell
from engine.reports.csv_text import write_lines
from engine.reports.markdown_text import escape_text, write_code


@pytest.mark.parametrize("text", ["@octocat", "hello @my-org/team", "closes #12", "GH-7", "https://x.org", "www.x.org"])
def test_nothing_is_mentioned_referred_to_or_linked(text: str) -> None:
    shown = escape_text(text)
    assert shown.replace("\\", "").replace("\u2060", "") == text
    assert "\u2060" in shown


def test_mark_up_and_line_breaks_stay_text() -> None:
    assert escape_text("a | b\n<b>*x*</b> $1$") == "a \\| b \\<b\\>\\*x\\*\\</b\\> \\$1\\$"
    assert write_code("a`b|c") == "`a'b\\|c`"


def test_a_mail_address_is_no_mention() -> None:
    assert escape_text("mail ann@example.org") == "mail ann@example.org"


@pytest.mark.parametrize("text", ["=1", "+1", "-x", "@x", "\tx", "\rx", "\nx"])
def test_a_formula_is_quoted_and_a_number_is_not(text: str) -> None:
    assert write_cell(text) == f"'{text}"
    assert (write_cell(-1.5), write_cell(None), write_cell(3)) == ("-1.5", "", "3")


def test_long_files_come_in_parts() -> None:
    parts = list(write_lines(("a",), ([i] for i in range(1200))))
    assert len(parts) == 3
    assert b"".join(parts).count(b"\r\n") == 1201
