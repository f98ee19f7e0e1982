"""``prompts`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.generation.prompts import load_shipped
from tests.conftest import RunCli


@pytest.fixture
def file(tmp_path: Path) -> Path:
    shipped = load_shipped()["answer"]
    path = tmp_path / "answer.yaml"
    body = {"system": shipped.system + " Be kind.", "user": shipped.user}
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def test_a_template_is_saved_listed_shown_and_compared(home: Path, file: Path, run_cli: RunCli) -> None:
    done = run_cli("prompts", "--save", str(file), "--note", "Kinder.", "--as", "Ada", "--json", home=home)
    assert json.loads(done.stdout)["version"] == 2, done.stderr
    rows = json.loads(run_cli("prompts", "--json", home=home).stdout)["prompts"]
    assert [(r["name"], r["version"], r["made_by"]) for r in rows][:2] == [
        ("answer", 2, "Ada"),
        ("answer", 1, "shipped"),
    ]
    assert "Be kind." in run_cli("prompts", "--show", "answer", home=home).stdout
    assert "Be kind." not in run_cli("prompts", "--show", "answer@1", home=home).stdout
    assert "Be kind." in run_cli("prompts", "--diff", "answer@1", "answer@2", home=home).stdout
    assert "same" in run_cli("prompts", "--diff", "answer", "answer", home=home).stdout
    assert "answer@2" in run_cli("prompts", home=home).stdout


def test_a_mistake_is_told_and_exits_with_2(home: Path, file: Path, run_cli: RunCli) -> None:
    for arguments, says in (
        (("--save", str(file)), "needs a note"),
        (("--show", "nothing"), "no prompt called"),
        (("--show", "answer", "--save", str(file)), "takes one of"),
    ):
        done = run_cli("prompts", *arguments, home=home)
        assert done.returncode == 2 and says in done.stderr
