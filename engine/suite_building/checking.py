"""Everything that is wrong with a suite at once: file, line, field. ``load_suite`` stops at the first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import FileFormatError, InputError
from engine.evaluation.suite_files import parse_case, parse_suite_file
from engine.evaluation.suites import find_corpus_folder, load_suite
from engine.ingestion import load_documents
from engine.suite_building.coverage import Coverage, measure_coverage
from engine.suite_building.texts import Problem, SuiteText, check_case, read_text
from engine.types import Document

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSuite:
    """A suite as it is edited; it may have no cases yet, or broken ones.

    Attributes:
        name, title, description, licence, corpus: of ``suite.yaml``.
        documents: of the corpus, in order.
    """

    folder: Path
    name: str
    title: str
    description: str
    licence: str
    corpus: str
    corpus_path: Path
    text: SuiteText
    documents: tuple[Document, ...]

    @property
    def texts(self) -> dict[str, str]:
        """Document id to text."""
        return {document.id: document.text for document in self.documents}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCheck:
    """What a check found. ``problems`` name lines of ``cases.jsonl``; a warning leaves a suite usable."""

    suite: OpenSuite
    problems: tuple[Problem, ...]
    coverage: Coverage

    @property
    def broken(self) -> int:
        """Problems that are no warnings."""
        return sum(not problem.warning for problem in self.problems)


def open_suite(folder: Path) -> OpenSuite:
    """A suite's text and the documents of its corpus.

    Raises:
        FileFormatError: ``suite.yaml`` is missing or broken, or its corpus is not there.
    """
    text = read_text(folder)
    path = folder / "suite.yaml"
    header, lines = parse_suite_file(path, text.header)
    corpus_path = find_corpus_folder(path, header.corpus, folder, lines.get("corpus"))
    return OpenSuite(
        folder=folder,
        name=header.name,
        title=header.title,
        description=header.description.strip(),
        licence=header.licence,
        corpus=header.corpus,
        corpus_path=corpus_path,
        text=text,
        documents=_load_documents(corpus_path, _stamp(corpus_path)),
    )


@lru_cache(maxsize=4)
def _load_documents(path: Path, _stamp: int) -> tuple[Document, ...]:
    """A corpus is read again when one of its files has changed."""
    return tuple(load_documents([path]).documents)


def _stamp(path: Path) -> int:
    files = [(str(p), s.st_mtime_ns, s.st_size) for p in sorted(path.rglob("*")) if p.is_file() and (s := p.stat())]
    return hash(tuple(files))


def check_suite(folder: Path) -> SuiteCheck:
    """Check every line of a suite, and every gold span against the corpus.

    Raises:
        FileFormatError: ``suite.yaml`` is broken, or the corpus is not there.
    """
    suite = open_suite(folder)
    texts, seen = suite.texts, {}
    problems: list[Problem] = []
    cases = []
    for number, line in enumerate(suite.text.lines, 1):
        if not line.strip():
            continue
        try:
            parse_case(folder / "cases.jsonl", number, line)
        except FileFormatError as error:
            found = error.message.split(": ", 1)[-1]
            problems.append(Problem(field=error.field or "", text=found, line=number))
            continue
        case = json.loads(line)
        if case["id"] in seen:
            problems.append(
                Problem(
                    field="id", text=f"duplicate id {case['id']!r}: line {seen[case['id']]} already has it", line=number
                )
            )
        seen.setdefault(case["id"], number)
        cases.append(case)
        problems += [
            Problem(field=p.field, text=p.text, line=number, warning=p.warning) for p in check_case(case, texts)
        ]
    if not cases and not problems:
        problems.append(Problem(field="", text="expected at least one case, found none"))
    if not any(not problem.warning for problem in problems):
        _check_header(folder, problems)
    return SuiteCheck(suite=suite, problems=tuple(problems), coverage=measure_coverage(cases, suite.documents))


def _check_header(folder: Path, problems: list[Problem]) -> None:
    """What ``load_suite`` says of settings, pass rules and measures."""
    try:
        load_suite(folder)
    except InputError as error:
        problems.append(Problem(field="suite.yaml", text=error.message))
