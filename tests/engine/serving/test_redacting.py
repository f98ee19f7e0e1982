"""Answers lose personal data whole and in pieces alike."""

from __future__ import annotations

import pytest

from engine.guard.pii import redact
from engine.serving.redacting import LONGEST_LOGGED, RedactingStream, redact_logged

TEXTS = [
    "Please ask Mr. Pálffy about it. His phone is. 0494 92 82 32 now. Done.",
    "It is at 12 Main St. Springfield, IL 62704. Write to a.b@x.org! And go.\nA line\n\nnext one",
    "The card 4111 1111 1111 1111 was charged. The order has 42 items.",
    "word " * 1000,
    "x" * 5000,
]


@pytest.mark.parametrize("length", [1, 3, 7, 1000])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_pieces_add_up_to_the_whole_text_redacted(text: str, length: int) -> None:
    stream = RedactingStream()
    pieces = [stream.feed(text[at : at + length]) for at in range(0, len(text), length)]
    assert "".join((*pieces, stream.finish())) == redact(text)


def test_whole_sentences_do_not_wait_for_the_end() -> None:
    stream = RedactingStream()
    assert stream.feed("A refund takes five days. Write to ann") == "A refund takes five days. "
    assert stream.feed(".lee@example.org. Then wait.") == "Write to [EMAIL]. "


def test_list_of_requests_is_a_log() -> None:
    assert redact_logged("I am joe@example.org") == "I am [EMAIL]"
    assert redact_logged("a " * LONGEST_LOGGED).endswith("2,000 characters left out")
