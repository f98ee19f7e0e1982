from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ingestion.structure import parse_blocks


def blocks(text: str) -> list[tuple[str, str]]:
    return [(b.kind, text[b.start : b.end]) for b in parse_blocks(text)]


def kinds(text: str) -> list[str]:
    return [kind for kind, _ in blocks(text)]


@pytest.mark.parametrize(
    ("text", "level", "title"),
    [
        ("## Refunds ##", 2, "Refunds"),
        (" = = Early life = = ", 2, "Early life"),
        ("=== Works ===", 3, "Works"),
        ("Title\n=====", 1, "Title"),
        ("Part\n---", 2, "Part"),
        ("CHAPTER XIV", 1, "CHAPTER XIV"),
        ("Chapter One. In which it rains", 1, "Chapter One. In which it rains"),
    ],
)
def test_a_heading_has_its_level_and_title(text: str, level: int, title: str) -> None:
    (block,) = parse_blocks(text)
    assert (block.kind, block.level, block.title) == ("heading", level, title)


@pytest.mark.parametrize("text", ["#", "# ", "Part of the money was gone before it came.", "= 3", "Mr. C", "a = b"])
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert kinds(text) != ["heading"]


@pytest.mark.parametrize("mark", ["* * *", "***", "---", "- - -", "___", "~~~ ~~~", "⁂", "• • •", "— — —", ". . ."])
def test_a_line_of_marks_breaks_the_scene(mark: str) -> None:
    assert kinds(f"She left.\n\n{mark}\n\nHe stayed.")[:2] == ["paragraph", "scene" if mark[0] != "~" else "code"]


def test_a_list_holds_its_nested_items_and_what_is_indented_below_them() -> None:
    text = "Do this:\n\n- one\n  goes on\n\n- two\n  1. two and a half\n\n  more of two\n\nDone."
    assert kinds(text) == ["paragraph", "list", "paragraph"]
    assert [text[p : p + 5] for p in parse_blocks(text)[1].parts] == ["- one", "- two", "1. tw"]


def test_a_sentence_that_begins_with_a_single_letter_is_no_item() -> None:
    assert kinds("It was plan\na. the one he had liked best.") == ["paragraph"]
    assert kinds("— Hola, dijo.\n— Adiós, dijo ella.") == ["paragraph"]


def test_tables_are_told_by_pipes_rules_and_tabs() -> None:
    assert kinds("| a | b |\n|---|---|\n| 1 | 2 |\n\nText.") == ["table", "paragraph"]
    assert kinds("a | b\n--- | ---\n1 | 2") == ["table"]
    assert kinds("a\tb\tc\n1\t2\t3") == ["table"]
    assert kinds("One line\twith two\ttabs in it") == ["paragraph"]


def test_code_is_told_by_fences_and_by_its_look() -> None:
    text = "```python\n# not a heading\n\nx = 1\n```\nText goes on here."
    assert kinds(text) == ["code", "paragraph"]
    assert kinds("function f(x) {\n  return x;\n}") == ["code"]
    assert kinds("~~~\nnever closed\n\n# no heading") == ["code"]
    assert kinds("He said it would rain;\nit did not, and we went home.") == ["paragraph"]


def test_the_lines_of_crlf_files_are_lines() -> None:
    assert kinds("# A\r\n\r\nText.\r\n\r\n- one\r\n- two\r\n\r\n| a | b |\r\n| c | d |\r\n") == [
        "heading", "paragraph", "list", "table",
    ]  # fmt: skip


_LINES = st.sampled_from(
    ["# A", "text goes on", "", "  ", "- item", "  more", "| a | b |", "|---|---|", "```", "~~~", "* * *", "===", "---", "a\tb\tc", "1. x",
     "IV", "Chapter 2", "x = [", "}", "\u2028", "= T ="]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_LINES, max_size=30).map("\n".join))
def test_blocks_are_in_order_disjoint_and_hold_all_but_white_space(text: str) -> None:
    found = parse_blocks(text)
    assert all(b.start < b.end and text[b.start : b.end].strip() == text[b.start : b.end] for b in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(b.start <= p < b.end for b in found for p in b.parts)
    left = list(text)
    for b in found:
        left[b.start : b.end] = " " * (b.end - b.start)
    assert not "".join(left).strip()
