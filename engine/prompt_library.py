"""The prompt templates of this installation: shipped ones and saved versions, their differences, and a trial of one."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError, InputError, SettingError
from engine.generation.prompts import (
    PromptTemplate,
    check_template,
    find_template,
    list_names,
    list_versions,
    load_shipped,
)
from engine.settings import PipelineSettings
from engine.store import Store
from engine.store.prompts import PromptStore
from engine.store.providers import ProviderStore
from engine.types import Answer

FIELDS = ("name", "purpose", "system", "user", "note")
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """A template with who saved it and when; both empty of a shipped one."""

    template: PromptTemplate
    made_by: str = ""
    made_at: datetime | None = None


def load_prompts(store: Store) -> tuple[PromptTemplate, ...]:
    """The saved templates, for ``open_pipeline(prompts=...)``."""
    return tuple(version.template for version in load_versions(store))


def load_versions(store: Store) -> list[PromptVersion]:
    """The saved versions with who saved them."""
    return [
        PromptVersion(
            template=PromptTemplate(
                name=row["name"],
                version=row["version"],
                system=row["body"]["system"],
                user=row["body"]["user"],
                purpose=row["body"]["purpose"],
                note=row["note"],
            ),
            made_by=row["made_by"],
            made_at=row["made_at"],
        )
        for row in PromptStore(store).list_prompts()
    ]


def list_library(store: Store) -> list[PromptVersion]:
    """Every version of every template, names in order, newest version first."""
    saved = load_versions(store)
    known = {(version.template.name, version.template.version): version for version in saved}
    templates = [version.template for version in saved]
    return [
        known.get((name, template.version)) or PromptVersion(template=template)
        for name in list_names(templates)
        for template in list_versions(name, templates)
    ]


def find_prompt(store: Store, reference: str) -> PromptTemplate:
    """A template by ``name`` or ``name@version``, of any purpose.

    Raises:
        UnknownNameError: nothing is called so.
    """
    saved = load_prompts(store)
    versions = list_versions(reference.partition("@")[0], saved)
    return find_template(reference, saved, versions[0].purpose if versions else "answer")


def save_prompt(store: Store, fields: Mapping[str, str], who: str) -> PromptTemplate:
    """Keep a text as the next version of its name.

    Args:
        fields: name, system, user, note; purpose only of a new name.

    Raises:
        SettingError: a model could not be asked with it, or its purpose is not that of its name.
        InputError: no note says what was changed.
    """
    name, note = fields.get("name", "").strip(), " ".join(fields.get("note", "").split())
    saved = load_prompts(store)
    versions = list_versions(name, saved)
    purpose = fields.get("purpose") or (versions[0].purpose if versions else "answer")
    if versions and versions[0].purpose != purpose:
        raise SettingError(
            f"The prompt {name!r} is for the purpose {versions[0].purpose}; its versions keep it.", "Use another name."
        )
    template = check_template(
        PromptTemplate(
            name=name, version=0, system=fields.get("system", ""), user=fields.get("user", ""), purpose=purpose
        )
    )
    if not 1 <= len(note) <= LONGEST_NOTE:
        raise InputError("A version needs a note of at most 200 characters.", "Say in a few words what was changed.")
    shipped = load_shipped().get(name)
    version = PromptStore(store).save_prompt(
        name,
        template.as_body(),
        template.hash,
        note,
        who,
        shipped=(shipped.version, shipped.hash) if shipped else (0, ""),
    )
    return dataclasses.replace(template, version=version, note=note)


def read_prompt_file(path: Path) -> dict[str, str]:
    """The fields of a template's YAML file.

    Raises:
        FileFormatError: no mapping of texts, or a field that a template does not have.
    """
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} could not be read: {error}.", "Give a YAML file.") from error
    except yaml.YAMLError as error:
        raise FileFormatError(path, f"no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict):
        raise FileFormatError(path, f"expected the fields {', '.join(FIELDS)}")
    for name, value in found.items():
        if name not in FIELDS:
            raise FileFormatError(path, f"a prompt has no such field; known: {', '.join(FIELDS)}", field=str(name))
        if not isinstance(value, str):
            raise FileFormatError(path, "expected a text", field=str(name))
    return {"name": path.stem, **found}


def compare_prompts(a: PromptTemplate, b: PromptTemplate) -> list[str]:
    """A unified difference of two templates, line by line; empty when their texts are the same."""
    lines = [_lines(template) for template in (a, b)]
    return list(difflib.unified_diff(*lines, f"{a.name}@{a.version}", f"{b.name}@{b.version}", lineterm="", n=2))


def try_prompt(
    store: Store, template: PromptTemplate, corpus: str, question: str, settings: PipelineSettings
) -> Answer:
    """One question answered with a template that need not be saved; nothing is kept.

    Raises:
        SettingError: the template cannot be used, or there is no model.
    """
    from engine.pipeline import open_pipeline

    check_template(template)
    if template.purpose != "answer":
        raise SettingError(f"A prompt for the purpose {template.purpose} answers no question.", "Try one for answers.")
    tried = settings.with_values({"provider": "litellm", "prompt": f"{template.name}@{template.version}"})
    saved = [t for t in load_prompts(store) if (t.name, t.version) != (template.name, template.version)]
    specs = [spec for spec in ProviderStore(store).list_providers() if spec.enabled]
    return open_pipeline(corpus, tried, specs, prompts=(*saved, template)).answer(question)


def describe_prompts(store: Store, settings: PipelineSettings) -> dict[str, Any]:
    """What a run keeps of the templates that it asks with: label of each by purpose; empty where no model is asked."""
    if settings.provider == "extractive":
        return {}
    saved = load_prompts(store)
    found = {"answer": find_template(settings.prompt, saved)}
    if settings.repair:
        found["repair"] = find_template("repair", saved, "repair")
    if settings.validators:
        found["validate"] = find_template("validate", saved, "validate")
    return {purpose: template.label for purpose, template in found.items()}


def _lines(template: PromptTemplate) -> Sequence[str]:
    return ["system:", *template.system.splitlines(), "", "user:", *template.user.splitlines()]
