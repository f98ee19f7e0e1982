from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ingestion.sections import detect_sections
from engine.ingestion.structure import parse_blocks

STORY = (
    "He walked down to the river before it was light. She had gone ahead, and he thought of what she told him.\n\n" * 10
)
TALK = "\n\n".join(["“Where is the key, Anna?”", "“I gave it to you,” she said, “on Monday.”"] * 16)
STEPS = (
    "Set `max_nodes` to 5 in the configuration file and restart the server. The API returns an error otherwise.\n\n"
    * 10
)
LIST = "- Run `kubectl get pods`.\n- Check the metrics.\n"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"


def kinds(text: str) -> list[str]:
    return [section.kind for section in detect_sections(text)]


def test_a_document_of_several_kinds_has_a_section_of_each() -> None:
    assert kinds(f"{STORY}\n\n{TALK}\n\n{STEPS}\n\n{LIST}\n\n{TABLE}\n\n```\ncode\n```") == [
        "narrative", "dialogue", "technical", "list", "table", "code",
    ]  # fmt: skip


def test_a_heading_belongs_to_the_section_below_it() -> None:
    text = f"{STORY}# Steps\n\n{LIST}"
    story, steps = detect_sections(text)
    assert (story.kind, steps.kind) == ("narrative", "list") and text[steps.start :].startswith("# Steps")


def test_a_transcript_is_one_section_whatever_is_said_in_it() -> None:
    turns = "\n".join(f"User: What about pod {i}?\nAgent: {STEPS[:300]}" for i in range(20))
    assert kinds(turns) == ["dialogue"]


def test_marks_make_structure_sure_and_mere_looks_do_not() -> None:
    (fenced,), (looks,) = detect_sections("```\nx = 1\n```"), detect_sections("function f(x) {\n  return x;\n}")
    assert (fenced.kind, looks.kind) == ("code", "code") and fenced.confidence == 1.0 > looks.confidence


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_blank_text_has_no_sections(text: str) -> None:
    assert detect_sections(text) == []


_PIECES = st.sampled_from(
    [
        STORY[:300],
        TALK[:200],
        STEPS[:200],
        LIST,
        TABLE,
        "# A\n\n",
        "* * *\n\n",
        "\n\n",
        "```\nx\n```\n",
        "x" * 5000,
        "a\n",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join))
def test_sections_are_in_order_disjoint_and_hold_every_block(text: str) -> None:
    found = detect_sections(text)
    assert all(s.start < s.end and 0 <= s.confidence <= 1 for s in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(
        any(s.start <= b.start and b.end <= s.end for s in found) for b in parse_blocks(text) if b.kind != "paragraph"
    )
    covered = sum(s.end - s.start for s in found)
    assert covered >= len("".join(text.split()))
