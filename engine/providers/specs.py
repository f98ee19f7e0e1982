"""A provider: a model, where it is asked, by which key, and how long one waits for it. Keys are named, never held."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import SettingError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,199}")
_SAVED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ADDRESS = re.compile(r"https?://[^\s/@]+(/\S*)?")
LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """One model at one provider. A value that cannot be is refused when the object is made.

    Attributes:
        name: what it is called in settings, metrics and messages; a model that is asked without being saved is
            called by its litellm name.
        model: as litellm names it (``openai/gpt-4.1-mini``, ``ollama_chat/llama3.2``).
        api_base: its address; empty is the provider's own. Without ``api_key_env`` no key is sent to an address given here.
        api_key_env: environment variable that has the key; empty is the provider's usual one.
        priority: the smallest is asked first.
        connect_timeout_s, first_token_timeout_s, total_timeout_s: seconds to a connection, from then on to the first
            text, and for one attempt altogether.
        prompt_usd_per_million, completion_usd_per_million: prices of a million tokens; None leaves them to litellm's table.
    """

    name: str
    model: str
    api_base: str = ""
    api_key_env: str = ""
    priority: int = 0
    enabled: bool = True
    connect_timeout_s: float = 5.0
    first_token_timeout_s: float = 20.0
    total_timeout_s: float = 120.0
    prompt_usd_per_million: float | None = None
    completion_usd_per_million: float | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SettingError(
                f"A provider cannot be called {self.name[:64]!r}.",
                "Use letters, digits, dots, dashes and underscores.",
            )
        _check_model(self.model)
        if self.api_base and not _ADDRESS.fullmatch(self.api_base):
            raise SettingError(
                f"The address of provider {self.name} is no http address, or holds a user's name.",
                "Write it as http://localhost:11434; keys belong in an environment variable.",
            )
        if self.api_key_env and not _VARIABLE.fullmatch(self.api_key_env):
            raise SettingError(
                f"api_key_env of provider {self.name} is not the name of an environment variable.",
                "Name the variable that has the key, such as OPENAI_API_KEY; never write the key itself.",
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name in ("connect_timeout_s", "first_token_timeout_s", "total_timeout_s"):
            if not 0 < getattr(self, name) <= LONGEST_WAIT_S:
                raise SettingError(
                    f"{name} of provider {self.name} is {getattr(self, name)}; expected more than 0, at most 3600.",
                    "Give seconds.",
                )
        prices = (self.prompt_usd_per_million, self.completion_usd_per_million)
        if any(price is not None and not 0 <= price < 1e6 for price in prices):
            raise SettingError(f"A price of provider {self.name} is below 0 or beyond 1,000,000 USD.", "Give USD.")
        if (prices[0] is None) != (prices[1] is None):
            raise SettingError(
                f"Provider {self.name} has one of its two prices.",
                "Give the prices of prompt and completion, or neither.",
            )

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two specs the same provider: they share a breaker."""
        return self.name, self.model, self.api_base, self.api_key_env

    def as_json(self) -> dict[str, Any]:
        """Field names and values."""
        return dataclasses.asdict(self)


def build_provider(fields: Mapping[str, Any]) -> ProviderSpec:
    """A spec of fields from a form, a file or the store; texts are trimmed, numbers read.

    Raises:
        SettingError: an unknown field, a missing name or model, a value that cannot be.
    """
    known = {f.name: f for f in dataclasses.fields(ProviderSpec)}
    if unknown := [name for name in fields if name not in known]:
        raise SettingError(f"A provider has no field {unknown[0]!r}.", f"Known: {', '.join(known)}.")
    if missing := [name for name in ("name", "model") if not str(fields.get(name) or "").strip()]:
        raise SettingError(f"A provider needs its {missing[0]}.", "Such as name=local and model=ollama_chat/llama3.2.")
    if not _SAVED_NAME.fullmatch(str(fields["name"]).strip()):
        raise SettingError(
            f"A provider cannot be called {str(fields['name'])[:64]!r}.",
            "Use letters, digits, dots, dashes and underscores, at most 64; a slash is for litellm's names.",
        )
    return ProviderSpec(**{name: _read(name, value, str(known[name].type)) for name, value in fields.items()})


def _read(name: str, value: Any, kind: str) -> Any:
    try:
        if kind == "str":
            return str(value or "").strip().rstrip("/" if name == "api_base" else "")
        if kind == "bool":
            if isinstance(value, str):
                return {"true": True, "false": False}[value.strip().lower()]
            return bool(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            if "None" in kind:
                return None
            raise ValueError
        return int(value) if kind == "int" else float(value)
    except (TypeError, ValueError, KeyError) as error:
        raise SettingError(f"{name} of a provider cannot be {str(value)[:40]!r}.", f"It is of type {kind}.") from error


def _check_model(model: str) -> None:
    if not model or "," in model or model != model.strip() or len(model) > 200:
        raise SettingError(
            f"A provider's model cannot be {model[:60]!r}.", "Write provider/model, such as ollama_chat/llama3.2."
        )


# What a form offers to begin with: title to fields.
PRESETS: dict[str, dict[str, Any]] = {
    "Ollama on this machine": {
        "name": "ollama",
        "model": "ollama_chat/llama3.2",
        "api_base": "http://localhost:11434",
        "first_token_timeout_s": 60.0,
    },
    "OpenAI-compatible address": {
        "name": "local",
        "model": "hosted_vllm/MODEL",
        "api_base": "http://localhost:8000/v1",
    },
    "OpenAI": {"name": "openai", "model": "openai/gpt-4.1-mini", "api_key_env": "OPENAI_API_KEY"},
    "Anthropic": {"name": "anthropic", "model": "anthropic/claude-sonnet-4-5", "api_key_env": "ANTHROPIC_API_KEY"},
    "Mistral": {"name": "mistral", "model": "mistral/mistral-small-latest", "api_key_env": "MISTRAL_API_KEY"},
    "Gemini": {"name": "gemini", "model": "gemini/gemini-2.5-flash", "api_key_env": "GEMINI_API_KEY"},
    "Groq": {"name": "groq", "model": "groq/llama-3.3-70b-versatile", "api_key_env": "GROQ_API_KEY"},
    "OpenRouter": {
        "name": "openrouter",
        "model": "openrouter/openai/gpt-4.1-mini",
        "api_key_env": "OPENROUTER_API_KEY",
    },
}
