"""Prompt templates: what asks a model, by name and version, with the hash that every answer made by it carries.

The shipped ones stand in ``templates/``; version 1 of their names. People save further versions of these and of names of
their own; the newest is asked unless a version is named. A template without what its purpose needs, or with a
placeholder that nothing fills, cannot be saved.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

from engine.errors import SettingError, UnknownNameError

FOLDER = Path(__file__).with_name("templates")
LONGEST_TEMPLATE = 20_000
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What templates of a purpose are filled with: where each placeholder may stand, and which must stand somewhere."""

    system: frozenset[str]
    user: frozenset[str]
    needed: frozenset[str]


PURPOSES = {
    "answer": Purpose(
        system=frozenset({"mark", "not_answered"}),
        user=frozenset({"mark", "not_answered", "passages", "question", "earlier"}),
        needed=frozenset({"mark", "not_answered", "passages", "question"}),
    ),
    "repair": Purpose(
        system=frozenset(),
        user=frozenset({"problems", "not_answered", "question"}),
        needed=frozenset({"problems"}),
    ),
    "validate": Purpose(
        system=frozenset({"mark", "aspect"}),
        user=frozenset({"mark", "aspect", "passages", "question", "answer"}),
        needed=frozenset({"mark", "aspect", "passages", "question", "answer"}),
    ),
}
PLACEHOLDERS = {
    "mark": "begins every line that is ours, chosen anew for each question so that no document can forge it",
    "passages": "the numbered passages",
    "question": "the question",
    "earlier": "earlier questions of the conversation, when there are any",
    "not_answered": "what the model replies when the passages do not answer",
    "problems": "what quality control found, one line each",
    "aspect": "what a validator looks at",
    "answer": "the answer that is judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """Two texts with placeholders. ``purpose``: what it asks for, a key of ``PURPOSES``."""

    name: str
    version: int
    system: str
    user: str
    purpose: str = "answer"
    note: str = ""

    @property
    def hash(self) -> str:
        """Twelve hex digits over purpose and texts: equal texts have equal hashes whatever they are called."""
        body = json.dumps(self.as_body(), sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()[:12]

    @property
    def label(self) -> str:
        """``answer@2 3f2a9c01d4e5``: name, version and hash."""
        return f"{self.name}@{self.version} {self.hash}"

    def as_body(self) -> dict[str, str]:
        """What the store keeps of it, and what the hash is over."""
        return {"purpose": self.purpose, "system": self.system, "user": self.user}

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Both texts with their placeholders filled; braces inside a value stay what they are."""
        return _fill(self.system, values), _fill(self.user, values)


@lru_cache(maxsize=1)
def load_shipped() -> dict[str, PromptTemplate]:
    """The templates that come with Phasegate, by name."""
    import yaml

    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[path.stem] = check_template(
            PromptTemplate(
                name=path.stem,
                version=1,
                system=body["system"],
                user=body["user"],
                purpose=body["purpose"],
                note=body["about"],
            )
        )
    return found


def find_template(setting: str, saved: Sequence[PromptTemplate] = (), purpose: str = "answer") -> PromptTemplate:
    """The template that a setting names: ``name`` is its newest version, ``name@version`` that one.

    Raises:
        UnknownNameError: no template, or no version of it, is called so.
        SettingError: it is of another purpose.
    """
    name, sign, version = setting.partition("@")
    versions = list_versions(name, saved)
    if not versions:
        raise UnknownNameError("prompt", name, list_names(saved, purpose), "`prompts` lists them.")
    found = versions[0]
    if sign:
        by_number = {str(template.version): template for template in versions}
        if version not in by_number:
            raise UnknownNameError(f"version of the prompt {name}", version, by_number)
        found = by_number[version]
    if found.purpose != purpose:
        raise SettingError(
            f"The prompt {name!r} is for the purpose {found.purpose}, not {purpose}.",
            f"Choose one of {', '.join(list_names(saved, purpose))}.",
        )
    return found


def list_versions(name: str, saved: Sequence[PromptTemplate] = ()) -> list[PromptTemplate]:
    """All versions of a name, newest first."""
    shipped = load_shipped().get(name)
    own = {template.version: template for template in saved if template.name == name}
    if shipped:
        own.setdefault(shipped.version, shipped)
    return [own[version] for version in sorted(own, reverse=True)]


def list_names(saved: Sequence[PromptTemplate] = (), purpose: str = "") -> list[str]:
    """Names of all templates, or of those of a purpose, shipped ones first."""
    names = dict.fromkeys([*load_shipped(), *sorted(template.name for template in saved)])
    return [name for name in names if not purpose or list_versions(name, saved)[0].purpose == purpose]


def check_template(template: PromptTemplate) -> PromptTemplate:
    """The same template, when a model can be asked with it.

    Raises:
        SettingError: a name that cannot be, an unknown purpose or placeholder, a missing one, braces that do not match.
    """
    if not _NAME.fullmatch(template.name):
        raise SettingError(
            f"A prompt cannot be called {template.name[:40]!r}.",
            "Use a letter, then letters, digits, - and _; lower case, at most 40.",
        )
    purpose = PURPOSES.get(template.purpose)
    if purpose is None:
        raise SettingError(
            f"purpose: expected one of {', '.join(PURPOSES)}, found {template.purpose!r}.", "Mend the purpose."
        )
    used: set[str] = set()
    for field, text, allowed in (("system", template.system, purpose.system), ("user", template.user, purpose.user)):
        if len(text) > LONGEST_TEMPLATE:
            raise SettingError(f"{field} has {len(text):,} characters; expected at most {LONGEST_TEMPLATE:,}.")
        used |= _check_placeholders(field, text, allowed)
    if missing := sorted(purpose.needed - used):
        raise SettingError(
            f"The prompt {template.name} lacks {', '.join('{' + name + '}' for name in missing)}.",
            "; ".join(f"{{{name}}} is {PLACEHOLDERS[name]}" for name in missing) + ".",
        )
    return template


def _check_placeholders(field: str, text: str, allowed: frozenset[str]) -> set[str]:
    known = ", ".join("{" + name + "}" for name in sorted(allowed)) or "none"
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise SettingError(
            f"{field}: a brace does not match ({error}).", "Write {{ and }} for braces that are meant as text."
        ) from error
    names = {name for _, name, _, _ in parts if name is not None}
    odd = [name for _, name, form, conversion in parts if name is not None and (form or conversion)]
    if wrong := sorted(names - allowed) or odd:
        raise SettingError(
            f"{field}: nothing fills the placeholder {{{wrong[0][:40]}}} here. Known: {known}.",
            "Write {{ and }} for braces that are meant as text.",
        )
    return names


def _fill(text: str, values: Mapping[str, str]) -> str:
    return "".join(said + (values[name] if name is not None else "") for said, name, _, _ in Formatter().parse(text))
