"""Profiles: which one is in force, and where each value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SettingError, UnknownNameError
from engine.profile_fields import RANGES
from engine.profiles import (
    ENVIRONMENTS,
    FIELDS,
    POLICIES,
    PROFILES,
    SHIPPED,
    TIERS,
    build_profile,
    load_profile,
    settings_of,
    trace_settings,
)
from engine.saved_profile import list_provider_names, load_saved, resolve_profile, save_profile
from engine.settings import PipelineSettings
from engine.store import AuditTrail, open_store

KEY = {"OPENAI_API_KEY": "k"}


def test_every_environment_and_policy_is_a_profile_and_the_documents_five_are_among_them() -> None:
    assert len(PROFILES) == len(ENVIRONMENTS) * len(POLICIES)
    assert set(SHIPPED) <= set(PROFILES)


@pytest.mark.parametrize(
    ("name", "tier", "validators"),
    [
        ("dev_cost", "small", (1, 2)),
        ("dev_balanced", "medium", (2, 3)),
        ("staging_quality", "large", (3, 5)),
        ("prod_balanced", "medium", (2, 4)),
        ("prod_quality", "large", (3, 6)),
    ],
)
def test_a_shipped_profile_has_the_documents_model_and_validators(
    name: str, tier: str, validators: tuple[int, int]
) -> None:
    profile = PROFILES[name]
    assert (profile.tier, (profile.validators, profile.validators_max)) == (tier, validators)


def test_with_nothing_set_it_is_dev_balanced_and_the_pipeline_is_as_shipped() -> None:
    resolved = load_profile({}, {})
    assert (resolved.profile.name, resolved.chosen) == ("dev_balanced", False)
    assert settings_of(resolved, PipelineSettings()) == PipelineSettings()


def test_a_key_alone_does_not_make_a_model_answer() -> None:
    assert load_profile(KEY).profile.provider == "extractive"


def test_a_chosen_environment_with_a_key_asks_the_tiers_model() -> None:
    resolved = load_profile({"PHASEGATE_ENV": "prod", **KEY})
    settings = settings_of(resolved, PipelineSettings())
    assert (settings.provider, settings.model) == ("litellm", TIERS["medium"].model)
    assert (settings.validators, settings.consensus) == (2, 0.6)


def test_a_chosen_environment_without_key_or_provider_stays_extractive_and_says_what_is_missing() -> None:
    resolved = load_profile({"PHASEGATE_ENV": "prod"})
    assert settings_of(resolved, PipelineSettings()) == PipelineSettings()
    assert "OPENAI_API_KEY is not set and no provider is saved" in resolved.note


def test_saved_providers_stand_for_the_tier_and_one_called_like_it_goes_first() -> None:
    both = load_profile({"PHASEGATE_ENV": "prod"}, providers=("ollama", "spare"))
    named = load_profile({"PHASEGATE_ENV": "prod"}, providers=("ollama", "medium"))
    assert (both.profile.provider, both.profile.model) == ("litellm", "")
    assert named.profile.model == "medium"


def test_the_documents_variables_work_and_ours_go_first() -> None:
    theirs = {"MULTIAGENT_ENV": "staging", "MULTIAGENT_POLICY": "quality_optimized"}
    assert load_profile(theirs).profile.name == "staging_quality"
    mixed = load_profile({**theirs, "PHASEGATE_ENV": "prod"})
    assert mixed.profile.name == "prod_quality"
    assert mixed.origins["environment"] == "environment variable PHASEGATE_ENV"
    assert mixed.origins["policy"] == "environment variable MULTIAGENT_POLICY"


@pytest.mark.parametrize("variable", ["PHASEGATE_ENV", "MULTIAGENT_ENV"])
def test_an_unknown_environment_is_an_error_that_lists_the_known_ones(variable: str) -> None:
    with pytest.raises(UnknownNameError, match="dev, prod, staging"):
        load_profile({variable: "production"})


def test_each_layer_wins_against_the_one_below_it_and_is_named() -> None:
    saved = {"environment": "prod", "concurrency": 4}
    assert load_profile({}, {}).origins["concurrency"] == "shipped default"
    assert load_profile({}, {"environment": "prod"}).origins["concurrency"] == "profile prod_balanced"
    stored = load_profile({}, saved)
    assert (stored.profile.concurrency, stored.origins["concurrency"]) == (4, "saved on the Settings screen")
    variable = {"PHASEGATE_CONCURRENCY": "6"}
    by_variable = load_profile(variable, saved)
    assert by_variable.profile.concurrency == 6
    assert by_variable.origins["concurrency"] == "environment variable PHASEGATE_CONCURRENCY"
    by_hand = load_profile(variable, saved, given={"concurrency": "8", "environment": "dev"})
    assert (by_hand.profile.name, by_hand.profile.concurrency) == ("dev_balanced", 8)
    assert by_hand.origins["concurrency"] == "command line"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("memory_mb", "2048", 2048),
        ("consensus", "0.75", 0.75),
        ("semantic_cache", "off", False),
        ("streaming", "TRUE", True),
        ("redact_pii", "answers, logs", ("logs", "answers")),
        ("redact_pii", "none", ()),
        ("injection", "refuse", "refuse"),
        ("model", " ollama/llama3.2 ", "ollama/llama3.2"),
    ],
)
def test_a_variable_is_read_as_its_fields_type(name: str, text: str, value: object) -> None:
    assert getattr(load_profile({f"PHASEGATE_{name.upper()}": text}).profile, name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("memory_mb", "lots"),
        ("memory_mb", "64.5"),
        ("concurrency", "0"),
        ("consensus", "nan"),
        ("streaming", "maybe"),
        ("redact_pii", "everywhere"),
        ("injection", "ignore"),
        ("tier", "huge"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_where_it_stands(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=rf"{name} \(environment variable PHASEGATE_{name.upper()}\): expected"):
        load_profile({f"PHASEGATE_{name.upper()}": text})


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="colour"):
        load_profile({}, given={"colour": "blue"})


def test_fewest_validators_may_not_exceed_most() -> None:
    with pytest.raises(SettingError, match="validators 5 must not exceed validators_max 3"):
        load_profile({"PHASEGATE_VALIDATORS": "5"})


def test_every_number_of_every_profile_is_within_its_range() -> None:
    for profile in PROFILES.values():
        for name, (low, high) in RANGES.items():
            assert low <= getattr(profile, name) <= high, (profile.name, name)
    assert set(RANGES) <= set(FIELDS)


def test_what_is_saved_for_the_pipeline_stays_and_a_variable_wins_against_it() -> None:
    base = PipelineSettings(provider="litellm", model="ollama/llama3.2")
    under_profile = settings_of(load_profile({"PHASEGATE_ENV": "prod", **KEY}), base)
    assert (under_profile.model, under_profile.validators) == ("ollama/llama3.2", 2)
    forced, origins = trace_settings(load_profile({"PHASEGATE_MODEL": "openai/gpt-4o"}), base)
    assert (forced.model, origins["model"]) == ("openai/gpt-4o", "environment variable PHASEGATE_MODEL")


def test_what_a_request_asks_for_stays_even_at_its_default() -> None:
    resolved = load_profile({"PHASEGATE_ENV": "prod", **KEY})
    settings = settings_of(resolved, PipelineSettings(), {"provider"})
    assert settings == PipelineSettings()
    assert settings_of(resolved, PipelineSettings(provider="litellm"), {"validators"}).validators == 0


def test_saving_leaves_an_entry_in_the_audit_trail_and_keeps_nothing_that_cannot_be(home: Path) -> None:
    with open_store() as store:
        with pytest.raises(SettingError):
            save_profile(store, {"concurrency": 0}, "Ada")
        assert load_saved(store) == {}
        saved = save_profile(store, {"environment": "prod", "policy": "", "queue": 7}, "Ada", "load test")
        assert (saved.profile.name, saved.profile.queue) == ("prod_balanced", 7)
        (entry,) = AuditTrail(store).list_entries("profile")
        assert (entry["who"], entry["reason"], entry["before"]) == ("Ada", "load test", {})
        assert entry["after"] == {"environment": "prod", "queue": 7}
        save_profile(store, {"environment": "prod", "queue": 7}, "Ada")
        assert len(AuditTrail(store).list_entries("profile")) == 1


def test_providers_are_listed_by_priority_without_those_turned_off(home: Path) -> None:
    from engine.store.liveness import utc_now

    with open_store() as store:
        for name, config in {"b": {"priority": 1}, "a": {"priority": 2}, "c": {"enabled": False}}.items():
            row = {"name": name, "config": config, "updated_by": "t", "updated_at": utc_now()}
            store.insert("providers", [row])
        assert list_provider_names(store) == ("b", "a")
        assert resolve_profile(store, environ={"PHASEGATE_ENV": "dev"}).profile.provider == "litellm"


def test_building_refuses_an_unknown_policy() -> None:
    with pytest.raises(UnknownNameError, match="cost_optimized"):
        build_profile("dev", "cheap")
