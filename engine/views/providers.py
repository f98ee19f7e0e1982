"""Models on the Settings screen: who is asked in which order, how each is doing, and what a test said."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count as count_up
from typing import Any

from engine.profiles import STRONG, trace_settings
from engine.provider_setup import fill_preset
from engine.providers.breaker import CLOSED, DUE, OPEN, read_state
from engine.providers.provider import find_breaker
from engine.providers.specs import PRESETS, ProviderSpec
from engine.providers.trial import ProviderTrial, try_provider
from engine.saved_profile import resolve_profile
from engine.settings import load_settings
from engine.store import PreferenceStore, Store
from engine.store.liveness import utc_now
from engine.store.providers import ProviderStore
from engine.views.settings import save_settings
from engine.views.words import ago, count, decimal, milliseconds

OWN_ADDRESS = "the provider's own address"
STATE_WORDS = {
    "closed": ("answering", "green", "check_circle"),
    "open": ("left alone", "red", "block"),
    "half_open": ("being tried", "orange", "pending"),
    "due": ("tried next", "orange", "schedule"),
    "unused": ("not asked yet", "gray", "schedule"),
    "off": ("switched off", "gray", "toggle_off"),
    "no key": ("key missing", "orange", "key_off"),
}
STATE_HELP = {
    "closed": "Its circuit breaker is closed: it is asked.",
    "open": "It failed too often. Its circuit breaker is open: it is not asked until the cool-down is over.",
    "half_open": "Its circuit breaker is half-open: one call shows whether it is back.",
    "due": "It failed too often, and the cool-down of its circuit breaker is over: the next question tries it.",
    "unused": "No call of the last 24 hours went to it.",
    "off": "It is not asked. Its settings stay.",
    "no key": "The environment variable of its key is not set where the app runs.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCard:
    """A saved provider. ``state`` is a key of ``STATE_WORDS``; ``figures`` and ``history`` are ready to read."""

    name: str
    model: str
    where: str
    key: str
    waits: str
    prices: str
    state: str
    figures: str
    history: tuple[str, ...]
    enabled: bool
    first: bool
    last: bool
    spec: ProviderSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Whether models are asked at all, in words. ``can_begin``: they are not, and one click would have them asked."""

    words: str
    by_model: bool
    can_begin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWords:
    """A test in words; ``error`` is empty when it answered."""

    title: str
    figures: tuple[tuple[str, str], ...]
    error: str
    hint: str


def load_provider_cards(store: Store) -> tuple[ProviderCard, ...]:
    """The saved providers in the order in which they are asked."""
    providers = ProviderStore(store)
    specs, calls = providers.list_providers(), providers.summarise_calls()
    return tuple(_build_card(spec, calls.get(spec.name) or {}, i, len(specs)) for i, spec in enumerate(specs))


def describe_answering(store: Store) -> Answering:
    """Who answers a question by the saved settings and the profile of this process."""
    saved = PreferenceStore(store).load_preference("pipeline", {}) or {}
    resolved = resolve_profile(store)
    settings, origins = trace_settings(resolved, load_settings(None, saved))
    if settings.provider == "extractive":
        fixed = resolved.origins["provider"].startswith(STRONG)
        why = f", by {resolved.origins['provider']}" if fixed else " yet"
        ready = any(spec.enabled for spec in ProviderStore(store).list_providers())
        words = f"No model is asked{why}: answers are sentences of the documents."
        return Answering(words=words, by_model=False, can_begin=ready and not fixed)
    why = f" by {origins['provider']}" if "provider" in origins else ""
    words = (
        f"Models answer{why}: {settings.model}, the setting model."
        if settings.model
        else f"Models answer{why}, in this order."
    )
    return Answering(words=words, by_model=True, can_begin=False)


def let_models_answer(store: Store, who: str) -> None:
    """Have the saved providers asked from now on, where the settings leave it open which."""
    saved = PreferenceStore(store).load_preference("pipeline", {}) or {}
    save_settings(store, {**saved, "provider": "litellm"}, who, "models answer")


def list_presets() -> tuple[str, ...]:
    """Titles that a new provider's form may begin with."""
    return tuple(PRESETS)


def load_form_fields(title: str, spec: ProviderSpec | None, taken: Collection[str] = ()) -> dict[str, Any]:
    """What the form starts with: a saved provider's fields, or those of a preset under a name that is not taken."""
    if spec is not None:
        return spec.as_json()
    preset = fill_preset(title, {})
    name = next(n for i in count_up(1) if (n := preset["name"] + (f"-{i}" if i > 1 else "")) not in taken)
    blank = ProviderSpec(name="new", model="new/new").as_json()
    return {**blank, **preset, "name": name, "priority": 0}


def ask_provider(spec: ProviderSpec) -> TrialWords:
    """One small real call."""
    return describe_trial(try_provider(spec))


def describe_trial(trial: ProviderTrial) -> TrialWords:
    """A test's outcome as tiles."""
    if trial.error:
        return TrialWords(title=f"{trial.provider} did not answer", figures=(), error=trial.error, hint=trial.hint)
    cost = "unknown" if trial.cost_usd is None else f"{trial.cost_usd:.6f} USD"
    figures = (
        ("Model as answered", trial.model),
        ("Whole answer", milliseconds(trial.ms)),
        ("First token", milliseconds(trial.first_token_ms)),
        ("Tokens", f"{count(trial.prompt_tokens)} + {count(trial.completion_tokens)}"),
        ("Cost", cost),
    )
    return TrialWords(title=f"{trial.provider} answers", figures=figures, error="", hint="")


def _build_card(spec: ProviderSpec, calls: Mapping[str, Any], place: int, number: int) -> ProviderCard:
    breaker = find_breaker(spec)
    changes = breaker["changes"] if breaker else []
    return ProviderCard(
        name=spec.name,
        model=spec.model,
        where=spec.api_base or OWN_ADDRESS,
        key=spec.api_key_env,
        waits=f"{spec.connect_timeout_s:g} s to connect, {spec.first_token_timeout_s:g} s to the first token, "
        f"{spec.total_timeout_s:g} s in all",
        prices=_describe_prices(spec),
        state=_find_state(spec, breaker, calls),
        figures=_describe_calls(calls),
        history=tuple(
            f"{ago(c['changed_at'])}: {c['state'].replace('_', '-')}, {c['reason']}" for c in changes[::-1][:5]
        ),
        enabled=spec.enabled,
        first=place == 0,
        last=place == number - 1,
        spec=spec,
    )


def _find_state(spec: ProviderSpec, breaker: Mapping[str, Any] | None, calls: Mapping[str, Any]) -> str:
    if not spec.enabled:
        return "off"
    if spec.api_key_env and not os.environ.get(spec.api_key_env):
        return "no key"
    if breaker is not None:
        state = DUE if breaker["state"] == OPEN and not breaker["seconds_left"] else str(breaker["state"])
    else:
        state = read_state(calls.get("state") or CLOSED, calls.get("state_at"), utc_now())
    return "unused" if state == CLOSED and not calls.get("calls") else state


def _describe_calls(calls: Mapping[str, Any]) -> str:
    if not calls.get("calls"):
        return "No calls in the last 24 hours."
    words = f"{count(calls['calls'])} calls in the last 24 hours, {count(calls['failed'])} failed"
    return f"{words}, median {milliseconds(calls['median_ms'])}, the last one: {calls['last_outcome']}."


def _describe_prices(spec: ProviderSpec) -> str:
    if spec.prompt_usd_per_million is None or spec.completion_usd_per_million is None:
        return "by litellm's table"
    prompt, completion = decimal(spec.prompt_usd_per_million, 2), decimal(spec.completion_usd_per_million, 2)
    return f"{prompt} and {completion} USD for a million tokens of prompt and answer"
