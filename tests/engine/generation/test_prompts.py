"""Prompt templates: versions, hashes, and what cannot be asked with."""

from __future__ import annotations

import dataclasses

import pytest

from engine.errors import SettingError, UnknownNameError
from engine.generation.prompts import (
    PURPOSES,
    PromptTemplate,
    check_template,
    find_template,
    list_names,
    list_versions,
    load_shipped,
)

SHIPPED = load_shipped()["answer"]


def saved(version: int, system: str = SHIPPED.system, name: str = "answer") -> PromptTemplate:
    return dataclasses.replace(SHIPPED, name=name, version=version, system=system)


def test_there_is_a_shipped_template_for_every_purpose() -> None:
    assert {template.purpose for template in load_shipped().values()} == set(PURPOSES)


def test_a_name_is_its_newest_version_and_a_version_is_itself() -> None:
    versions = [saved(2, SHIPPED.system + " Two."), saved(3, SHIPPED.system + " Three.")]
    assert find_template("answer", versions).version == 3
    assert find_template("answer@2", versions).system.endswith("Two.")
    assert find_template("answer@1", versions) == SHIPPED
    assert [template.version for template in list_versions("answer", versions)] == [3, 2, 1]


def test_names_and_versions_that_do_not_exist_are_refused_with_those_that_do() -> None:
    with pytest.raises(UnknownNameError, match="answer, brief, quoting"):
        find_template("nothing")
    with pytest.raises(UnknownNameError, match="Known: 1"):
        find_template("answer@7")
    with pytest.raises(SettingError, match="for the purpose repair"):
        find_template("repair")


def test_the_hash_is_over_the_texts_alone() -> None:
    assert saved(2).hash == SHIPPED.hash == saved(9, name="mine").hash
    assert saved(2, SHIPPED.system + " ").hash != SHIPPED.hash


@pytest.mark.parametrize(
    ("system", "user", "says"),
    [
        ("{mark} {not_answered}", "{question}", "lacks {passages}"),
        ("{mark} {not_answered}", "{passages} {question} {colour}", "placeholder {colour}"),
        ("{mark} {passages} {not_answered}", "{passages} {question}", "placeholder {passages} here"),
        ("{mark} {not_answered}", "{passages.__class__} {question}", "placeholder {passages.__class__}"),
        ("{mark} {not_answered}", "{passages!r} {question}", "placeholder {passages}"),
        ("{mark} {not_answered}", "{passages:>9} {question}", "placeholder {passages}"),
        ("{mark} {not_answered}", "{} {passages} {question}", "placeholder {}"),
        ("{mark {not_answered}", "{passages} {question}", "brace"),
        ("{mark} {not_answered} " + "x" * 20_001, "{passages} {question}", "20,0"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(system: str, user: str, says: str) -> None:
    with pytest.raises(SettingError, match=says.replace("{", r"\{").replace("}", r"\}").replace(".", r"\.")):
        check_template(PromptTemplate(name="mine", version=1, system=system, user=user))


@pytest.mark.parametrize("name", ["", "Upper", "with space", "../etc", "a" * 41, "n@2"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="cannot be called"):
        check_template(saved(1, name=name))


def test_braces_in_a_value_stay_what_they_are() -> None:
    template = PromptTemplate(name="t", version=1, system="", user="{question} {{literal}}")
    assert template.render({"question": "{passages} {0}"})[1] == "{passages} {0} {literal}"


def test_names_are_listed_by_purpose() -> None:
    assert list_names([saved(1, name="zebra")], "answer") == ["answer", "brief", "quoting", "zebra"]
