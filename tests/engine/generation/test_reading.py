"""Replies as they come and as they are read, and passages under a model's budget."""

from __future__ import annotations

import asyncio

import pytest

from engine.generation.budget import ANSWER_TOKENS, TOKEN_MARGIN, Fitter, fit_parts
from engine.generation.model import AT_ITS_LIMIT, WITHIN_A_SENTENCE, number_sentences, read_reply
from engine.generation.streamed import StreamedText
from engine.types import ContextPart


def part(text: str) -> ContextPart:
    return ContextPart(document="a.txt", chunk_index=0, start=100, end=100 + len(text), text=text, score=1.0)


def count(texts: list[str]) -> list[int]:
    return [len(text.split()) for text in texts]


PARTS = [part("One two three."), part("Four five six.")]


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("It is so [1]. It is also so [1][2].", "It is so. It is also so."),
        ("It is so. [1] And more [2]", "It is so. And more"),
        ("NOT IN THE DOCUMENTS", ""),
        ("not in the documents.", ""),
        ("Nothing of it is true [2].", "Nothing of it is true."),
        ("An array[i] stays [what] it is.", "An array[i] stays [what] it is."),
        ("Line one [1].\n\n- Line two [2]", "Line one.\n\n- Line two"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_stream_shows_the_text_without_numbers_however_it_is_cut(reply: str, shown: str, size: int) -> None:
    stream = StreamedText()
    pieces = [stream.feed(reply[i : i + size]) for i in range(0, len(reply), size)]
    assert ("".join(pieces) + stream.finish()).split() == shown.split()


def test_numbers_become_citations_in_the_order_of_their_use() -> None:
    read = read_reply("Second [2]. First [1]. Both [2][1].", PARTS)
    assert [s.citations for s in read.answer.sentences] == [(0,), (1,), (0, 1)]
    assert read.passages == ((1,), (0,), (1, 0))
    assert number_sentences(read) == "Second. [2] First. [1] Both. [2] [1]"


def test_invented_numbers_are_dropped_and_counted() -> None:
    read = read_reply("It is so [7]. And so [0] [1].", PARTS)
    assert (read.invented, read.uncited) == (2, 1)


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        ("This sentence has more than eight words and ends in the mid", WITHIN_A_SENTENCE),
        ("This sentence has more than eight words and its source at the end [1]", ""),
        ("42 days", ""),
        ("A list follows here.\n- one of many points without any full stop at its end", ""),
    ],
)
def test_a_reply_that_breaks_off_is_seen(reply: str, cut: str) -> None:
    assert read_reply(reply, PARTS).cut == cut


def test_what_the_provider_says_of_the_end_counts_more_than_how_it_looks() -> None:
    assert read_reply("Two boxes may be returned [1].", PARTS, truncated=True).cut == AT_ITS_LIMIT


def test_an_empty_reply_is_no_answer() -> None:
    assert read_reply("[1]", PARTS).abstained


def window_for(tokens: int) -> int:
    return ANSWER_TOKENS + int(tokens * TOKEN_MARGIN) + 1


def test_passages_that_fit_stay_as_they_are() -> None:
    assert fit_parts(PARTS, window_for(100), 10, count).parts == tuple(PARTS)
    unknown = Fitter(["a template"], count, lambda: None)
    assert asyncio.run(unknown.fit("a question", [], PARTS)).parts == tuple(PARTS), "nobody knows the window"


def test_the_last_passages_are_left_out_and_it_is_said() -> None:
    fitted = fit_parts(PARTS, window_for(16), 10, count)
    assert fitted.parts == (PARTS[0],) and "1 of 2 passages" in fitted.cut


def test_the_best_passage_is_cut_rather_than_none_given() -> None:
    long = part(" ".join(["word"] * 200))
    fitted = fit_parts([long, *PARTS], window_for(60), 10, count)
    (kept,) = fitted.parts
    assert long.text.startswith(kept.text) and kept.end - kept.start == len(kept.text) < len(long.text)
    assert sum(count([kept.text])) <= 50 and "was cut" in fitted.cut


def test_without_room_for_a_sentence_nothing_is_given() -> None:
    assert fit_parts(PARTS, 600, 1_000, count).parts == ()
