"""Profiles: how the engine serves, by environment and policy, and where each value comes from.

    shipped default  <  profile  <  saved on the Settings screen  <  environment variable  <  command line

The environment (dev, staging, prod) decides memory, limits and what is redacted; the policy (cost_optimized, balanced,
quality_optimized) decides the model and how its answers are checked. Every one of the nine combinations is a profile.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UnknownNameError
from engine.profile_fields import parse_field
from engine.profile_table import ENVIRONMENTS, FIELDS, POLICIES, PROFILES, SHIPPED, TIERS, Profile, Tier, build_profile
from engine.settings import PipelineSettings

__all__ = [
    "ENVIRONMENTS",
    "FIELDS",
    "POLICIES",
    "PREFERENCE",
    "PROFILES",
    "SHIPPED",
    "TIERS",
    "VARIABLES",
    "Profile",
    "ResolvedProfile",
    "Tier",
    "build_profile",
    "load_profile",
    "settings_of",
    "trace_settings",
]

DEFAULT = ("dev", "balanced")
VARIABLES = {
    "environment": ("PHASEGATE_ENV", "MULTIAGENT_ENV"),
    "policy": ("PHASEGATE_POLICY", "MULTIAGENT_POLICY"),
}
"""The first that is set counts; the second is the name that the multi-agent document uses."""
PREFERENCE = "profile"
"""The saved preference that holds environment, policy and single fields."""
SCREEN, COMMAND_LINE, VARIABLE, SHIPPED_DEFAULT = (
    "saved on the Settings screen", "command line", "environment variable", "shipped default",
)  # fmt: skip
STRONG = (VARIABLE, COMMAND_LINE)
"""Origins that win against what is saved for the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProfile:
    """The profile that is in force.

    Attributes:
        origins: field to where its value comes from, in words.
        chosen: whether somebody chose the environment or the policy; until then answers stay extractive.
        note: which model answers, and why; when none does, what would change that.
    """

    profile: Profile
    origins: Mapping[str, str]
    chosen: bool
    note: str


def load_profile(
    environ: Mapping[str, str] | None = None,
    saved: Mapping[str, Any] | None = None,
    *,
    providers: Sequence[str] = (),
    given: Mapping[str, Any] | None = None,
) -> ResolvedProfile:
    """The profile in force, each value with its origin.

    Args:
        environ: environment variables, by default the process's own.
        saved: what the Settings screen saved: ``environment``, ``policy`` and single fields.
        providers: names of the saved and enabled providers, in their order.
        given: the same names as in ``saved``, from the command line.

    Raises:
        UnknownNameError: no such environment, policy or field.
        SettingError: a value of the wrong type or out of range; the message says where it stands.
    """
    environ = os.environ if environ is None else environ
    layers = _read_layers(environ, saved or {}, given or {})
    selected = _select(environ, layers)
    profile = build_profile(selected["environment"][0], selected["policy"][0])
    defaults = {f.name: f.default for f in dataclasses.fields(Profile)}
    origins = {name: origin for name, (_, origin) in selected.items()}
    origins |= {
        name: SHIPPED_DEFAULT if getattr(profile, name) == defaults[name] else f"profile {profile.name}"
        for name in FIELDS
    }
    values: dict[str, Any] = {}
    for layer in layers:
        for name, (value, origin) in layer.items():
            if name in FIELDS:
                values[name], origins[name] = parse_field(name, value, origin), origin
    chosen = any(origin != SHIPPED_DEFAULT for _, origin in selected.values())
    tier = values.get("tier", profile.tier)
    provider, model, note = _resolve_model(tier, values, environ, providers, chosen)
    origins |= {name: f"tier {tier}" for name in ("provider", "model") if name not in values}
    values |= {"provider": provider, "model": model}
    return ResolvedProfile(profile=dataclasses.replace(profile, **values), origins=origins, chosen=chosen, note=note)


def settings_of(resolved: ResolvedProfile, base: PipelineSettings, explicit: Collection[str] = ()) -> PipelineSettings:
    """The pipeline's settings under a profile.

    A field of ``explicit`` (what a request asks for) stays. A field of ``base`` that differs from the shipped default was
    saved on purpose and stays too, unless a variable or the command line says otherwise. Where ``base`` asks a model by
    itself, the profile says how its answers are checked.
    """
    return trace_settings(resolved, base, explicit)[0]


def trace_settings(
    resolved: ResolvedProfile, base: PipelineSettings, explicit: Collection[str] = ()
) -> tuple[PipelineSettings, dict[str, str]]:
    """As ``settings_of``; beside it the fields that the profile decided, with their origins."""
    profile, shipped = resolved.profile, PipelineSettings()
    values = {name: getattr(profile, name) for name in ("provider", "model", "validators", "consensus")}
    firm = {name for name in values if resolved.origins[name].startswith(STRONG)}
    kept = {
        name
        for name in values
        if name in explicit or (name not in firm and getattr(base, name) != getattr(shipped, name))
    }
    taken = {name: value for name, value in values.items() if name not in kept}
    if taken.get("provider", base.provider) == "extractive":
        taken = {"provider": "extractive"}
    settings = base.with_values(taken)
    return settings, {name: resolved.origins[name] for name in taken if taken[name] != getattr(base, name)}


_Layer = dict[str, tuple[Any, str]]


def _read_layers(environ: Mapping[str, str], saved: Mapping[str, Any], given: Mapping[str, Any]) -> list[_Layer]:
    """What overrides the profile, weakest first: name to value and origin."""
    known = (*VARIABLES, *FIELDS)
    for layer in (saved, given):
        for name in layer:
            if name not in known:
                raise UnknownNameError("field of a profile", name, known)
    variables = {f"PHASEGATE_{name.upper()}": name for name in FIELDS}
    return [
        {name: (value, SCREEN) for name, value in saved.items()},
        {name: (environ[v], f"{VARIABLE} {v}") for v, name in variables.items() if environ.get(v)},
        {name: (value, COMMAND_LINE) for name, value in given.items()},
    ]


def _select(environ: Mapping[str, str], layers: Sequence[_Layer]) -> dict[str, tuple[str, str]]:
    """Environment and policy, each with its origin."""
    saved, _, given = layers
    selected = {}
    for (part, names), default in zip(VARIABLES.items(), DEFAULT, strict=True):
        variable = next((name for name in names if environ.get(name)), "")
        from_environment = (environ[variable].strip().lower(), f"{VARIABLE} {variable}") if variable else None
        value, origin = given.get(part) or from_environment or saved.get(part) or (default, SHIPPED_DEFAULT)
        selected[part] = (str(value), origin)
    return selected


def _resolve_model(
    tier: str, values: Mapping[str, Any], environ: Mapping[str, str], providers: Sequence[str], chosen: bool
) -> tuple[str, str, str]:
    """Provider, model, and why."""
    provider, model = values.get("provider", ""), values.get("model", "")
    if provider == "extractive":
        return "extractive", model, "Answers are extractive because provider says so."
    if model:
        return "litellm", model, f"Answers come from {model}, which is named in model."
    if provider == "" and not chosen:
        return (
            "extractive",
            "",
            (
                "Answers are extractive: nobody has chosen an environment or a policy. PHASEGATE_ENV, PHASEGATE_POLICY or the "
                "Settings screen choose one."
            ),
        )
    if tier in providers:
        return "litellm", tier, f"Answers come from the saved provider called {tier}."
    if providers:
        return "litellm", "", f"Answers come from the saved providers, in their order: {', '.join(providers)}."
    shipped = TIERS[tier]
    if environ.get(shipped.key) or provider == "litellm":
        return "litellm", shipped.model, f"Tier {tier} is {shipped.model}."
    return (
        "extractive",
        "",
        (
            f"Answers are extractive: tier {tier} is {shipped.model}, but {shipped.key} is not set and no provider is saved. "
            "Save one under Settings, Models, or set the key."
        ),
    )
