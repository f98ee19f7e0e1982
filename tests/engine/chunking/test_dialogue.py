from __future__ import annotations

import pytest

from tests.engine.chunking.documents import texts_of

FILLER = "The house was quiet, and nobody came to the door that day. " * 4


def pieces(text: str, size: int = 300) -> list[str]:
    return texts_of(text, chunker="dialogue", chunk_size=size, chunk_overlap=0)


def holds_together(text: str, *parts: str, size: int = 300) -> bool:
    return any(all(part in piece for part in parts) for piece in pieces(text, size))


def test_a_question_stays_with_its_answer() -> None:
    question, answer = (
        "“Where did you put the red ledger, Anna?” he asked.",
        "“In the drawer, under the maps,” she said.",
    )
    text = f"{FILLER}\n\n{question}\n\n{answer}\n\n{FILLER}"
    assert FILLER[:200] in pieces(text)[0] and not holds_together(text, FILLER[-40:].strip(), question)
    assert holds_together(text, question, answer)


@pytest.mark.parametrize(
    ("lead", "speech"),
    [
        ("He turned to the window and said:", "“It will rain before the evening, and long after it too.”"),
        ("“It will rain,”", "said the old man, and closed the shutters for the night."),
        ("“First, there is the matter of the roof, which leaks.", "“Second, nobody has paid for the coal since May.”"),
    ],
)
def test_speech_stays_with_who_says_it(lead: str, speech: str) -> None:
    assert holds_together(f"{FILLER}\n\n{lead}\n\n{speech}\n\n{FILLER}", lead, speech)


def test_the_turns_of_a_transcript_are_kept_whole() -> None:
    turns = [
        f"{who}: {'Is the number ' + str(i) + ' right?' if who == 'User' else 'It is, as of today. ' * 3}"
        for i in range(12)
        for who in ("User", "Agent")
    ]
    found = pieces("\n".join(turns), 260)
    assert all(piece.startswith("User:") and piece.count("User:") == piece.count("Agent:") for piece in found)


def test_the_turns_of_a_chat_log_in_json_are_kept_whole() -> None:
    turn = "{{'content': 'What is {0}? Please tell me.', 'role': 'user'}}, {{'content': 'It is {0}.', 'role': 'assistant'}}, "
    found = pieces("[" + "".join(turn.format(i) for i in range(20)) + "]", 200)
    assert all(piece.lstrip("[").startswith("{'content': 'What") for piece in found)


def test_dashes_mark_turns_on_lines_of_their_own() -> None:
    text = "\n".join(["— ¿Dónde está la llave de la casa?", "— En la mesa, donde siempre, dijo ella."] * 8)
    assert all(piece.startswith("— ¿Dónde") for piece in pieces(text, 160))


def test_a_turn_larger_than_a_chunk_is_cut_between_its_sentences() -> None:
    long = "“" + "This is one more sentence of a long speech. " * 20 + "”"
    found = pieces(f"{long}\n\n“No,” he said.")
    assert len(found) > 2 and all(piece.endswith("speech.") for piece in found[:-1])


def test_no_overlap_begins_within_an_exchange() -> None:
    text = "\n\n".join(["“Is it far?” she asked him again.", "“A mile, and then some,” he said."] * 12)
    found = texts_of(text, chunker="dialogue", chunk_size=200, chunk_overlap=90)
    assert all(piece.startswith("“Is it far") for piece in found)
    assert sum(map(len, found)) > len(text)
