"""Imported cases into a suite, which is made when it is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.corpora import find_corpus, shipped_corpora
from engine.errors import FileFormatError, InputError, UnknownNameError
from engine.store import Store
from engine.suite_building.checking import open_suite
from engine.suite_building.files import create_suite, new_ids, save_text
from engine.suite_building.importing import ImportResult, read_import
from engine.suite_building.listing import find_suite
from engine.suite_building.proposing import load_corpus_documents, turns_of
from engine.suite_building.texts import SuiteText, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. ``hash`` is empty when nothing was written, ``folder`` None when the suite is not there yet."""

    name: str
    folder: Path | None
    hash: str
    result: ImportResult


def accept_import(
    store: Store, folder: Path, text: SuiteText, cases: Sequence[Mapping[str, Any]], *, source: str, who: str
) -> str:
    """Append imported cases to a suite as a new version; its hash.

    Raises:
        SuiteChangedError: the suite was saved since ``text`` was read.
    """
    if not cases:
        raise InputError(f"{source} gives no case.", "Look at the problems by line, mend the file and import it again.")
    added = text.with_cases(new_ids(text, cases))
    note = f"{len(cases)} imported from {source}"
    return save_text(store, folder, added, expected=text.hash, who=who, note=note, action="cases imported")


def import_file(
    store: Store,
    file: Path,
    suite: str,
    *,
    who: str,
    corpus: str | None = None,
    format_: str = "auto",
    mapping: Mapping[str, str] | None = None,
    write: bool = True,
) -> Imported:
    """Read a file and add what it holds to a suite; a suite of that name is made when there is none.

    Raises:
        InputError: no such file, a new suite without a corpus, or no row gives a case; nothing was written.
    """
    try:
        content = file.expanduser().read_bytes()
    except OSError as error:
        raise FileFormatError(
            file, f"the file cannot be read: {error.strerror or error}", hint="Check the path."
        ) from None
    folder = _find(suite)
    if folder is not None:
        opened = open_suite(folder)
        documents, text = opened.texts, opened.text
    elif corpus:
        documents = {d.id: d.text for d in load_corpus_documents(find_corpus(corpus)[1])}
        text = SuiteText(header="", lines=())
    else:
        raise InputError(f"There is no suite {suite!r} yet.", "Give --corpus as well, and it is made.")
    asked = [turn["question"] for case in text.cases().values() for turn in turns_of(case)]
    result = read_import(content, file.name, documents, format_=format_, mapping=mapping, existing=asked)
    if not write:
        return Imported(name=suite, folder=folder, hash="", result=result)
    if not result.cases:
        first = next((p.words for p in result.problems if not p.warning), "it has no rows")
        raise InputError(f"{file.name} gives no case: {first}.", "Mend the file, or see all problems with --dry-run.")
    if folder is None:
        place = corpus if corpus in shipped_corpora() else str(find_corpus(str(corpus))[1])
        folder = create_suite(store, suite, title=suite, corpus=str(place), licence="not stated", who=who)
        text = read_text(folder)
    hash_ = accept_import(store, folder, text, result.cases, source=file.name, who=who)
    return Imported(name=suite, folder=folder, hash=hash_, result=result)


def _find(suite: str) -> Path | None:
    try:
        return find_suite(suite)
    except UnknownNameError:
        if "/" in suite:
            raise
        return None
