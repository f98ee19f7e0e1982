"""Prompts: every template with its versions, the form of the next one, and the differences between two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.generation.prompts import PLACEHOLDERS, PURPOSES, PromptTemplate
from engine.prompt_library import PromptVersion, compare_prompts, list_library, try_prompt
from engine.settings import load_settings
from engine.store import CorpusStore, PreferenceStore, Store
from engine.views.answers import AnswerView, build_answer

# The version of a text that is tried before it is saved; no saved one comes near it.
DRAFT = 1_000_000
PURPOSE_WORDS = {
    "answer": "Asks for an answer from passages.",
    "repair": "Asks once more when an answer fails its quality control.",
    "validate": "Asks a validator for its verdict.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version as a row: who saved it, and when (UTC; None of a shipped one)."""

    label: str
    version: int
    hash: str
    note: str
    made_by: str
    made_at: datetime | None
    template: PromptTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsView:
    """One name's versions, newest first.

    Attributes:
        names: of all templates.
        about: what its purpose is.
        placeholders: that its texts may hold, with their meaning.
        in_use: the setting ``prompt`` names this template.
        corpora: that a trial can ask.
    """

    names: tuple[str, ...]
    name: str
    about: str
    purpose: str
    versions: tuple[VersionView, ...]
    placeholders: Mapping[str, str]
    in_use: bool
    corpora: tuple[str, ...]


def load_prompts_view(store: Store, name: str | None) -> PromptsView:
    """The template of a name, else the one that the settings ask with."""
    library = list_library(store)
    names = tuple(dict.fromkeys(version.template.name for version in library))
    saved = PreferenceStore(store).load_preference("pipeline", {}) or {}
    used = str(saved.get("prompt", "answer")).partition("@")[0]
    chosen = name if name in names else used if used in names else names[0]
    own = [version for version in library if version.template.name == chosen]
    purpose = own[0].template.purpose
    known = PURPOSES[purpose]
    return PromptsView(
        names=names,
        name=chosen,
        about=PURPOSE_WORDS[purpose],
        purpose=purpose,
        versions=tuple(_describe(version) for version in own),
        placeholders={p: words for p, words in PLACEHOLDERS.items() if p in known.system | known.user},
        in_use=chosen == used,
        corpora=tuple(row["corpus"] for row in CorpusStore(store).list_corpora()),
    )


def compare_versions(a: VersionView, b: VersionView) -> str:
    """A unified difference, empty when the texts are the same."""
    return "\n".join(compare_prompts(a.template, b.template))


def try_draft(store: Store, fields: Mapping[str, str], corpus: str, question: str) -> AnswerView:
    """One question answered with a text that is not saved, by the model and settings that are saved.

    Raises:
        SettingError: the text cannot be used, or no model is set up.
    """
    settings = load_settings(None, PreferenceStore(store).load_preference("pipeline", {}) or {})
    draft = PromptTemplate(name=fields["name"], version=DRAFT, system=fields["system"], user=fields["user"])
    answer = try_prompt(store, draft, corpus, question, settings)
    return build_answer(answer.as_json(), min_quality=settings.min_quality)


def _describe(version: PromptVersion) -> VersionView:
    template = version.template
    return VersionView(
        label=f"{template.name}@{template.version}",
        version=template.version,
        hash=template.hash,
        note=template.note,
        made_by=version.made_by or "shipped with Phasegate",
        made_at=version.made_at,
        template=template,
    )
