"""The profile in force: each value, where it comes from, what else it could be; and two profiles beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import PhasegateError
from engine.profile_fields import CHOICES, FLOATS, PLACES, RANGES, SWITCHES
from engine.profile_table import FIELD_WORDS
from engine.profiles import (
    ENVIRONMENTS,
    FIELDS,
    POLICIES,
    PROFILES,
    SHIPPED,
    SHIPPED_DEFAULT,
    TIERS,
    VARIABLES,
    Profile,
    ResolvedProfile,
    build_profile,
    load_profile,
    trace_settings,
)
from engine.saved_profile import SUBJECT, list_provider_names, load_saved, resolve_profile
from engine.settings import PRESETS, PipelineSettings, load_settings
from engine.store import AuditTrail, PreferenceStore, Store
from engine.views.settings import FIELD_WORDS as SETTING_WORDS
from engine.views.words import DASH, clock, setting_value

PRECEDENCE = (
    "shipped default",
    "profile",
    "saved on the Settings screen",
    "preset of the request",
    "environment variable",
    "command line or request",
)
_CHANGES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One value: what it is, where it comes from, and what the profile alone would say."""

    name: str
    value: str
    origin: str
    profile_value: str
    variable: str
    meaning: str

    @property
    def overridden(self) -> bool:
        """Whether something stands above the profile."""
        return not self.origin.startswith(("shipped default", "profile ", "tier "))

    def as_json(self) -> dict[str, Any]:
        """One entry of ``values``."""
        return {
            "name": self.name,
            "value": self.value,
            "origin": self.origin,
            "profile": self.profile_value,
            "variable": self.variable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EditField:
    """A field as the form draws it: one of a list, a switch, some of a list, a number or a text; None is not saved."""

    name: str
    saved: Any
    shown: str
    choices: tuple[str, ...]
    several: bool
    low: float | None
    high: float | None
    whole: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileView:
    """All that the command and the screen show.

    Attributes:
        problem: why the saved values or the variables cannot be used; the shipped profile is shown instead.
        pipeline: settings of the pipeline that profile, presets or saved defaults decide, with their origins.
        differences: fields in which the two compared profiles differ.
        changes: the newest entries of the audit trail.
    """

    name: str
    environment: str
    policy: str
    chosen: bool
    note: str
    problem: str
    rows: tuple[ProfileRow, ...]
    pipeline: tuple[ProfileRow, ...]
    tiers: tuple[Mapping[str, str], ...]
    fields: tuple[EditField, ...]
    saved: Mapping[str, Any]
    names: tuple[str, ...]
    left: str
    right: str
    differences: tuple[Mapping[str, str], ...]
    changes: tuple[Mapping[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """What ``profile --json`` prints."""
        return {
            "profile": self.name,
            "environment": self.environment,
            "policy": self.policy,
            "chosen": self.chosen,
            "note": self.note,
            "precedence": list(PRECEDENCE),
            "values": [row.as_json() for row in self.rows],
            "pipeline": [row.as_json() for row in self.pipeline],
            "tiers": [dict(tier) for tier in self.tiers],
            "profiles": list(self.names),
        }


def load_profile_view(
    store: Store,
    given: Mapping[str, Any] | None = None,
    preset: str | None = None,
    *,
    left: str = "",
    right: str = "",
    zone: str | None = None,
) -> ProfileView:
    """The profile in force. With ``given`` or ``preset`` from a command line, errors are raised; a screen shows them.

    Raises:
        UnknownNameError: ``given`` or a variable names what is not there.
        SettingError: a value that cannot be.
    """
    problem = ""
    try:
        resolved = resolve_profile(store, given)
    except PhasegateError as error:
        if given is not None:
            raise
        resolved = load_profile({}, {}, providers=list_provider_names(store))
        problem = f"{error.message} {error.hint}".strip()
    saved = load_saved(store)
    profile = resolved.profile
    pipeline = _trace_pipeline(store, resolved, preset)
    first = left if left in PROFILES else profile.name
    second = right if right in PROFILES else next(name for name in ("prod_quality", "prod_balanced") if name != first)
    return ProfileView(
        name=profile.name,
        environment=profile.environment,
        policy=profile.policy,
        chosen=resolved.chosen,
        note=_describe_model(resolved, pipeline),
        problem=problem,
        rows=tuple(_list_rows(resolved)),
        pipeline=pipeline,
        tiers=_list_tiers(list_provider_names(store)),
        fields=tuple(_edit_field(name, saved, profile) for name in FIELDS if name not in ("provider", "model")),
        saved=saved,
        names=tuple(sorted(PROFILES, key=lambda name: (name not in SHIPPED, name))),
        left=first,
        right=second,
        differences=_compare(PROFILES[first], PROFILES[second]),
        changes=_list_changes(store, zone),
    )


def _describe_model(resolved: ResolvedProfile, pipeline: Sequence[ProfileRow]) -> str:
    """Which model answers, and why: by the profile, unless a setting of the pipeline has a model asked all the same."""
    asked = next(row for row in pipeline if row.name == "provider")
    if resolved.profile.provider == asked.value or asked.value == "extractive":
        return resolved.note
    named = next(row for row in pipeline if row.name == "model").value
    by = "the saved providers, in their order" if named == DASH else named
    return f"Answers come from {by}: the setting provider, {asked.origin}, asks models."


def _list_rows(resolved: ResolvedProfile) -> list[ProfileRow]:
    profile = resolved.profile
    alone = build_profile(profile.environment, profile.policy)
    rows = [
        _row(part, getattr(profile, part), resolved.origins[part], DASH, " or ".join(VARIABLES[part]))
        for part in ("environment", "policy")
    ]
    return rows + [
        _row(
            name,
            getattr(profile, name),
            resolved.origins[name],
            _write(getattr(alone, name)),
            f"PHASEGATE_{name.upper()}",
        )
        for name in FIELDS
    ]


def _row(name: str, value: Any, origin: str, profile_value: str, variable: str) -> ProfileRow:
    return ProfileRow(
        name=name,
        value=_write(value),
        origin=origin,
        profile_value=profile_value,
        variable=variable,
        meaning=FIELD_WORDS.get(name, "") or SETTING_WORDS.get(name, ""),
    )


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return setting_value(value)


def _trace_pipeline(store: Store, resolved: ResolvedProfile, preset: str | None) -> tuple[ProfileRow, ...]:
    """Settings of the pipeline that something other than the shipped default decides, and what presets would set."""
    saved = PreferenceStore(store).load_preference("pipeline", {}) or {}
    try:
        base = load_settings(None, saved)
    except PhasegateError:  # the Pipeline section says what is wrong with them, and leaves them out too
        base, saved = PipelineSettings(), {}
    origins = dict.fromkeys(saved, "saved on the Settings screen")
    if preset:
        load_settings(preset)
        base = base.with_values(PRESETS[preset])
        origins |= dict.fromkeys(PRESETS[preset], f"preset {preset}")
    settings, decided = trace_settings(resolved, base)
    origins |= {
        name: f"profile {resolved.profile.name}" if origin == SHIPPED_DEFAULT else origin
        for name, origin in decided.items()
    }
    shipped = PipelineSettings().as_dict()
    names = dict.fromkeys([*PRESETS["balanced"], "provider", "model", "validators", "consensus", *origins])
    return tuple(
        _row(name, getattr(settings, name), origins.get(name, "shipped default"), _write(shipped[name]), "")
        for name in names
    )


def _list_tiers(providers: Sequence[str]) -> tuple[Mapping[str, str], ...]:
    rows = []
    for name, tier in TIERS.items():
        if name in providers:
            now = f"saved provider {name}"
        elif providers:
            now = f"saved providers: {', '.join(providers)}"
        else:
            now = f"{tier.model}, once {tier.key} is set"
        policies = ", ".join(policy for policy in POLICIES if build_profile(ENVIRONMENTS[0], policy).tier == name)
        rows.append({"tier": name, "policy": policies, "model": tier.model, "key": tier.key, "stands for now": now})
    return tuple(rows)


def _edit_field(name: str, saved: Mapping[str, Any], profile: Profile) -> EditField:
    low, high = RANGES.get(name, (None, None))
    choices = ("on", "off") if name in SWITCHES else PLACES if name == "redact_pii" else CHOICES.get(name, ())
    value = saved.get(name)
    return EditField(
        name=name,
        saved=_write(value) if name in SWITCHES and value is not None else value,
        shown=_write(getattr(profile, name)),
        choices=choices,
        several=name == "redact_pii",
        low=low,
        high=high,
        whole=name not in FLOATS,
        meaning=FIELD_WORDS.get(name, ""),
    )


def _compare(left: Profile, right: Profile) -> tuple[Mapping[str, str], ...]:
    return tuple(
        {"field": name, "left": _write(getattr(left, name)), "right": _write(getattr(right, name))}
        for name in ("environment", "policy", *FIELDS)
        if getattr(left, name) != getattr(right, name)
    )


def _list_changes(store: Store, zone: str | None) -> tuple[Mapping[str, str], ...]:
    return tuple(
        {
            "when": clock(entry["happened_at"], zone),
            "who": entry["who"],
            "before": setting_value(entry["before"]),
            "after": setting_value(entry["after"]),
            "reason": entry["reason"] or DASH,
        }
        for entry in AuditTrail(store).list_entries(SUBJECT, _CHANGES_SHOWN)
    )
