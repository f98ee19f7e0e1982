"""``providers`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from engine.bench.scripted_model import ScriptedModel
from tests.conftest import RunCli


def test_a_provider_is_added_tested_ordered_switched_and_removed(home: Path, run_cli: RunCli) -> None:
    def run(*words: str) -> dict[str, object]:
        return dict(json.loads(run_cli("providers", *words, "--json", home=home).stdout))

    with ScriptedModel(reply="yes", model="as-answered") as server:
        added = run("--add", "mine", "--model", "hosted_vllm/x", "--api-base", server.address, "--prices", "1", "2")
        assert added["provider"]["priority"] == 1  # type: ignore[index]
        trial = run("--test", "mine")
        assert trial["model"] == "as-answered" and trial["error"] == "" and trial["cost_usd"] == 7e-06
        server.script.steady = "401"
        failed = run_cli("providers", "--test", "mine", home=home)
        assert failed.returncode == 4 and "refused the key" in failed.stderr and "Next:" in failed.stderr
    run("--add", "local", "--preset", "ollama")
    assert run("--order", "local,mine")["providers"] == ["local", "mine"]
    run("--off", "local")
    listed = run()["providers"]
    assert [(p["name"], p["enabled"]) for p in listed] == [("local", False), ("mine", True)]  # type: ignore[attr-defined]
    assert listed[0]["api_base"] == "http://localhost:11434"  # type: ignore[index]
    assert run("--remove", "local")["providers"] == ["mine"]


def test_what_cannot_be_is_refused_before_anything_is_changed(home: Path, run_cli: RunCli) -> None:
    empty = run_cli("providers", home=home)
    assert empty.returncode == 0 and "No models yet" in empty.stdout
    for words in (
        ["--add", "x"],
        ["--add", "x", "--model", "openai/y", "--api-key-env", "sk-1 2"],
        ["--model", "openai/y"],
        ["--test", "nobody"],
        ["--add", "x", "--preset", "nothing"],
        ["--add", "x", "--model", "openai/y", "--remove", "x"],
    ):
        done = run_cli("providers", *words, home=home)
        assert done.returncode == 2 and "Error:" in done.stderr, words
    assert json.loads(run_cli("providers", "--json", home=home).stdout) == {"providers": []}
