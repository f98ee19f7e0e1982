"""What a scripted model says when it should pass quality control: what a model said once, or a sentence of the passages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.context.words import find_stems
from engine.ingestion.sentences import split_sentences
from engine.json_lines import read_rows

_PASSAGE = re.compile(r"\[(\d+)\] \([^)]*\)\n(.+?)(?=\n\n|\Z)", re.DOTALL)
_QUESTION = re.compile(r"Question: (.+)", re.DOTALL)
FEWEST_WORDS = 4


def load_replies(data: Path | None) -> dict[str, str]:
    """Replies of models that people found supported, by their questions; none without a data set that has such.

    Raises:
        FileFormatError: a line of ``items.jsonl`` cannot be read.
    """
    if data is None or not (data / "items.jsonl").is_file():
        return {}
    rows = [row for row in read_rows(data / "items.jsonl") if row.get("response") and row.get("hallucinated") is False]
    return {row["question"]: row["response"] for row in reversed(rows) if row.get("question")}


def replay(replies: Mapping[str, str]) -> Callable[[dict[str, Any]], str]:
    """Replies by the question of the prompt; of an unknown one, a sentence of its passages."""

    def reply(body: dict[str, Any]) -> str:
        found = _QUESTION.search(str(body["messages"][-1]["content"]))
        return replies.get(found[1].strip() if found else "") or quote_sentence(body)

    return reply


def quote_sentence(body: dict[str, Any]) -> str:
    """The reply to a prompt of ours: the sentence nearest to the question, with the number of its passage."""
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
