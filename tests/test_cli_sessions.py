"""``sessions`` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.errors import InputError, UnknownNameError
from engine.store import open_store
from engine.store.sessions import SessionStore


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["sessions", *arguments], input=typed)


def read(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


def fill(count: int = 3) -> None:
    with open_store() as store:
        for number in range(count):
            SessionStore(store).record_turn(
                f"s{number}", f"[b]Question[/b] {number}?", "a", owner="Ada", standalone="all"
            )


def test_without_conversations_it_says_so() -> None:
    assert "No conversations yet" in run().output


def test_conversations_are_listed_in_pages_shown_and_searched() -> None:
    fill()
    assert "[b]Question[/b] 2?" in run().output
    listed = read("--limit", "2", "--page", "2")
    assert (listed["total"], listed["pages"], len(listed["conversations"])) == (3, 2, 1)
    assert [row["session"] for row in read("--search", "QUESTION[/B] 1")["conversations"]] == ["s1"]
    assert read("--owner", "Bo")["total"] == 0
    assert read("--show", "s1")["turns"][0]["standalone"] == "all"
    assert "searched as: all" in run("--show", "s1").output


def test_forgetting_asks_first_and_deletes() -> None:
    fill()
    assert run("--forget", "s0", typed="n\n").exit_code != 0
    assert read()["total"] == 3
    assert "1 conversations, 1 turns" in run("--forget", "s0", typed="y\n").output
    assert read("--forget-owner", "Ada")["forgotten"]["sessions"] == 2
    assert read()["total"] == 0


@pytest.mark.parametrize("session", ["never", "../../etc/passwd", "💬", "x" * 10_000, "'; DROP TABLE turns; --", " "])
@pytest.mark.parametrize("option", ["--show", "--forget"])
def test_an_id_that_nothing_carries_is_an_error_that_names_it_shortly(session: str, option: str) -> None:
    error = run(option, session, "--yes").exception
    assert isinstance(error, UnknownNameError) and len(str(error)) < 500


def test_one_thing_at_a_time_and_never_everybody() -> None:
    assert isinstance(run("--show", "a", "--forget", "b").exception, InputError)
    assert isinstance(run("--forget-owner", " ").exception, InputError)
