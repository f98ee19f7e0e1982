"""The suite editor: its cases, one case with the document beside it, its corpus, its versions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.corpora import shipped_corpora
from engine.evaluation.suite_folders import find_named_folder
from engine.store import CorpusStore, Store
from engine.suite_building.checking import OpenSuite, open_suite
from engine.suite_building.coverage import Coverage, measure_coverage
from engine.suite_building.files import is_shipped
from engine.suite_building.listing import find_suite
from engine.suite_building.proposing import Proposal, list_proposals, turns_of
from engine.suite_building.texts import Problem, check_case
from engine.suite_building.versions import list_versions
from engine.views.passages import Mark, Passage, Piece, cut_passage, split_pieces
from engine.views.words import clock, percent, plural

KIND_WORDS = {"qa": "Question", "conversation": "Conversation", "content": "Content type"}
AROUND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in the list. ``trouble`` is its first problem, or the first thing that it lacks."""

    id: str
    kind: str
    question: str
    expected: str
    spans: int
    tags: tuple[str, ...]
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteEditor:
    """A suite, ready to be edited. ``reference`` is what leads to it: its name, else its folder."""

    suite: OpenSuite
    reference: str
    read_only: bool
    caption: str
    cases: Mapping[str, Mapping[str, Any]]
    rows: tuple[CaseRow, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """A gold span in words: its place, and how its text begins and ends."""

    label: str
    text: str
    missing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document in pieces under marks ``gold`` (of this turn), ``own`` (of the case's other turns) and ``other``."""

    id: str
    title: str
    pieces: tuple[Piece, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version in the list."""

    hash: str
    when: str
    who: str
    note: str
    cases: int
    changes: str
    current: bool


def load_editor(store: Store, reference: str) -> SuiteEditor:
    """A suite by name or folder.

    Raises:
        PhasegateError: no such suite, or its suite.yaml is broken.
    """
    folder = find_suite(reference)
    suite = open_suite(folder)
    cases, texts = suite.text.cases(), suite.texts
    tags = Counter(tag for case in cases.values() for tag in case.get("tags") or [] if isinstance(tag, str))
    named = find_named_folder(suite.name)
    waiting = len(list_proposals(store, folder))
    waits = f" · {plural(waiting, 'proposal')} to decide on" if waiting else ""
    return SuiteEditor(
        suite=suite,
        reference=suite.name if named == folder else str(folder),
        read_only=is_shipped(folder),
        caption=f"{suite.name} · corpus {suite.corpus} · {plural(len(cases), 'case')} · version {suite.text.hash[:12]}{waits}",
        cases=cases,
        rows=tuple(_build_row(case, texts) for case in cases.values()),
        tags=tuple(name for name, _ in tags.most_common()),
    )


def filter_rows(rows: Sequence[CaseRow], search: str, tag: str | None, trouble: bool) -> list[CaseRow]:
    """The rows that hold every word of ``search``, the tag, and something to mend when that is asked for."""
    words = search.casefold().split()
    return [
        row
        for row in rows
        if all(word in f"{row.id} {row.question} {row.expected} {' '.join(row.tags)}".casefold() for word in words)
        and (not tag or tag in row.tags)
        and (not trouble or row.trouble)
    ]


def view_document(
    editor: SuiteEditor, document: str, draft: Mapping[str, Any], turn: int, case_id: str
) -> DocumentView:
    """A document with the gold spans of a draft and of the suite's other cases."""
    found = next(d for d in editor.suite.documents if d.id == document)
    turns = turns_of(draft) or [draft]
    marks: list[Mark] = []
    for number, asked in enumerate(draft.get("turns") or turns):
        marks += _marks(asked, document, len(found.text), "gold" if number == turn else "own")
    others = [t for name, case in editor.cases.items() if name != case_id for t in turns_of(case)]
    faint = [mark for asked in others for mark in _marks(asked, document, len(found.text), "other")]
    touching = sum(any(s.get("document") == document for s in t.get("relevant") or []) for t in others)
    note = f"{len(found.text):,} characters; " + (
        f"{plural(touching, 'other question')} {'has' if touching == 1 else 'have'} a gold span here" if touching else "no other question has a gold span here"
    )  # fmt: skip
    return DocumentView(id=document, title=found.title, pieces=split_pieces(found.text, [*marks, *faint]), note=note)


def describe_span(span: Mapping[str, Any], texts: Mapping[str, str]) -> SpanRow:
    """A gold span for the form."""
    name, start, end = str(span.get("document", "")), span.get("start"), span.get("end")
    text = texts.get(name)
    if text is None:
        return SpanRow(label=name, text="This document is not in the corpus.", missing=True)
    if start is None or end is None:
        return SpanRow(label=f"{name}, the whole document", text=_shorten(" ".join(text.split())), missing=False)
    gold = " ".join(text[start:end].split())
    return SpanRow(label=f"{name}, {start}–{end}", text=_shorten(gold), missing=end > len(text))


def slice_document(texts: Mapping[str, str], document: str, start: int, end: int) -> str:
    """The text of a selection on one line, as an answer wants it."""
    return " ".join(texts.get(document, "")[start:end].split())


def suggest_document(editor: SuiteEditor, draft: Mapping[str, Any], turn: int) -> str:
    """The document to show beside a case: its first gold span's, else one that no case touches, else the first."""
    turns = draft.get("turns") or [draft]
    spans = [s for asked in [turns[min(turn, len(turns) - 1)], *turns] for s in asked.get("relevant") or []]
    known = {document.id for document in editor.suite.documents}
    named = next((s["document"] for s in spans if s.get("document") in known), "")
    if named or not editor.suite.documents:
        return named
    touched = {s.get("document") for c in editor.cases.values() for t in turns_of(c) for s in t.get("relevant") or []}
    return next((d.id for d in editor.suite.documents if d.id not in touched), editor.suite.documents[0].id)


def load_coverage(editor: SuiteEditor) -> Coverage:
    """What of its corpus the suite touches."""
    return measure_coverage(editor.cases.values(), editor.suite.documents)


def load_versions(store: Store, folder: Path, zone: str | None) -> list[VersionRow]:
    """The versions of a suite, newest first."""
    return [
        VersionRow(
            hash=v.hash,
            when=clock(v.saved_at, zone),
            who=v.saved_by,
            note=v.note,
            cases=v.cases,
            changes=v.difference.words if v.difference else "the first that was kept",
            current=v.current,
        )
        for v in list_versions(store, folder)
    ]


def load_open_proposals(store: Store, editor: SuiteEditor) -> list[Proposal]:
    """The proposals that wait."""
    return list_proposals(store, editor.suite.folder)


def view_evidence(editor: SuiteEditor, case: Mapping[str, Any]) -> Passage | None:
    """The passage that a proposal rests on, its gold span marked; None when it has none."""
    span = next(iter(case.get("relevant") or []), None)
    text = editor.suite.texts.get(span["document"]) if span else None
    if span is None or text is None:
        return None
    start, end = span.get("start") or 0, span.get("end") or len(text)
    return cut_passage(span["document"], text, [Mark(start=start, end=end, name="gold")], around=240)


def list_corpora(store: Store) -> dict[str, str]:
    """What a new suite may stand on: shipped corpora by name, and the folders of ingested ones, with words for them."""
    shipped = {name: name for name in shipped_corpora()}
    for row in CorpusStore(store).list_corpora():
        sources = row.get("sources") or []
        if row["corpus"] not in shipped and len(sources) == 1 and Path(sources[0]).is_dir():
            shipped[str(sources[0])] = f"{row['corpus']} ({sources[0]})"
    return shipped


def share_words(coverage: Coverage) -> tuple[str, str, str]:
    """Documents, headings and characters touched, as the tiles say them."""
    under, headings = coverage.headings
    return (f"{coverage.touched} of {len(coverage.documents)}", f"{under} of {headings}", percent(coverage.share))


def _build_row(case: Mapping[str, Any], texts: Mapping[str, str]) -> CaseRow:
    turns = turns_of(case)
    problems = check_case(case, texts)
    worst: Problem | None = next((p for p in problems if not p.warning), next(iter(problems), None))
    expected = "unanswerable" if any(t.get("unanswerable") for t in turns) else ""
    said = [text for t in turns for text in [*(t.get("answers") or [])[:1], *(t.get("facts") or [])]]
    return CaseRow(
        id=str(case["id"]),
        kind=str(case.get("kind", "")),
        question=" / ".join(str(t["question"]) for t in turns)
        or str(case.get("text") or json.dumps(case, ensure_ascii=False))[:300],
        expected=expected or " · ".join(map(str, said)) or str(case.get("content_type", "")),
        spans=sum(len(t.get("relevant") or []) for t in turns),
        tags=tuple(tag for tag in case.get("tags") or [] if isinstance(tag, str)),
        trouble=worst.words if worst else "",
    )


def _marks(asked: Mapping[str, Any], document: str, length: int, name: str) -> list[Mark]:
    spans = [s for s in asked.get("relevant") or [] if s.get("document") == document]
    return [Mark(start=s.get("start") or 0, end=length if s.get("end") is None else s["end"], name=name) for s in spans]


def _shorten(text: str) -> str:
    return text if len(text) <= 2 * AROUND + 20 else f"{text[:AROUND]} … {text[-AROUND:]}"
