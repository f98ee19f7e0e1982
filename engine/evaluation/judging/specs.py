"""What a judge is: a model, how it is asked, and how often."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from engine.errors import SettingError, UnknownNameError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_NUMBERS: dict[str, tuple[type, float, float]] = {
    "temperature": (float, 0.0, 2.0),
    "repeats": (int, 1, 20),
    "concurrency": (int, 1, 256),
    "timeout_s": (float, 0.1, 3600.0),
    "max_attempts": (int, 1, 10),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSpec:
    """A judge. It holds the name of the variable that has the key, never the key.

    Attributes:
        name: what its scores carry.
        model: as litellm names it, with the provider in front: ``ollama/llama3.1``, ``openai/gpt-4o-mini``.
        temperature: 0 asks for the likeliest answer; many models still vary.
        repeats: how often each case is judged; the score is the mean, the spread is the judge's own noise.
        concurrency: calls in flight at once, at most.
        timeout_s: seconds for one call.
        max_attempts: calls for one answer, at most, when an attempt fails in a way that may pass.
        rubrics: rules in plain words by name; ``rubric.<name>`` scores one.
        embedder: embedding model of answer relevancy; empty is the run's.
        api_base: address of the provider; empty is litellm's own for the model.
        api_key_env: environment variable that has the key; empty is the one that litellm knows for the provider.
    """

    name: str
    model: str
    temperature: float = 0.0
    repeats: int = 1
    concurrency: int = 16
    timeout_s: float = 60.0
    max_attempts: int = 3
    rubrics: Mapping[str, str] = field(default_factory=dict)
    embedder: str = ""
    api_base: str = ""
    api_key_env: str = ""

    def __post_init__(self) -> None:
        _check_texts(self)
        for name, (kind, low, high) in _NUMBERS.items():
            value = getattr(self, name)
            right = isinstance(value, int | float) and not isinstance(value, bool)
            if not right or (kind is int and int(value) != value) or not low <= value <= high:
                raise SettingError(f"{name} {value!r} of a judge must be a number from {low:g} to {high:g}.")

    def as_json(self) -> dict[str, Any]:
        """Everything but secrets, of which it has none."""
        return {**asdict(self), "rubrics": dict(self.rubrics)}

    def check_key(self) -> None:
        """See that the key's variable is set.

        Raises:
            SettingError: it is named and empty.
        """
        if self.api_key_env and not os.environ.get(self.api_key_env):
            raise SettingError(
                f"The judge {self.name} takes its key from the environment variable {self.api_key_env}, which is not "
                "set.",
                f"Set it before the start: export {self.api_key_env}=...",
            )


def build_judge(name: str, config: Mapping[str, Any]) -> JudgeSpec:
    """A judge from a stored configuration.

    Raises:
        SettingError: an unknown field, or one that is out of range.
    """
    known = [entry.name for entry in fields(JudgeSpec)]
    unknown = sorted(set(config) - set(known))
    if unknown:
        raise SettingError(f"A judge has no setting {unknown[0]!r}. It has: {', '.join(known)}.")
    if not config.get("model"):
        raise SettingError(f"The judge {name} names no model.", "Give one, such as ollama/llama3.1.")
    return JudgeSpec(**{**config, "name": name})


def load_judge(reference: str, saved: Mapping[str, Mapping[str, Any]]) -> JudgeSpec:
    """A saved judge by its name, or a judge with default settings by its model's name.

    Raises:
        UnknownNameError: neither a saved judge nor a name with a provider in front.
        SettingError: the saved configuration breaks a rule.
    """
    if reference in saved:
        return build_judge(reference, saved[reference])
    if "/" not in reference:
        raise UnknownNameError(
            "judge",
            reference,
            saved,
            "Add it with judges --add NAME --model MODEL, or write a model with its provider: ollama/llama3.1.",
        )
    return JudgeSpec(name=reference, model=reference)


def _check_texts(spec: JudgeSpec) -> None:
    if not NAME.fullmatch(spec.name) and spec.name != spec.model:
        raise SettingError(
            f"The judge's name {spec.name!r} must have letters, digits, dots, dashes and underscores only, at most 64."
        )
    if not spec.model.strip() or any(c.isspace() for c in spec.model) or "[" in spec.model or "]" in spec.model:
        raise SettingError(f"The model {spec.model!r} is no model's name.", "Write provider/model: ollama/llama3.1.")
    if spec.api_key_env and not VARIABLE.fullmatch(spec.api_key_env):
        raise SettingError(
            "api_key_env must be the name of an environment variable, such as JUDGE_KEY, not the key itself."
        )
    if spec.api_base:
        parts = urlsplit(spec.api_base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise SettingError(
                "api_base must be an address that begins with http:// or https:// and holds no password.",
                "For Ollama: http://127.0.0.1:11434.",
            )
    for name, text in spec.rubrics.items():
        if not NAME.fullmatch(name):
            raise SettingError(f"The rubric's name {name!r} must have letters, digits, dots, dashes, underscores only.")
        if not isinstance(text, str) or not text.strip():
            raise SettingError(f"The rubric {name} has no text.", "Say in plain words what a good answer does.")
