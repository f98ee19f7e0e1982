from __future__ import annotations

import itertools

import pytest

from engine.ingestion.speech import find_speech, find_turns, measure_unmarked_speech


def said(text: str) -> list[str]:
    return [text[a:b] for a, b in find_speech(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Go,” she said. “Now.”", ["“Go,”", "“Now.”"]),
        ('He asked, "Why is that so?" and left.', ['"Why is that so?"']),
        ("‘Oh dear! I shall be late!’ it said.", ["‘Oh dear! I shall be late!’"]),
        ("'I don't know,' said Tom. The dogs' dinner was cold.", ["'I don't know,'"]),
        ("« Où est-il ? » dit-elle.", ["« Où est-il ? »"]),
        ("„Wo ist er?“, fragte sie.", ["„Wo ist er?“"]),
        ("彼は「行こう。」と言った。", ["「行こう。」"]),
        ("`` Where is it ? '' he said .", ["`` Where is it ? ''"]),
        ('" Where is it ? " he said . " There . "', ['" Where is it ? "', '" There . "']),
    ],
)
def test_speech_is_found_whatever_marks_it(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'The so-called "Nameless" unit fought on.',
        "It's the boys' ball, and 'twas theirs since the '90s.",
        'A pipe of 3" and a board of 5" were used.',
        "Gandhi 's advice was the people 's will , and that was that .",
        'Set `"mode"` to fast.',
    ],
)
def test_words_quoted_as_words_and_apostrophes_are_no_speech(text: str) -> None:
    assert said(text) == []


def test_speech_of_several_paragraphs_is_closed_by_each_paragraphs_end() -> None:
    text = "“First of all, listen.\n\n“Then go home.”\n\nHe went."
    assert said(text) == ["“First of all, listen.", "“Then go home.”"]


def test_a_mark_left_open_does_not_reach_the_next_paragraph() -> None:
    assert said('"I will not.\n\nShe left.\n\n"Good," he said.') == ['"I will not.', '"Good,"']


def test_turns_behind_dashes_end_with_their_attribution() -> None:
    found = said("—Come up, Kinch! he cried.\n\nHe came up.\n\n—Yes, my love? said Buck. What?\n")
    assert (
        found[0].startswith("—Come up") and found[1].startswith("—Yes, my love?") and "said Buck" not in "".join(found)
    )


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("User: What is it?\nAgent: It is so.\nAnd more.\nUser: Why?", ["user", "agent", "user"]),
        ("**ANNA:** Come in.\n**BEN (aside):** Must I?\n**ANNA:** Yes.", ["anna", "ben", "anna"]),
        ("[10:02] Tom: hi\n[10:03] Sue Ray: hello\n[10:03] Tom: bye", ["tom", "sue ray", "tom"]),
        ("[{'content': 'a', 'role': 'user'}, {'content': 'b', 'role': 'assistant'}]", ["user", "assistant"]),
    ],
)
def test_the_turns_of_transcripts_scripts_and_logs(text: str, speakers: list[str]) -> None:
    turns = find_turns(text)
    assert [turn.speaker for turn in turns] == speakers
    assert all(a.end == b.start for a, b in itertools.pairwise(turns)) and turns[-1].end == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is old.\nWarning: do not use.\nNote: see below.",
        "Cause: the disk is full.\nFix: delete the logs.\nImpact: writes fail.",
        "INFO: started\nINFO: ready\nINFO: done",
        "He had one aim: money.\nShe had another: peace.",
    ],
)
def test_labels_that_are_no_speakers_make_no_transcript(text: str) -> None:
    assert find_turns(text) == []


def test_talk_without_marks_is_told_from_narration() -> None:
    talk = "Where were you?\n\nAt work, you know that.\n\nUntil ten?\n\nYes, until ten. Don't look at me so.\n\nI don't believe you!"
    assert measure_unmarked_speech(talk) > 0.9
    assert measure_unmarked_speech("The river was high.\n\nThe ferry stood still.\n\nIt rained.\n\nNobody came.") == 0.0
