"""Tables of sentences: what is said in them, and where a narrow screen may end a line."""

from __future__ import annotations

from itertools import pairwise

from streamlit.testing.v1 import AppTest

from pages.ui.tables import LINE

SHORT = "22 Nov 2026, 09:06"
LONG = " leading, and  two spaces; " + "Where personal data is blacked out, and what becomes of it in answers. " * 3


def _draw(texts: list[str]) -> None:
    from pages.ui.tables import draw_words

    draw_words([{"text": text} for text in texts])


def test_a_line_ends_only_where_a_column_would_get_wider_than_is_worth_it() -> None:
    app = AppTest.from_function(_draw, args=([SHORT, LONG, "", "x" * 100],)).run()
    assert not app.exception
    short, long, nothing, word = (text.replace("\\", "") for text in app.table[0].value["Text"])
    assert " " not in short and short.replace("\u00a0", " ") == SHORT
    assert long.replace("\u00a0", " ") == LONG and (nothing, word) == ("", "x" * 100)
    lines = long.split(" ")
    assert max(map(len, lines)) <= LINE
    assert all(len(line) + 1 + len(after.split("\u00a0")[0]) > LINE for line, after in pairwise(lines))
