"""Ask: what can be asked, and where in its document a source stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import PhasegateError
from engine.serving.runtime import ServingRuntime
from engine.settings import PRESETS, PipelineSettings, load_settings
from engine.store import CorpusStore, PreferenceStore, Store
from engine.views.passages import Mark, Passage, cut_passage
from engine.views.suites import load_example_questions

SAVED = "saved defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskChoices:
    """What the form offers: corpora by name with their sizes. ``note`` says what is wrong with the saved defaults."""

    corpora: Mapping[str, str]
    default: str
    presets: tuple[str, ...]
    examples: tuple[str, ...]
    note: str


def load_ask(store: Store, corpus: str | None) -> AskChoices:
    """Corpora, presets, and questions that suit the chosen corpus."""
    rows = CorpusStore(store).list_corpora()
    names = tuple(r["corpus"] for r in rows)
    chosen = corpus if corpus in names else (names[0] if names else "")
    note = ""
    try:
        load_defaults(store)
    except PhasegateError as error:
        note = f"The saved defaults cannot be used: {error.message}"
    return AskChoices(
        corpora={r["corpus"]: f"{r['corpus']} ({r['documents']} documents, {r['chunks']} chunks)" for r in rows},
        default=names[0] if names else "",
        presets=(SAVED, *PRESETS),
        examples=load_example_questions(chosen) if chosen else (),
        note=note,
    )


def load_defaults(store: Store) -> PipelineSettings:
    """The settings that the Settings screen saved, else the shipped ones.

    Raises:
        SettingError: a saved value is no longer allowed.
    """
    saved: Mapping[str, Any] = PreferenceStore(store).load_preference("pipeline", {}) or {}
    return load_settings(None, saved)


def choose_settings(runtime: ServingRuntime, preset: str) -> PipelineSettings:
    """The saved defaults with a preset on top, under the profile that is in force."""
    return runtime.resolve_settings(None if preset == SAVED else preset)


def load_passage(pipeline: Any, document: str, start: int, end: int, *, whole: bool = False) -> Passage:
    """The source in its document, with the text around it."""
    text = pipeline.document_text(document) or ""
    return cut_passage(document, text, [Mark(start=start, end=end, name="cited")], None if whole else 700)
