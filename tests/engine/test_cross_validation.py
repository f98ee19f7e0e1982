"""Answers of a run judged by validators in one batch, and the command that asks for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.cross_validation import validate_run
from engine.errors import SettingError, UnknownNameError
from engine.generation.validators import ASPECTS
from engine.runs import RunRequest, run_request
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.store.providers import ProviderStore
from tests.conftest import RunCli

CASES = [
    {"id": f"c{i}", "kind": "qa", "question": f"What does box {i} weigh?", "answers": [f"{i} kilos"]}
    for i in range(1, 5)
] + [{"id": "unknown", "kind": "qa", "question": "Who composed the opera Aida?", "unanswerable": True}]


@pytest.fixture
def run_id(home: Path, tmp_path: Path) -> str:
    """A run of the extractive pipeline."""
    (tmp_path / "corpus").mkdir()
    text = "".join(f"Box {i} weighs {i} kilos when it is full.\n\n" for i in range(1, 5))
    (tmp_path / "corpus" / "boxes.txt").write_text(text)
    suite = tmp_path / "suite"
    suite.mkdir()
    head = f"name: boxes\ntitle: Boxes\ndescription: Five.\nlicence: CC0-1.0\ncorpus: {tmp_path / 'corpus'}\n"
    (suite / "suite.yaml").write_text(head + "pass:\n  success_rate: 0.1\nmeasures: [correct]\n")
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    with open_store() as store:
        run_request(store, RunRequest(suite=str(suite), overrides={}, run_id="run-boxes"))
    return "run-boxes"


def reply(body: dict[str, Any]) -> str:
    """Rejects what is said of box 3, says nothing useful about the tone."""
    said = json.dumps(body["messages"])
    if ASPECTS["relevant"] in said:
        return "well"
    verdict = "fail" if "What does box 3 weigh" in said else "pass"
    return json.dumps({"verdict": verdict, "reason": "So."})


def test_every_answer_of_a_run_is_judged_and_abstentions_are_left_out(run_id: str) -> None:
    settings = PipelineSettings(model="scripted", validators=3)
    with ScriptedModel(reply=reply) as server, open_store() as store:
        ProviderStore(store).save_provider(server.make_spec(), "Ada")
        found = validate_run(store, run_id, settings)
        assert len(server.calls) == 3 * len(found.answers) and found.abstained >= 1
        outcomes = {judged.case_id: judged.panel.consensus for judged in found.answers}
        assert outcomes.pop("c3") == "failed" and set(outcomes.values()) == {"passed"}
        assert "[1]" in server.calls[0].body["messages"][-1]["content"].split("The answer:")[1], "citations are shown"
        assert len(validate_run(store, run_id, settings, limit=1).answers) == 1


def test_the_command_prints_what_was_found(run_id: str, home: Path, run_cli: RunCli) -> None:
    with ScriptedModel(reply=reply) as server, open_store() as store:
        ProviderStore(store).save_provider(server.make_spec(), "Ada")
        done = run_cli("cross-validate", run_id, "--set", "model=scripted", "--json", home=home)
        assert done.returncode == 0, done.stderr
        shown = json.loads(done.stdout)
        assert shown["judged"] == shown["passed"] + shown["failed"] + shown["no_consensus"] > 0
        assert "rejected" in run_cli("cross-validate", run_id, "--set", "model=scripted", home=home).stdout


def test_without_validators_a_model_or_the_run_it_is_refused(run_id: str) -> None:
    with open_store() as store:
        with pytest.raises(SettingError, match="validators is 0"):
            validate_run(store, run_id, PipelineSettings(model="scripted"))
        with pytest.raises(SettingError, match="No provider"):
            validate_run(store, run_id, PipelineSettings(validators=1))
        with pytest.raises(UnknownNameError):
            validate_run(store, "nowhere", PipelineSettings(model="scripted", validators=1))
