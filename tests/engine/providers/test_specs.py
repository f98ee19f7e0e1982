"""What may stand in a provider's settings."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import SettingError
from engine.providers.specs import PRESETS, ProviderSpec, build_provider


@pytest.mark.parametrize("title", PRESETS)
def test_every_preset_is_a_provider(title: str) -> None:
    spec = build_provider(PRESETS[title])
    assert build_provider(spec.as_json()) == spec


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": ""}, "needs its model"),
        ({"name": ""}, "needs its name"),
        ({"name": "a/b"}, "cannot be called"),
        ({"name": "x" * 65}, "cannot be called"),
        ({"name": "<script>"}, "cannot be called"),
        ({"model": "a,b"}, "model cannot be"),
        ({"api_base": "localhost:11434"}, "no http address"),
        ({"api_base": "http://me:secret@host"}, "no http address"),
        ({"api_base": "file:///etc/passwd"}, "no http address"),
        ({"api_key_env": "sk-abc 123"}, "not the name of an environment variable"),
        ({"connect_timeout_s": 0}, "connect_timeout_s"),
        ({"total_timeout_s": "nan"}, "total_timeout_s"),
        ({"total_timeout_s": "soon"}, "total_timeout_s"),
        ({"prompt_usd_per_million": -1, "completion_usd_per_million": 1}, "below 0"),
        ({"prompt_usd_per_million": 1}, "one of its two prices"),
        ({"temperature": 1}, "no field 'temperature'"),
        ({"enabled": "maybe"}, "enabled"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_words(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        build_provider({"name": "ok", "model": "openai/x", **fields})
    assert caught.value.hint and "secret" not in caught.value.message and "sk-abc" not in caught.value.message


def test_texts_of_a_form_are_trimmed_and_read() -> None:
    spec = build_provider({"name": " a ", "model": " openai/x ", "api_base": " http://h:1/v1/ ", "priority": "3"})
    assert spec == ProviderSpec(name="a", model="openai/x", api_base="http://h:1/v1", priority=3)
