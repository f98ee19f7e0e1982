"""A suite's questions as the lab asks them, and data folders that hold questions without being a suite."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.conversation import resolve_question
from engine.errors import FileFormatError, InputError
from engine.evaluation.suites import Case, load_suite
from engine.ingestion import load_documents
from engine.tuning.types import LabCase
from engine.types import Document, Span


def load_lab_suite(suite: str | Path) -> tuple[str, list[Document], list[LabCase]]:
    """Name, documents and questions of a suite, or of a folder with ``corpus.jsonl`` and ``queries.jsonl``.

    Raises:
        UnknownNameError: neither.
        InputError: a corpus without a readable document, or no question in the suite.
        FileFormatError: a file breaks its format.
    """
    folder = Path(suite).expanduser()
    if (folder / "queries.jsonl").is_file() and not (folder / "suite.yaml").is_file():
        return _load_data(folder)
    loaded = load_suite(suite)
    documents = load_documents([loaded.corpus_path]).documents
    if not documents:
        raise InputError(
            f"suite {loaded.name}: its corpus {loaded.corpus_path} holds no document that can be read.",
            "Put files of text, Markdown, HTML, PDF or Word there.",
        )
    lengths = {document.id: len(document.text) for document in documents}
    cases = [asked for case in loaded.cases for asked in _ask(case, lengths)]
    _check_cases(loaded.name, cases)
    return loaded.name, documents, cases


def _ask(case: Case, lengths: dict[str, int]) -> list[LabCase]:
    history: list[tuple[str, str]] = []
    asked = []
    for i, turn in enumerate(case.turns if case.kind in ("qa", "conversation") else (), 1):
        standalone = resolve_question(turn.question, history)
        history.append((turn.question, turn.answers[0] if turn.answers else ""))
        asked.append(
            LabCase(
                id=case.id if case.kind == "qa" else f"{case.id}#{i}",
                question=turn.question,
                gold=_known_spans(turn.relevant, lengths),
                tags=case.tags,
                background=standalone.background,
                answers=turn.answers,
                unanswerable=turn.unanswerable,
            )
        )
    return asked


def _known_spans(spans: Sequence[Span], lengths: dict[str, int]) -> tuple[Span, ...]:
    return tuple(
        Span(document=s.document, start=s.start, end=lengths[s.document] if s.end is None else s.end)
        for s in spans
        if s.document in lengths
    )


def _load_data(folder: Path) -> tuple[str, list[Document], list[LabCase]]:
    """A folder of the format of the published sets: ``relevant`` entries name a document with ``doc_id``."""
    articles = folder / "articles.jsonl"
    corpus = articles if articles.is_file() else folder / "corpus.jsonl"
    if not corpus.is_file():
        raise InputError(f"{folder}: there is no corpus.jsonl beside queries.jsonl.", "Give a folder that holds both.")
    documents = _load_corpus(corpus)
    if not documents:
        raise InputError(f"{corpus}: it holds no document with a text.", "Give a corpus with at least one text.")
    lengths = {document.id: len(document.text) for document in documents}
    field = "relevant_in_article" if articles.is_file() else "relevant"
    path = folder / "queries.jsonl"
    cases = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            spans = [
                Span(document=r["doc_id"], start=r.get("start") or 0, end=r.get("end")) for r in row.get(field) or []
            ]
            cases.append(
                LabCase(
                    id=str(row.get("id", number)),
                    question=row["question"],
                    gold=_known_spans(spans, lengths),
                    answers=tuple(row.get("answers") or ()),
                    unanswerable=not row.get("answerable", True),
                )
            )
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise FileFormatError(path, f"not a line of questions: {error!r}", line=number) from None
    _check_cases(folder.name, cases)
    return folder.name, documents, cases


def _load_corpus(path: Path) -> list[Document]:
    """The documents of a ``corpus.jsonl`` under whatever name it has."""
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / "corpus.jsonl"
        named.symlink_to(path.resolve())
        return load_documents([named]).documents


def _check_cases(name: str, cases: Sequence[LabCase]) -> None:
    if not cases:
        raise InputError(f"suite {name}: it has no question.", "The Tuning lab needs cases of kind qa or conversation.")
