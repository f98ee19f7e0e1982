"""How much of its corpus a suite's cases touch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.ingestion.structure import parse_blocks
from engine.suite_building.candidates import clean
from engine.types import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCoverage:
    """A document, or a table file with all its rows.

    Attributes:
        cases: cases with a gold span in it.
        characters, covered: length, and how much of it lies in gold spans; a span without an end covers its document.
        headings, untouched: its headings, and those under which no gold span lies.
        rows, rows_touched: of a table file; 0 for others.
    """

    document: str
    title: str
    cases: int
    characters: int
    covered: int
    headings: int
    untouched: tuple[str, ...]
    rows: int = 0
    rows_touched: int = 0

    @property
    def share(self) -> float:
        """Of the characters in gold spans."""
        return self.covered / self.characters if self.characters else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A corpus as the cases see it. ``documents`` are in the corpus' order, rows joined to their file."""

    documents: tuple[DocumentCoverage, ...]
    cases: int
    without_span: int

    @property
    def touched(self) -> int:
        """Documents with at least one case."""
        return sum(document.cases > 0 for document in self.documents)

    @property
    def share(self) -> float:
        """Of the corpus' characters in gold spans."""
        characters = sum(document.characters for document in self.documents)
        return sum(document.covered for document in self.documents) / characters if characters else 0.0

    @property
    def headings(self) -> tuple[int, int]:
        """Headings with a gold span under them, of all."""
        total = sum(document.headings for document in self.documents)
        return total - sum(len(document.untouched) for document in self.documents), total

    @property
    def untouched(self) -> tuple[DocumentCoverage, ...]:
        """Documents without a case, those with most headings and text first."""
        left = [document for document in self.documents if not document.cases]
        return tuple(sorted(left, key=lambda d: (-d.headings, -d.characters, d.document)))

    def as_json(self) -> dict[str, Any]:
        """The figures and the documents that no case touches."""
        under, headings = self.headings
        return {
            "documents": len(self.documents),
            "touched": self.touched,
            "character_share": round(self.share, 4),
            "headings": headings,
            "headings_touched": under,
            "cases": self.cases,
            "cases_without_span": self.without_span,
            "untouched": [document.document for document in self.untouched],
        }


def measure_coverage(cases: Iterable[Mapping[str, Any]], documents: Sequence[Document]) -> Coverage:
    """Hold the gold spans of cases (as in ``cases.jsonl``) against a corpus."""
    spans: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    holders: dict[str, set[str]] = defaultdict(set)
    number = without = 0
    for case in cases:
        number += 1
        found = list(_spans_of(case))
        without += not found
        for span in found:
            spans[span["document"]].append((span.get("start") or 0, span.get("end")))
            holders[span["document"]].add(case["id"])
    files: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        files[document.id.rpartition("#")[0] if document.content_type == "row" else document.id].append(document)
    measured = [_measure_file(name, parts, spans, holders) for name, parts in files.items()]
    return Coverage(documents=tuple(measured), cases=number, without_span=without)


def count_touched(cases: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many gold spans each document has."""
    return Counter(span["document"] for case in cases for span in _spans_of(case))


def _measure_file(
    name: str,
    parts: Sequence[Document],
    spans: Mapping[str, Sequence[tuple[int, int | None]]],
    holders: Mapping[str, set[str]],
) -> DocumentCoverage:
    covered = headings = 0
    untouched: list[str] = []
    for part in parts:
        gold = [
            (start, len(part.text) if end is None else min(end, len(part.text)))
            for start, end in spans.get(part.id, ())
        ]
        covered += _length(gold)
        if part.content_type != "row":
            sections = _sections(part.text)
            headings += len(sections)
            untouched += [title for title, start, end in sections if not any(a < end and start < b for a, b in gold)]
    rows = len(parts) if parts[0].content_type == "row" else 0
    return DocumentCoverage(
        document=name,
        title=parts[0].title,
        cases=len({case for part in parts for case in holders.get(part.id, ())}),
        characters=sum(len(part.text) for part in parts),
        covered=covered,
        headings=headings,
        untouched=tuple(untouched),
        rows=rows,
        rows_touched=sum(part.id in holders for part in parts) if rows else 0,
    )


def _sections(text: str) -> list[tuple[str, int, int]]:
    """Headings with the text up to the next one; one with nothing under it is left out."""
    blocks = parse_blocks(text)
    heads = [(i, block) for i, block in enumerate(blocks) if block.kind == "heading"]
    found = []
    for n, (i, head) in enumerate(heads):
        end = heads[n + 1][1].start if n + 1 < len(heads) else len(text)
        if i + 1 < len(blocks) and blocks[i + 1].kind != "heading":
            found.append((clean(head.title), head.start, end))
    return found


def _length(spans: Iterable[tuple[int, int]]) -> int:
    """Characters in the union of spans."""
    total, last = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, last))
        last = max(last, end)
    return total


def _spans_of(case: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    turns = case.get("turns", []) if case.get("kind") == "conversation" else [case]
    for turn in turns:
        for span in turn.get("relevant") or []:
            if isinstance(span, dict) and isinstance(span.get("document"), str):
                yield span
