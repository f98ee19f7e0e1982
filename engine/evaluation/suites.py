"""Suites: a corpus, cases and pass rules, from ``datasets/suites``, from ``PHASEGATE_HOME/suites`` or from any folder."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError, SettingError, UnknownNameError
from engine.evaluation.measures import DEFAULT_MEASURES, OPERATIONAL_GOALS, is_judged, known_measures
from engine.evaluation.measures.judged import RUBRIC
from engine.evaluation.suite_files import (
    ContentLine,
    ConversationLine,
    OtherLine,
    QaLine,
    SpanLine,
    TurnLine,
    read_cases,
    read_suite_file,
)
from engine.evaluation.suite_folders import find_named_folder, find_shadowed, home_suites, list_suites
from engine.settings import DATASETS, PipelineSettings
from engine.types import Span
from engine.written_paths import find_written_path

__all__ = ["Case", "Suite", "Turn", "check_spans", "hash_suite_files", "list_suites", "load_suite"]
RUN_KINDS = ("qa", "conversation", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and what a good answer holds: any of ``answers``, all of ``facts``; ``relevant`` are gold spans."""

    question: str
    answers: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    relevant: tuple[Span, ...] = ()
    unanswerable: bool = False

    @property
    def scorable(self) -> bool:
        """Whether an answer can be right or wrong; with nothing expected of it only retrieval is scored."""
        return self.unanswerable or bool(self.answers or self.facts)

    def as_json(self) -> dict[str, Any]:
        """What was expected, as a run keeps it beside the answer."""
        spans = [
            {"document": s.document} if s.end is None else {"document": s.document, "start": s.start, "end": s.end}
            for s in self.relevant
        ]
        return {
            "question": self.question,
            "answers": list(self.answers),
            "facts": list(self.facts),
            "relevant": spans,
            "unanswerable": self.unanswerable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. ``turns`` has one entry for qa, none for content; ``line`` is its line in ``cases.jsonl``."""

    id: str
    kind: str
    line: int
    tags: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    text: str = ""
    content_type: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What is put to the target: a conversation's questions one a line, a content case's passage."""
        return "\n".join(turn.question for turn in self.turns) or self.text or str(self.fields.get("payload", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A loaded suite.

    Attributes:
        corpus: as written in ``suite.yaml``; ``corpus_path`` is its folder of documents.
        settings: overrides of ``PipelineSettings``, checked.
        pass_rules: name of a figure or measure to the value it has to reach.
        measures: names to score, the default ones when the file names none.
        rubrics: rules in plain words for a judge, by name; ``rubric.<name>`` in ``measures`` scores one.
        hash: sha256 over suite.yaml, cases.jsonl and, after ``with_corpus``, the corpus' documents.
    """

    name: str
    title: str
    description: str
    licence: str
    corpus: str
    corpus_path: Path
    settings: Mapping[str, Any]
    pass_rules: Mapping[str, float]
    measures: tuple[str, ...]
    cases: tuple[Case, ...]
    hash: str
    path: Path
    rubrics: Mapping[str, str] = field(default_factory=dict)

    def with_corpus(self, content_hashes: Iterable[str]) -> Suite:
        """The same suite with its documents' content hashes in ``hash``; their order does not matter."""
        digest = hashlib.sha256("\n".join([self.hash, *sorted(content_hashes)]).encode()).hexdigest()
        return dataclasses.replace(self, hash=digest)


def load_suite(name_or_path: str | Path, root: Path = DATASETS) -> Suite:
    """Loads a suite by name, shipped or of the home folder, or a suite folder anywhere.

    Raises:
        UnknownNameError: neither a suite's name nor a folder.
        FileFormatError: a file of the suite breaks its format; names the file, the line and the field.
    """
    folder = _find_folder(name_or_path, root)
    header_path, cases_path = folder / "suite.yaml", folder / "cases.jsonl"
    header, lines = read_suite_file(header_path)
    _check_name(header_path, header.name, lines.get("name"), root)
    _check_settings(header_path, header.settings, lines)
    _check_pass_rules(header_path, header.pass_rules, lines)
    measures = _check_measures(header_path, header.measures, lines)
    corpus_path = find_corpus_folder(header_path, header.corpus, folder, lines.get("corpus"), root)
    cases = tuple(_build_case(number, line) for number, line in read_cases(cases_path))
    digest = hash_suite_files(folder)
    return Suite(
        name=header.name,
        title=header.title,
        description=header.description.strip(),
        licence=header.licence,
        corpus=header.corpus,
        corpus_path=corpus_path,
        settings=header.settings,
        pass_rules={name: float(value) for name, value in header.pass_rules.items()},
        measures=measures,
        cases=cases,
        hash=digest,
        path=folder,
        rubrics=header.rubrics,
    )


def hash_suite_files(folder: Path) -> str:
    """sha256 over suite.yaml and cases.jsonl: what was asked and expected, wherever the folder lies."""
    content = (folder / "suite.yaml").read_bytes() + b"\0" + (folder / "cases.jsonl").read_bytes()
    return hashlib.sha256(content).hexdigest()


def check_spans(suite: Suite, documents: Mapping[str, str]) -> None:
    """Checks every gold span against the loaded documents (id to text).

    Raises:
        FileFormatError: a document that is not in the corpus, or a span that ends beyond its document.
    """
    path = suite.path / "cases.jsonl"
    for case in suite.cases:
        for t, turn in enumerate(case.turns):
            for i, span in enumerate(turn.relevant):
                field_path = f"turns.{t}.relevant.{i}" if case.kind == "conversation" else f"relevant.{i}"
                if span.document not in documents:
                    problem = f"document {span.document!r} is not among the {len(documents)} documents of the corpus"
                    hint = f"The corpus is {suite.corpus_path}; a document is named by its path inside it."
                    raise FileFormatError(path, problem, line=case.line, field=f"{field_path}.document", hint=hint)
                length = len(documents[span.document])
                if span.end is not None and span.end > length:
                    problem = f"end {span.end} lies beyond {span.document!r}, which has {length} characters"
                    raise FileFormatError(path, problem, line=case.line, field=f"{field_path}.end")


def _find_folder(name_or_path: str | Path, root: Path) -> Path:
    named = find_named_folder(str(name_or_path), root)
    if named is not None:
        return named
    path = find_written_path(name_or_path)
    if path is not None and path.is_file() and path.name == "suite.yaml":
        path = path.parent
    if path is not None and path.is_dir():
        return path.resolve()
    raise UnknownNameError(
        "suite", str(name_or_path), list_suites(root), "Give one of these names or a suite's folder."
    )


def _check_name(path: Path, name: str, line: int | None, root: Path) -> None:
    """A suite of the home folder is found by its folder's name, so that is its name, and no shipped suite's."""
    if path.parent.parent != home_suites().resolve():
        return
    shadowed = find_shadowed(path.parent, root)
    if shadowed:
        problem = f"expected a name of its own, found that of the shipped suite {shadowed!r}"
        raise FileFormatError(
            path, problem, line=line, field="name", hint="Give the folder and the suite another name."
        )
    if name != path.parent.name:
        problem = f"expected {path.parent.name!r}, the name of its folder, found {name!r}"
        hint = "A suite of the home folder is found by its folder's name: rename one of the two."
        raise FileFormatError(path, problem, line=line, field="name", hint=hint)


def find_corpus_folder(path: Path, corpus: str, folder: Path, line: int | None, root: Path = DATASETS) -> Path:
    """The folder that ``corpus`` in a suite.yaml means: one beside it, an absolute one, or a shipped corpus by name.

    Raises:
        FileFormatError: neither; ``path`` and ``line`` are for the message.
    """
    own = corpus if corpus.startswith("~") else folder / corpus
    for candidate in map(find_written_path, (own, root / "corpora" / corpus / "documents")):
        if candidate is not None and candidate.is_dir():
            return candidate.resolve()
    known = ", ".join(sorted(p.parent.name for p in (root / "corpora").glob("*/documents"))) or "none"
    problem = f"expected a folder beside suite.yaml or one of the corpora {known}; found {corpus!r}, which is neither"
    raise FileFormatError(path, problem, line=line, field="corpus")


def _check_settings(path: Path, settings: Mapping[str, Any], lines: Mapping[str, int]) -> None:
    for name, value in settings.items():
        if name not in PipelineSettings.__dataclass_fields__:
            known = ", ".join(PipelineSettings.__dataclass_fields__)
            problem = f"unknown setting, found value {value!r}; known: {known}"
            raise FileFormatError(path, problem, line=lines.get(f"settings.{name}"), field=f"settings.{name}")
    try:
        PipelineSettings().with_values(settings)
    except SettingError as error:
        name = next((n for n in settings if error.message.startswith(n)), None)
        where = f"settings.{name}" if name else "settings"
        raise FileFormatError(path, error.message, line=lines.get(where), field=where, hint=error.hint) from None


def _check_pass_rules(path: Path, rules: Mapping[str, float], lines: Mapping[str, int]) -> None:
    for name, value in rules.items():
        where = f"pass.{name}"
        if name not in OPERATIONAL_GOALS and name not in known_measures():
            known = ", ".join([*OPERATIONAL_GOALS, *known_measures()])
            raise FileFormatError(path, f"unknown pass rule; known: {known}", line=lines.get(where), field=where)
        most = OPERATIONAL_GOALS.get(name, 1.0)
        if isinstance(value, bool) or not 0 <= value <= most:
            problem = f"expected a number from 0 to {most:g}, found {value!r}"
            raise FileFormatError(path, problem, line=lines.get(where), field=where)


def _check_measures(path: Path, names: list[str] | None, lines: Mapping[str, int]) -> tuple[str, ...]:
    for i, name in enumerate(names or ()):
        if name not in known_measures() and not (name.startswith(RUBRIC) and is_judged(name)):
            problem = f"unknown measure {name!r}; known: {', '.join(known_measures())}"
            raise FileFormatError(path, problem, line=lines.get(f"measures.{i}"), field=f"measures.{i}")
    return DEFAULT_MEASURES if names is None else tuple(dict.fromkeys(names))


def _build_case(number: int, line: QaLine | ConversationLine | ContentLine | OtherLine) -> Case:
    shared: dict[str, Any] = {"id": line.id, "kind": line.kind, "line": number, "tags": tuple(line.tags)}
    match line:
        case QaLine():
            return Case(turns=(_build_turn(line),), **shared)
        case ConversationLine():
            return Case(turns=tuple(_build_turn(turn) for turn in line.turns), **shared)
        case ContentLine():
            return Case(text=line.text, content_type=line.content_type, **shared)
        case _:
            return Case(fields=dict(line.model_extra or {}), **shared)


def _build_turn(line: TurnLine) -> Turn:
    return Turn(
        question=line.question,
        answers=tuple(line.answers),
        facts=tuple(line.facts),
        relevant=tuple(_build_span(span) for span in line.relevant),
        unanswerable=line.unanswerable,
    )


def _build_span(span: SpanLine) -> Span:
    return Span(document=span.document, start=span.start or 0, end=span.end)
