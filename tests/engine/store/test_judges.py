"""Judges and their answers in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SettingError, UnknownNameError
from engine.judge_setup import choose_default, remove_judge, save_judge
from engine.judges import DEFAULT_JUDGE
from engine.store import AuditTrail, PreferenceStore, Store, open_store
from engine.store.judges import JudgeStore


@pytest.fixture
def opened(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_store(tmp_path) as store:
        yield store


def _answer(key: str, model: str = "ollama/a", cost: float | None = None) -> dict[str, object]:
    return {
        "key": key,
        "model": model,
        "answer": '{"score": 1}',
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "cost_usd": cost,
    }


def test_answers_are_found_by_key_and_counted_by_model(opened: Store) -> None:
    judges = JudgeStore(opened)
    judges.keep_answers([_answer(str(i), cost=0.5) for i in range(1200)])
    judges.keep_answers([_answer("other", "ollama/b")])
    save_judge(opened, "local", {"model": "ollama/a"}, "Ada")
    assert len(judges.known_keys("ollama/a")) == 1200
    assert len(judges.load_answers([*map(str, range(1100)), "gone"])) == 1100
    listed = judges.list_judges()[0]
    assert (listed["answers"], listed["cost_usd"]) == (1200, 600.0)


def test_an_answer_kept_twice_is_one(opened: Store) -> None:
    judges = JudgeStore(opened)
    for _ in range(2):
        judges.keep_answers([_answer("k")])
    assert judges.load_answers(["k"])["k"]["answer"] == '{"score": 1}'
    assert judges.known_keys("ollama/a") == {"k"}


def test_who_set_a_judge_up_and_changed_it_is_kept(opened: Store) -> None:
    save_judge(opened, "local", {"model": "ollama/a", "repeats": 3}, "Ada")
    spec = save_judge(opened, "local", {"model": "ollama/b"}, "Ben")
    assert (spec.model, spec.repeats) == ("ollama/b", 3)
    remove_judge(opened, "local", "Cy")
    trail = AuditTrail(opened).list_entries("judge/local")
    assert sorted((e["who"], e["action"]) for e in trail) == [
        ("Ada", "judge added"),
        ("Ben", "judge changed"),
        ("Cy", "judge removed"),
    ]


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("people", {"model": "ollama/a"}),
        ("a b", {"model": "ollama/a"}),
        ("x", {}),
        ("x", {"model": "ollama/a", "repeats": 0}),
        ("x", {"model": "ollama/a", "api_key_env": "sk-1234"}),
        ("x", {"model": "ollama/a", "api_base": "http://me:secret@host"}),
        ("x", {"model": "ollama/a", "api_key": "sk"}),
        ("x", {"model": "ollama/a", "rubrics": {"polite": " "}}),
    ],
)
def test_a_wrong_setting_changes_nothing_and_repeats_no_secret(
    opened: Store, name: str, config: dict[str, object]
) -> None:
    with pytest.raises(SettingError) as caught:
        save_judge(opened, name, config, "Ada")
    assert "sk-1234" not in str(caught.value) and "secret" not in str(caught.value)
    assert JudgeStore(opened).load_judges() == {}


def test_a_removed_default_judge_is_no_default(opened: Store) -> None:
    save_judge(opened, "local", {"model": "ollama/a"}, "Ada")
    choose_default(opened, "local")
    remove_judge(opened, "local", "Ada")
    assert not PreferenceStore(opened).load_preference(DEFAULT_JUDGE)
    with pytest.raises(UnknownNameError):
        choose_default(opened, "local")
