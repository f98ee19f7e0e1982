"""Controls and links of the Tuning lab."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.settings import CHOICES, PRESETS, RANGES, PipelineSettings
from engine.views.tuning_controls import (
    BASIC,
    FURTHER,
    build_controls,
    find_overrides,
    find_preset,
    fit_overlap,
    is_link,
    list_changes,
    read_link,
    write_link,
)

SHIPPED = PipelineSettings()


def values_of(name: str) -> st.SearchStrategy[Any]:
    default = getattr(SHIPPED, name)
    if name in CHOICES:
        return st.sampled_from(CHOICES[name])
    if name in ("embedder", "model", "filter", "reranker", "prompt"):
        return st.text(max_size=12)
    low, high = RANGES[name]
    return st.integers(int(low), int(high)) if isinstance(default, int) else st.floats(low, high)


@st.composite
def settings(draw: st.DrawFn) -> PipelineSettings:
    changed = draw(st.sets(st.sampled_from(list(SHIPPED.as_dict())), max_size=6))
    values = {name: draw(values_of(name)) for name in changed}
    size = values.get("chunk_size", SHIPPED.chunk_size)
    values["chunk_overlap"] = min(values.get("chunk_overlap", SHIPPED.chunk_overlap), size - 1)
    return SHIPPED.with_values(values)


@given(here=settings(), saved=settings(), elsewhere=settings(), baseline=st.none() | settings())
def test_a_link_restores_its_settings_on_a_machine_with_other_defaults(
    here: PipelineSettings, saved: PipelineSettings, elsewhere: PipelineSettings, baseline: PipelineSettings | None
) -> None:
    query = write_link(here, saved, baseline)
    if here == saved == SHIPPED:
        assert not (set(query) - {"baseline"})
        return
    link = read_link(query, elsewhere)
    assert (link.settings, link.baseline, link.problems) == (here, baseline, ())


def test_a_link_names_only_what_differs_from_the_shipped_defaults() -> None:
    assert write_link(SHIPPED, SHIPPED) == {}
    assert write_link(SHIPPED.with_values({"top_k": 7}), SHIPPED) == {"top_k": "7"}
    assert write_link(SHIPPED, SHIPPED.with_values({"top_k": 7})) == {"base": "shipped"}


def test_a_visit_without_settings_begins_with_the_saved_defaults() -> None:
    saved = SHIPPED.with_values({"top_k": 7})
    assert not is_link({"suite": "stories", "case": "a"})
    assert read_link({"suite": "stories"}, saved).settings == saved


def test_what_is_wrong_in_a_link_is_said_and_the_rest_is_kept() -> None:
    link = read_link({"chunk_size": "512", "top_k": "many", "mode": "telepathy", "weight": "0.7"}, SHIPPED)
    assert link.settings == SHIPPED.with_values({"chunk_size": 512, "weight": 0.7})
    assert [p.split(":")[0] for p in link.problems] == ["top_k", "mode"]
    assert all(p.endswith("It was left out.") for p in link.problems)


@pytest.mark.parametrize("query", [{"chunk_size": "200"}, {"chunk_size": "200", "chunk_overlap": "300"}])
def test_an_overlap_that_does_not_fit_its_size_is_lowered(query: dict[str, str]) -> None:
    link = read_link({**query, "top_k": "9"}, SHIPPED)
    assert (link.settings.chunk_size, link.settings.chunk_overlap, link.settings.top_k) == (200, 100, 9)
    assert link.problems == ("The overlap has to be smaller than the chunk size of 200, so it was set to 100.",)


@given(size=st.integers(50, 20_000), wanted=st.integers(0, 10_000))
def test_a_fitted_overlap_is_always_smaller_than_the_size(size: int, wanted: int) -> None:
    assert 0 <= fit_overlap(size, wanted) < size
    assert wanted >= size or fit_overlap(size, wanted) == wanted


@given(settings())
def test_every_value_lies_within_its_control(chosen: PipelineSettings) -> None:
    for control in build_controls(chosen, (*BASIC, *FURTHER)):
        if control.options:
            assert control.value in control.options
        else:
            assert control.low <= control.value <= control.high
            assert type(control.low) is type(control.high) is type(control.step) is type(control.value)


def test_a_control_says_when_it_changes_nothing() -> None:
    def weight(mode: str) -> str:
        return build_controls(SHIPPED.with_values({"mode": mode}), ("weight",))[0].disabled

    assert weight("hybrid") == ""
    assert "the search is dense" in weight("dense")


def test_a_preset_is_recognised_on_top_of_the_saved_defaults() -> None:
    saved = SHIPPED.with_values({"weight": 0.7})
    assert find_preset(saved.with_values(PRESETS["accurate"]), saved) == "accurate"
    assert find_preset(SHIPPED.with_values({"top_k": 3}), saved) is None


def test_changes_and_overrides_name_the_settings_that_differ() -> None:
    changed = SHIPPED.with_values({"top_k": 7, "mode": "dense"})
    assert list_changes(changed, SHIPPED) == (f"mode {SHIPPED.mode} → dense", f"top_k {SHIPPED.top_k} → 7")
    assert find_overrides(changed, SHIPPED) == {"mode": "dense", "top_k": 7}
