"""``targets`` as a person meets it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunCli = Callable[..., subprocess.CompletedProcess[str]]
BOT = """
def answer(question):
    print("noise")
    if question == "raise":
        raise ValueError
    return {"answer": "Nine.", "contexts": ["The shop opens at nine."]}
"""
SECRET = "sk-live-77aa22bb99"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cli_bot.py").write_text(BOT)
    (tmp_path / "bot.yaml").write_text("kind: callable\ncallable: cli_bot:answer\n")
    (tmp_path / "far.yaml").write_text(
        "name: far\nkind: http\nurl: http://127.0.0.1:1/\nlimits: {attempts: 1}\nheaders: {X-Api-Key: '${FAR_KEY}'}\n"
    )
    (tmp_path / "open.yaml").write_text(f"kind: http\nurl: http://h/\nheaders: {{X-Api-Key: {SECRET}}}\n")
    return tmp_path


def read(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def test_a_target_is_added_listed_tried_and_removed(folder: Path, home: Path, run_cli: RunCli) -> None:
    added = read(run_cli("targets", "--add", str(folder / "bot.yaml"), "--as", "Ada", "--json", home=home))
    assert added == {"target": "bot", "kind": "callable", "replaced": False}
    (listed,) = read(run_cli("targets", "--json", home=home))["targets"]
    assert (listed["name"], listed["updated_by"]) == ("bot", "Ada")
    trial = read(run_cli("targets", "--try", "bot", "--question", "When?", "--json", home=home))
    assert (trial["answer"], trial["contexts"][0]["text"]) == ("Nine.", "The shop opens at nine.")
    assert trial["reply"] == "an object with the keys answer, contexts"
    assert trial["missing"]
    assert "bot" in run_cli("targets", home=home).stdout
    assert read(run_cli("targets", "--remove", "bot", "--json", home=home)) == {"removed": "bot"}
    assert read(run_cli("targets", "--json", home=home)) == {"targets": []}


def test_a_target_that_fails_its_trial_is_said_with_exit_code_4(folder: Path, home: Path, run_cli: RunCli) -> None:
    done = run_cli("targets", "--try", str(folder / "bot.yaml"), "--question", "raise", "--json", home=home)
    assert "raised ValueError" in read(done, 4)["error"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--add", "nowhere.yaml"), "expected a file, found none"),
        (("--remove", "nope"), "There is no target called 'nope'"),
        (("--try", "nope", "--question", "x"), "There is no target called 'nope'"),
        (("--try", "a:b"), "--try needs a question"),
        (("--question", "x"), "belong to --try"),
        (("--remove", "a", "--try", "b"), "one of --add, --remove and --try"),
        (("--try", "pipeline", "--question", "x"), "is tried with ask"),
        (("--try", "no_such_module_here:f", "--question", "x"), "cannot be imported"),
    ],
)
def test_bad_input_is_exit_code_2(arguments: tuple[str, ...], expected: str, home: Path, run_cli: RunCli) -> None:
    done = run_cli("targets", *arguments, home=home)
    assert done.returncode == 2
    assert expected in done.stderr


def test_a_secret_is_neither_stored_nor_shown(
    folder: Path, home: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run_cli("targets", "--add", str(folder / "open.yaml"), home=home)
    assert refused.returncode == 2
    assert SECRET not in refused.stdout + refused.stderr
    unset = run_cli("targets", "--try", str(folder / "far.yaml"), "--question", "x", home=home)
    assert unset.returncode == 2
    assert "FAR_KEY" in unset.stderr
    monkeypatch.setenv("FAR_KEY", SECRET)
    read(run_cli("targets", "--add", str(folder / "far.yaml"), "--json", home=home))
    tried = run_cli("targets", "--try", "far", "--question", "x", "--json", home=home)
    shown = read(tried, 4)
    assert shown["request"]["headers"] == {"X-Api-Key": "${FAR_KEY}"}
    assert SECRET not in tried.stdout + tried.stderr + run_cli("targets", "--json", home=home).stdout
    assert not any(SECRET.encode() in path.read_bytes() for path in home.glob("store.duckdb*"))
