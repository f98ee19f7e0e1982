"""Pairs of questions that ask the same, or nearly: what the semantic tier is calibrated and measured on.

Made from labelled sets (folders with ``queries.jsonl``). *Near misses*: a question with the one nearest to it, by its vector, whose
answer is another; and a question with the smallest edit of it that changes what is asked. *Paraphrases*: two questions of
one passage with the same gold answer whose vectors are alike, a conversation's question beside what a person made
of it, and edits that change nothing. Every pair belongs to a document, by which the sets are split.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.context.words import find_names, find_stems
from engine.errors import InputError
from engine.json_lines import read_rows
from engine.serving.question_edits import NEAR_MISSES, PARAPHRASES, replace_name

SALT = "phasegate"
# Two questions with the same answer are taken for paraphrases from this cosine: below, they ask for the same thing by
# another of its sides (``Who applies European Union law?``, ``Which courts are named in the treaty?``).
PARAPHRASE_COSINE = 0.85
NEIGHBOURS = 8
Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPair:
    """``same``: an answer to one answers the other. ``kind`` says how the pair came about, ``source`` from which set."""

    a: str
    b: str
    same: bool
    kind: str
    source: str
    document: str

    @property
    def held_out(self) -> bool:
        """Whether its document belongs to the half that is reported on."""
        return zlib.crc32(f"{SALT}{self.document}".encode()) % 2 == 1


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of a set; ``answers`` in small letters without articles, empty when the documents hold none."""

    question: str
    answers: frozenset[str]
    passage: str
    document: str


def find_sets(data: Path) -> list[Path]:
    """The folders with questions: ``data`` itself, or those in it.

    Raises:
        InputError: there is none.
    """
    folders = [data] if (data / "queries.jsonl").is_file() else sorted(p.parent for p in data.glob("*/queries.jsonl"))
    if not folders:
        raise InputError(f"{data}: no queries.jsonl in it or in its folders.", "Give the folder of labelled sets.")
    return folders


def build_pairs(folders: Sequence[Path], embed: Embed) -> list[QuestionPair]:
    """All pairs of all sets, each once, in a fixed order; pairs of the same text are none."""
    pairs: dict[tuple[str, str], QuestionPair] = {}
    for folder in folders:
        rows = list(read_rows(folder / "queries.jsonl"))
        for pair in (*_pair_rewrites(rows, folder.name), *_pair_questions(_read_questions(rows), folder.name, embed)):
            if _plain(pair.a) != _plain(pair.b) or pair.kind in PARAPHRASES:
                first, second = sorted((pair.a, pair.b))
                pairs.setdefault((first, second), pair)
    return list(pairs.values())


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _normalise(answer: str) -> str:
    words = re.findall(r"\w+", answer.lower())
    return " ".join(word for word in words if word not in ("a", "an", "the", "in", "of", "at", "on", "by", "to"))


def _read_questions(rows: Sequence[dict[str, Any]]) -> list[_Asked]:
    """Questions that stand by themselves; of a conversation, what a person made of each turn."""
    asked = []
    for row in rows:
        question = row.get("rewrite") if "conversation_id" in row else row["question"]
        relevant = row.get("relevant") or [{}]
        passage = str(row.get("source_doc") or relevant[0].get("doc_id") or row.get("id"))
        document = str(row.get("conversation_id") or passage.split("#")[0])
        answers = row.get("answers", []) if row.get("answerable", True) else []
        if question and len(question) <= 400:
            asked.append(_Asked(question, frozenset(filter(None, map(_normalise, answers))), passage, document))
    return asked


def _pair_rewrites(rows: Sequence[dict[str, Any]], source: str) -> Iterator[QuestionPair]:
    """Turns of conversations beside their rewrites, where the rewrite adds no telling word that the turn lacks."""
    for row in rows:
        question, rewrite = row["question"], row.get("rewrite")
        if rewrite and question != rewrite and find_stems(rewrite) <= find_stems(question):
            yield QuestionPair(
                a=question, b=rewrite, same=True, kind="rewrite", source=source, document=row["conversation_id"]
            )


def _pair_questions(asked: Sequence[_Asked], source: str, embed: Embed) -> Iterator[QuestionPair]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(asked):
        groups[one.document].append(i)
    # Sets of short documents have one question each: their neighbours are those of the whole set, split in halves.
    if len(groups) > len(asked) / 3:
        groups = defaultdict(list)
        for i, one in enumerate(asked):
            groups[f"half {zlib.crc32((SALT + one.document).encode()) % 2}"].append(i)
    vectors = embed([one.question for one in asked])
    for rows in groups.values():
        yield from _pair_neighbours([asked[i] for i in rows], vectors[rows], source)
    names: dict[str, set[str]] = defaultdict(set)
    for one in asked:
        names[one.document].update(find_names(one.question))
    for one in asked:
        yield from _pair_edits(one, sorted(names[one.document]), source)


def _pair_neighbours(asked: Sequence[_Asked], vectors: np.ndarray, source: str) -> Iterator[QuestionPair]:
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    for i, one in enumerate(asked):
        missed = False
        for j in np.argsort(-cosines[i])[:NEIGHBOURS]:
            other = asked[j]
            alike = _share_answer(one, other)
            if (
                alike
                and one.passage == other.passage
                and cosines[i, j] >= PARAPHRASE_COSINE
                and one.answers & other.answers
            ):
                kind, same = "same answer", True
            elif not alike and not missed and (one.answers or other.answers):
                kind, same, missed = "nearest other answer", False, True
            else:
                continue
            yield QuestionPair(
                a=one.question, b=other.question, same=same, kind=kind, source=source, document=one.document
            )


def _share_answer(one: _Asked, other: _Asked) -> bool:
    return bool(one.answers & other.answers) or any(a in b or b in a for a in one.answers for b in other.answers)


def _pair_edits(one: _Asked, names: Sequence[str], source: str) -> Iterator[QuestionPair]:
    """Every edit that applies to a question, one in four of each kind, so that no set and kind outweighs the others."""
    text = one.question
    made = [(kind, edit(text), True) for kind, edit in PARAPHRASES.items()]
    made += [(kind, edit(text), False) for kind, edit in NEAR_MISSES.items()]
    made.append(("name", replace_name(text, names), False))
    for kind, edited, same in made:
        if edited and edited != text and zlib.crc32(f"{kind}{text}".encode()) % 4 == 0:
            yield QuestionPair(a=text, b=edited, same=same, kind=kind, source=source, document=one.document)
