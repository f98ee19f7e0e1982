"""Saved prompt templates: versions that never change, files, differences, what a run keeps."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import FileFormatError, InputError, SettingError
from engine.generation.prompts import load_shipped
from engine.prompt_library import (
    compare_prompts,
    describe_prompts,
    find_prompt,
    list_library,
    load_prompts,
    read_prompt_file,
    save_prompt,
)
from engine.settings import PipelineSettings
from engine.store import AuditTrail, open_store

SHIPPED = load_shipped()["answer"]


def fields(system: str = SHIPPED.system + " Be kind.", **changes: str) -> dict[str, str]:
    return {"name": "answer", "system": system, "user": SHIPPED.user, "note": "Kinder.", **changes}


def test_versions_begin_behind_the_shipped_one_and_the_newest_is_asked(home: Path) -> None:
    with open_store() as store:
        assert save_prompt(store, fields(), "Ada").version == 2
        assert save_prompt(store, fields(SHIPPED.system + " Be brief."), "Bo").version == 3
        assert save_prompt(store, fields(name="mine"), "Ada").version == 1
        assert find_prompt(store, "answer").system.endswith("Be brief.")
        assert find_prompt(store, "answer@2").system.endswith("Be kind.")
        assert find_prompt(store, "answer@1") == SHIPPED
        labels = [(v.template.name, v.template.version, v.made_by) for v in list_library(store)]
        assert labels[:3] == [("answer", 3, "Bo"), ("answer", 2, "Ada"), ("answer", 1, "")]
        assert [e["action"] for e in AuditTrail(store).list_entries()] == ["prompt saved"] * 3


def test_a_text_saved_twice_is_one_version(home: Path) -> None:
    with open_store() as store:
        assert [save_prompt(store, fields(), "Ada").version for _ in range(3)] == [2, 2, 2]
        assert save_prompt(store, fields(SHIPPED.system, name="brief", user=SHIPPED.user), "Ada").version == 2
        assert len(load_prompts(store)) == 2


def test_the_shipped_text_is_no_new_version(home: Path) -> None:
    with open_store() as store:
        assert save_prompt(store, fields(SHIPPED.system), "Ada").version == 1
        assert load_prompts(store) == ()


def test_two_people_who_save_at_once_get_a_version_each(home: Path) -> None:
    with open_store() as store:
        texts = [f"{SHIPPED.system} {i}" for i in range(8)]
        threads = [threading.Thread(target=save_prompt, args=(store, fields(text), "Ada")) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        saved = load_prompts(store)
        assert sorted(t.version for t in saved) == list(range(2, 10)) and {t.system for t in saved} == set(texts)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"note": " "}, InputError, "needs a note"),
        ({"note": "x" * 201}, InputError, "at most 200"),
        ({"purpose": "repair"}, SettingError, "is for the purpose answer"),
        ({"user": "{question}"}, SettingError, "lacks {passages}"),
        ({"name": "No Name"}, SettingError, "cannot be called"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_is_kept(
    home: Path, changes: dict[str, str], error: type[Exception], says: str
) -> None:
    with open_store() as store:
        with pytest.raises(error, match=says.replace("{", r"\{").replace("}", r"\}")):
            save_prompt(store, fields(**changes), "Ada")
        assert load_prompts(store) == ()


def test_a_file_names_its_template_and_holds_texts_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("system: S\nuser: U\nnote: N\n")
    assert read_prompt_file(path) == {"name": "mine", "system": "S", "user": "U", "note": "N"}
    for text, says in (
        ("colour: red", "no such field"),
        ("system: 3", "expected a text"),
        ("- a", "expected the fields"),
        ("a: [", "no YAML"),
    ):
        path.write_text(text)
        with pytest.raises(FileFormatError, match=says):
            read_prompt_file(path)
    with pytest.raises(InputError, match="could not be read"):
        read_prompt_file(tmp_path / "missing.yaml")


def test_a_difference_is_line_by_line_and_empty_between_equal_texts() -> None:
    lines = compare_prompts(SHIPPED, load_shipped()["brief"])
    assert lines[:2] == ["--- answer@1", "+++ brief@1"] and any(line.startswith("+") for line in lines[3:])
    assert compare_prompts(SHIPPED, SHIPPED) == []


def test_a_run_keeps_the_templates_that_are_asked_with_and_no_others(home: Path) -> None:
    with open_store() as store:
        assert describe_prompts(store, PipelineSettings()) == {}
        settings = PipelineSettings(provider="litellm", model="x/y", repair=0, validators=2)
        found = describe_prompts(store, settings)
        assert found["answer"] == SHIPPED.label and found.keys() == {"answer", "validate"}
