"""``alerts`` in the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def run(run_cli: Any, home: Path) -> Any:
    return lambda *arguments: run_cli("alerts", *arguments, home=home)


def test_without_alerts_rules_silences_and_webhook_are_told(run: Any) -> None:
    found = json.loads(run("--json").stdout)
    assert (found["alerts"], found["silences"], found["webhook"]) == ([], [], None)
    assert found["rules"][0]["threshold"] == 0.85
    assert "No alerts" in run().stdout


def test_a_rule_is_changed_and_put_back(run: Any) -> None:
    assert "below 80.0 %" in run("--rule", "success_rate", "--threshold", "0.8", "--hold", "0").stdout
    rules = json.loads(run("--json").stdout)["rules"]
    assert (rules[0]["threshold"], rules[0]["hold_s"]) == (0.8, 0.0)
    run("--rule", "success_rate")
    assert json.loads(run("--json").stdout)["rules"][0]["threshold"] == 0.85


def test_a_silence_needs_a_reason_and_can_be_ended(run: Any) -> None:
    assert run("--silence", "memory_mb").returncode == 2
    silence = json.loads(run("--silence", "memory_mb", "--reason", "load test", "--json").stdout)["silences"][0]
    assert silence["rule"] == "memory_mb"
    assert json.loads(run("--end-silence", silence["silence_id"], "--json").stdout)["silences"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--silence", "nothing", "--reason", "x"),
        ("--ack", "nothing"),
        ("--rule", "nothing"),
        ("--webhook", "nowhere"),
        ("--test",),
    ],
)
def test_what_does_not_exist_is_said_with_what_does(run: Any, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Next:" in done.stderr


def test_a_webhook_out_of_reach_fails_the_test_with_exit_code_4(run: Any) -> None:
    assert (
        json.loads(run("--webhook", "http://127.0.0.1:9", "--json").stdout)["webhook"]
        == "http://127.0.0.1:9/api/v2/alerts"
    )
    done = run("--test")
    assert done.returncode == 4
    assert "could not be reached" in done.stderr
    assert json.loads(run("--webhook", "", "--json").stdout)["webhook"] is None
