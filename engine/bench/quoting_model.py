"""What a scripted model says when it should pass quality control: the sentence of the passages that is nearest to the question."""

from __future__ import annotations

import re
from typing import Any

from engine.context.words import find_stems
from engine.ingestion.sentences import split_sentences

_PASSAGE = re.compile(r"\[(\d+)\] \([^)]*\)\n(.+?)(?=\n\n|\Z)", re.DOTALL)
_QUESTION = re.compile(r"Question: (.+)", re.DOTALL)
FEWEST_WORDS = 4


def quote_sentence(body: dict[str, Any]) -> str:
    """The reply to a prompt of ours: that sentence, with the number of its passage."""
    asked = str(body["messages"][-1]["content"])
    found = _QUESTION.search(asked)
    wanted = find_stems(found[1]) if found else frozenset()
    best, reply = 0, "NOT IN THE DOCUMENTS"
    for number, passage in _PASSAGE.findall(asked):
        for start, end in split_sentences(passage):
            sentence = " ".join(passage[start:end].split())
            shared = len(wanted & find_stems(sentence))
            if shared > best and len(sentence.split()) >= FEWEST_WORDS and "|" not in sentence:
                best, reply = shared, f"{sentence} [{number}]"
    return reply
