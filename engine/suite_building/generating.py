"""Proposes cases from a corpus without a model: what its documents define, count, date, list and tabulate.

A proposal is kept when its answer stands in its gold span, in no other document, and not in its question. What remains is chosen
for use and for spread: every document gets its turn, the ones that no case touches first.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.ingestion.sentences import split_sentences
from engine.ingestion.structure import parse_blocks
from engine.suite_building.candidates import Candidate, Place, clean, name_place
from engine.suite_building.phrasing import phrase_sentence
from engine.suite_building.structures import ask_structures
from engine.suite_building.swaps import swap_subjects
from engine.suite_building.tables import ask_row
from engine.suite_building.words import CorpusWords
from engine.types import Document

UNANSWERABLE_SHARE = 0.15
LIKE = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Candidates in the order of their worth, and how many were dropped for which reason."""

    candidates: tuple[Candidate, ...]
    considered: int
    dropped: Mapping[str, int]


def generate_candidates(
    documents: Sequence[Document],
    count: int,
    *,
    questions: Iterable[str] = (),
    touched: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Generated:
    """The best ``count`` candidates of a corpus.

    Args:
        questions: what is asked already; a candidate that is nearly one of them is dropped.
        touched: how many cases each document has.
    """
    words = CorpusWords(documents)
    raw = [candidate for document in documents for candidate in ask_document(document, words)]
    raw += _ask_rows(documents)
    dropped: Counter[str] = Counter()
    good: list[Candidate] = []
    for candidate in raw:
        checked, reason = check_candidate(candidate, words)
        if checked is None:
            dropped[reason] += 1
        else:
            good.append(checked)
    swapped = list(swap_subjects(good, words, random.Random(seed)))
    unanswerable = min(len(swapped), round(count * UNANSWERABLE_SHARE)) if count >= 4 else 0
    asked = [_fold(question) for question in questions]
    chosen = _choose(good, count - unanswerable, asked, dict(touched or {}), dropped)
    chosen += _choose(swapped, unanswerable, [*asked, *(_fold(c.question) for c in chosen)], {}, dropped)
    return Generated(candidates=tuple(chosen), considered=len(raw), dropped=dict(dropped))


def ask_document(document: Document, words: CorpusWords) -> Iterator[Candidate]:
    """Every candidate of one document; the rows of a table file are asked together, elsewhere."""
    if document.content_type == "row":
        return
    place = Place(document=document.id, title=document.title)
    yield from ask_structures(document.text, place)
    skipped = [(b.start, b.end) for b in parse_blocks(document.text) if b.kind in ("table", "code", "heading")]
    for start, end in split_sentences(document.text):
        if any(a <= start < b for a, b in skipped):
            continue
        raw = document.text[start:end]
        bullet = re.match(r"(?:[-*+•] |\d{1,2}[.)] |> )+", raw)
        start += bullet.end() if bullet else 0
        sentence = clean(document.text[start:end])
        for phrased in phrase_sentence(sentence, words.people):
            yield Candidate(
                question=words.place_question(phrased.question, phrased.subject, document),
                answer=phrased.answer, document=document.id, start=start, end=end, origin=phrased.origin, useful=phrased.useful,
                subject=phrased.subject, shape=phrased.question.split(" ")[0],
            )  # fmt: skip


def check_candidate(candidate: Candidate, words: CorpusWords) -> tuple[Candidate | None, str]:
    """The candidate, or None and the reason why a person would not want it."""
    question, answer = candidate.question, candidate.answer.strip(" .,;:")
    if not 12 <= len(question) <= 190:
        return None, "question too short or too long"
    if not answer or answer not in clean(words.texts[candidate.document][candidate.start : candidate.end]):
        return None, "answer not in its span"
    if _fold(answer) in _fold(question) or (set(_fold(answer).split()) <= set(_fold(question).split())):
        return None, "answer in the question"
    if len(answer) < 2 or len(answer.split()) > 18:
        return None, "answer too short or too long"
    holders = words.holders_of(answer)
    if len(holders - {candidate.document}) > 0:
        return None, "answer in several documents"
    if question.count("“") != question.count("”") or re.search(r"\(\w*$|\b(\w+) \1\b|[|#]", question):
        return None, "question reads badly"
    return replace(candidate, answer=answer), ""


def as_case(candidate: Candidate, case_id: str) -> dict[str, Any]:
    """A candidate as a line of ``cases.jsonl``."""
    case: dict[str, Any] = {
        "id": case_id,
        "kind": "qa",
        "question": candidate.question,
        "tags": ["generated", candidate.origin],
    }
    if candidate.origin == "swap":
        return case | {"unanswerable": True, "tags": ["generated", "unanswerable"]}
    span = {"document": candidate.document, "start": candidate.start, "end": candidate.end}
    return case | {"answers": [candidate.answer], "relevant": [span]}


def _ask_rows(documents: Sequence[Document]) -> Iterator[Candidate]:
    """The rows of table files; the column that names a row is the first one whose values are words and all different."""
    files: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if document.content_type == "row":
            files[document.id.rpartition("#")[0]].append(document)
    for rows in files.values():
        columns: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            for column, value in re.findall(r"(?:^|; )([^:;]{1,40}): (.*?)(?=; [^:;]{1,40}: |$)", row.text):
                columns[column].append(value)
        named = [c for c, values in columns.items() if len(values) == len(rows) == len(set(values))]
        worded = [
            c for c in named if sum(" " in v for v in columns[c]) > len(rows) / 2 and max(map(len, columns[c])) <= 80
        ]
        key = next(iter([*worded, *named]), "")
        for row in rows:
            yield from ask_row(row.text, Place(document=row.id, title=row.title), key)


def _choose(
    candidates: Sequence[Candidate], count: int, asked: list[str], touched: dict[str, int], dropped: Counter[str]
) -> list[Candidate]:
    """The most useful one of the file that has had the fewest turns, again and again."""
    from rapidfuzz import fuzz, process

    waiting: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda c: (-c.useful, c.document, c.start)):
        waiting[candidate.document.partition("#")[0]].append(candidate)
    turns = Counter({name.partition("#")[0]: 0 for name in waiting})
    for name, number in touched.items():
        turns[name.partition("#")[0]] += number
    origins: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    chosen: list[Candidate] = []
    while len(chosen) < count and any(waiting.values()):
        name = min((n for n, left in waiting.items() if left), key=lambda n: (turns[n], -waiting[n][0].useful, n))
        left = waiting[name]
        best = max(
            left[:200],
            key=lambda c: (
                c.useful - 0.02 * origins[c.origin] - 0.08 * shapes[c.shape] - 0.4 * _overlaps(c, spans[c.document])
            ),
        )
        left.remove(best)
        question = _fold(best.question)
        figures = re.findall(r"\w*\d\w*", question)
        rivals = [other for other in asked if re.findall(r"\w*\d\w*", other) == figures]
        if rivals and process.extractOne(question, rivals, scorer=fuzz.token_sort_ratio, score_cutoff=LIKE):
            dropped["like another question"] += 1
            continue
        asked.append(question)
        turns[name] += 1
        origins[best.origin] += 1
        shapes[best.shape] += bool(best.shape)
        spans[best.document].append((best.start, best.end))
        chosen.append(best)
    return chosen


def _overlaps(candidate: Candidate, taken: Sequence[tuple[int, int]]) -> bool:
    return any(start < candidate.end and candidate.start < end for start, end in taken)


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


__all__ = ["Generated", "as_case", "ask_document", "check_candidate", "generate_candidates", "name_place"]
