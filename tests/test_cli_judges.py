"""``judges`` as a person meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.errors import InputError, SettingError, UnknownNameError
from tests.engine.evaluation.judging.judge import JudgeServer
from tests.engine.providers.scripted import serve


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with serve(JudgeServer(), "SCRIPTED") as judge:
        yield judge


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["judges", *arguments])


def read(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


def add(server: JudgeServer, *more: str) -> dict[str, Any]:
    address = f"http://127.0.0.1:{server.server_port}"
    return read("--add", "local", "--model", "hosted_vllm/judge", "--api-base", address, "--as", "Ada", *more)


def test_without_a_judge_it_says_how_to_add_one() -> None:
    assert "judges --add local" in run().output


def test_a_judge_is_added_listed_chosen_and_removed(server: JudgeServer) -> None:
    assert add(server, "--rubric", "polite=It is polite.", "--repeats", "2")["judge"]["rubrics"]["polite"]
    assert read("--default", "local") == {"default": "local"}
    listed = read()
    assert (listed["default"], listed["judges"][0]["updated_by"]) == ("local", "Ada")
    assert "(default)" in run().output
    assert read("--remove", "local") == {"removed": "local"}
    assert read() == {"judges": [], "default": ""}


def test_a_judge_is_tried_with_a_question_given_here(server: JudgeServer) -> None:
    add(server, "--rubric", "short=It is short.")
    given = ("--question", "How long?", "--answer", "42 days.", "--context", "It takes 42 days.")
    tried = read("--try", "local", *given)
    assert {name: s["value"] for name, s in tried["scores"].items()} == {
        "ragas.faithfulness": 0.5,
        "rubric.short": 0.75,
    }
    assert (tried["calls"], tried["cost_usd"]) == (3, None)


def test_a_judge_without_a_usable_answer_is_exit_4(server: JudgeServer) -> None:
    add(server, "--max-attempts", "1")
    server.usual = lambda _: "Rather good."
    tried = read("--try", "local", code=4)
    assert tried["scores"]["ragas.faithfulness"]["status"] == "failed"
    assert "Rather good" not in json.dumps(tried)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--add", "x"), SettingError),
        (("--add", "x", "--model", "ollama/a", "--rubric", "no rule"), InputError),
        (("--add", "x", "--model", "ollama/a", "--repeats", "99"), SettingError),
        (("--try", "unknown"), UnknownNameError),
        (("--try", "ollama/a", "--measure", "recall@5"), UnknownNameError),
        (("--try", "ollama/a", "--answer", "x"), InputError),
        (("--try", "ollama/a", "--run", "r"), InputError),
        (("--agreement", "no-run"), UnknownNameError),
        (("--remove", "x"), UnknownNameError),
        (("--remove", "x", "--default", "y"), InputError),
    ],
)
def test_wrong_input_is_refused(arguments: tuple[str, ...], error: type[Exception]) -> None:
    assert isinstance(run(*arguments).exception, error)
