from __future__ import annotations

import pytest

from engine.errors import InputError, SettingError, UnknownNameError
from engine.evaluation.sweep_space import Dimension, combine, key_of, parse_space, restore_space
from engine.settings import PipelineSettings


def test_values_are_read_as_the_settings_type() -> None:
    space = parse_space(["chunk_size=256, 512", "weight=0,0.5", "mode=hybrid,dense"], "grid")
    assert [(d.name, d.values) for d in space] == [
        ("chunk_size", (256, 512)),
        ("weight", (0.0, 0.5)),
        ("mode", ("hybrid", "dense")),
    ]
    assert isinstance(space[1].values[0], float)


def test_values_given_twice_are_put_together_and_a_filter_keeps_its_commas() -> None:
    space = parse_space(["top_k=5", "top_k=10,5", "filter=", "filter=document=a*,content_type=markdown"], "grid")
    assert [d.values for d in space] == [(5, 10), ("", "document=a*,content_type=markdown")]


@pytest.mark.parametrize(
    ("texts", "search", "message"),
    [
        ([], "grid", "needs settings to vary"),
        (["top_k"], "grid", "not of the form name=values"),
        (["nosuch=1,2"], "grid", "no setting called 'nosuch'. Known: answer_words"),
        (["top_k="], "grid", "a value is missing"),
        (["top_k=5,,6"], "grid", "a value is missing"),
        (["top_k=5"], "grid", "one value, 5"),
        (["top_k=5,5"], "grid", "one value, 5"),
        (["top_k=5,x"], "grid", "expected a whole number, found 'x'"),
        (["top_k=5,500"], "grid", "expected 1 to 200, found 500"),
        (["mode=hybrid,foo"], "grid", "expected one of hybrid, dense, lexical"),
        (["chunk_size=200:2000"], "grid", "a grid needs values"),
        (["chunk_size=2000:200"], "random", "does not grow"),
        (["chunk_size=200:400:600"], "random", "is no range"),
        (["chunk_size=200:400,800"], "random", "is no range"),
        (["chunk_size=200:400", "chunk_size=800"], "random", "a range stands alone"),
        (["provider=extractive,litellm"], "grid", "changes only what is written"),
        (["temperature=0:1"], "random", "changes only what is written"),
        (["embedder=minilm,openai/x"], "grid", "bundled model and cannot change it"),
        (["precision=exact,fast"], "grid", "one precision"),
        (["pooling=separate,late"], "grid", "would score alike"),
        (["reranker=none,cohere/rerank-v3"], "grid", "needs a remote model"),
        (["top_k=1,2"], "nosuch", "no search called 'nosuch'"),
        ([f"{n}={','.join(map(str, range(60, 160)))}" for n in ("chunk_size", "top_k")], "grid", "10,000 combinations"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused(texts: list[str], search: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_space(texts, search)
    assert message in refused.value.message
    assert refused.value.exit_code == 2
    assert refused.value.hint or isinstance(refused.value, UnknownNameError) or "expected" in message


def test_a_remote_setting_that_is_fixed_is_refused_with_the_command_that_can() -> None:
    with pytest.raises(SettingError) as refused:
        combine(PipelineSettings(embedder="openai/text-embedding-3-small"), {"top_k": 5})
    assert "engine run SUITE --set embedder=openai/text-embedding-3-small" in refused.value.hint


def test_an_impossible_combination_is_an_error_of_its_own_though_each_value_is_fine() -> None:
    space = parse_space(["chunk_size=100,2000", "chunk_overlap=0,1500"], "grid")
    assert [d.values for d in space] == [(100, 2000), (0, 1500)]
    assert combine(PipelineSettings(), {"chunk_size": 2000, "chunk_overlap": 1500}).chunk_overlap == 1500
    with pytest.raises(SettingError, match="must be smaller than chunk_size 100"):
        combine(PipelineSettings(), {"chunk_size": 100, "chunk_overlap": 1500})


def test_large_ranges_of_sizes_are_drawn_on_a_log_scale_within_their_ends() -> None:
    size, weight = parse_space(["chunk_size=100:1600", "weight=0.2:0.8"], "random")
    assert size.log and not weight.log
    assert (size.at(0.0), weight.at(0.5)) == (100, 0.5)
    assert abs(size.at(0.5) - 400) <= 2  # half-way on the log scale
    assert {size.at(x / 999) for x in range(1000)} <= set(range(100, 1601))
    assert size.at(0.999999) == 1600


def test_a_space_survives_the_store() -> None:
    space = parse_space(["chunk_size=100:1600", "mode=hybrid,dense"], "bayesian")
    assert restore_space([d.as_json() for d in space]) == space


def test_equal_settings_have_one_key_whether_they_are_named_or_not() -> None:
    base = PipelineSettings()
    assert key_of(base, {"top_k": base.top_k}) == key_of(base, {})
    assert key_of(base, {"top_k": 3}) != key_of(base, {})
    assert Dimension(name="top_k", values=(1, 2)).words == "1,2"
