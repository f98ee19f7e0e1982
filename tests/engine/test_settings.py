from __future__ import annotations

import dataclasses
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SettingError, UnknownNameError
from engine.settings import (
    CHOICES,
    INDEX_FIELDS,
    PRESETS,
    RANGES,
    PipelineSettings,
    home,
    load_settings,
    parse_assignments,
)

NAMES = [f.name for f in dataclasses.fields(PipelineSettings)]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_its_values_and_layers_go_over_it_in_turn(preset: str) -> None:
    settings = load_settings(preset)
    assert {name: getattr(settings, name) for name in PRESETS[preset]} == PRESETS[preset]
    layered = load_settings(preset, {"top_k": 3, "mode": "dense"}, {"top_k": "4"})
    assert (layered.top_k, layered.mode, layered.chunk_size) == (4, "dense", settings.chunk_size)


def test_balanced_is_the_default() -> None:
    assert load_settings("balanced") == load_settings() == PipelineSettings()


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="accurate, balanced, fast"):
        load_settings("turbo")


@pytest.mark.parametrize("name", RANGES)
def test_each_range_includes_its_ends_and_nothing_beyond(name: str) -> None:
    low, high = RANGES[name]
    kind = type(getattr(PipelineSettings(), name))
    loose: dict[str, Any] = {"chunk_size": 20_000, "chunk_overlap": 0} if name.startswith("chunk") else {}
    for value in (low, high):
        assert getattr(PipelineSettings().with_values(loose | {name: kind(value)}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(SettingError, match=f"{name}: expected"):
            PipelineSettings().with_values(loose | {name: kind(value)})


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_outside_the_list_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name}: expected one of {', '.join(CHOICES[name])}, found 'other'"):
        PipelineSettings().with_values({name: "other"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", "five"), ("top_k", "2.5"), ("top_k", 2.5), ("top_k", True), ("top_k", None), ("top_k", [1]), ("top_k", ""),
        ("weight", "half"), ("weight", True), ("weight", "nan"), ("weight", float("inf")), ("mode", 3), ("embedder", 1),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_what_was_expected(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=f"{name}: expected"):
        PipelineSettings().with_values({name: value})


def test_strings_and_whole_numbers_are_read_as_the_settings_type() -> None:
    settings = PipelineSettings().with_values({"top_k": "7", "weight": 1, "min_similarity": "-0.5"})
    assert (settings.top_k, settings.weight, settings.min_similarity) == (7, 1.0, -0.5)
    assert isinstance(settings.weight, float)


def test_an_overlap_as_large_as_the_chunk_is_refused_as_one_sentence() -> None:
    with pytest.raises(SettingError, match=r"^chunk_overlap 600 must be smaller than chunk_size 512\.$") as caught:
        PipelineSettings(chunk_size=512, chunk_overlap=600)
    assert caught.value.hint


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    for attempt in (lambda: PipelineSettings().with_values({"topk": 3}), lambda: parse_assignments(["topk=3"])):
        with pytest.raises(SettingError, match=r"called 'topk'.*top_k"):
            attempt()


def test_assignments_are_split_at_the_first_sign() -> None:
    assert parse_assignments(["model = a=b/c", "top_k=3", "top_k=4"]) == {"model": "a=b/c", "top_k": "4"}
    with pytest.raises(SettingError, match="name=value"):
        parse_assignments(["top_k"])


@pytest.mark.parametrize("name", [n for n in NAMES if n not in INDEX_FIELDS])
def test_settings_that_need_no_new_index_leave_the_fingerprint_alone(name: str) -> None:
    value = getattr(PipelineSettings(), name)
    other = {"mode": "dense", "fusion": "rrf", "provider": "litellm"}.get(name) or (
        value + 1 if isinstance(value, int) else value / 2 + 0.1 if isinstance(value, float) else "other"
    )
    other = {"answer_words": 20, "repair": 0}.get(name, other)
    changed = PipelineSettings().with_values({name: other})
    assert changed != PipelineSettings() and changed.index_fingerprint == PipelineSettings().index_fingerprint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chunker", "fixed"),
        ("chunk_size", 500),
        ("chunk_overlap", 0),
        ("chunk_unit", "tokens"),
        ("embedder", "a/b"),
        ("precision", "exact"),
    ],
)
def test_settings_that_need_a_new_index_change_the_fingerprint(name: str, value: Any) -> None:
    changed = PipelineSettings().with_values({name: value}).index_fingerprint
    assert changed != PipelineSettings().index_fingerprint
    assert len(changed) == 12 and set(changed) <= set(string.hexdigits)


@given(
    st.dictionaries(
        st.sampled_from(["top_k", "weight", "chunk_size", "mode", "answer_words"]),
        st.one_of(st.integers(-9, 99), st.floats(), st.text(max_size=5), st.none()),
    )
)
def test_settings_are_either_valid_or_refused_and_survive_a_round_trip(values: dict[str, Any]) -> None:
    try:
        settings = PipelineSettings().with_values(values)
    except SettingError:
        return
    assert PipelineSettings().with_values(settings.as_dict()) == settings


def test_the_state_folder_is_absolute_and_may_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "x" / ".." / "y"))
    assert home() == tmp_path / "y"
    for value in ("", None):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PHASEGATE_HOME", "") if value == "" else monkeypatch.delenv("PHASEGATE_HOME")
        assert home() == tmp_path / ".phasegate"
