"""``sign``, ``signoffs``, ``waive``, ``tick`` and what ``gate`` says of them, from a shell."""

from __future__ import annotations

import datetime
import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.store import open_store
from tests.conftest import RunCli
from tests.engine.roadmap.seeded import insert_run
from tests.engine.roadmap.test_gates import MEMORY, stories

PHASE = ("--roadmap", "narrative-agent", "--phase", "2")
UNTIL = (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)).isoformat()
WAIVE = ("waive", *PHASE, "--kpi", "success_rate", "--as", "Ann")
REASON = ("--reason", "the pilot has ten users")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which phase 2 misses its success rate alone."""
    with open_store(tmp_path) as store:
        insert_run(store, itertools.count(), "r1", "stories", stories(passed=60), memory=MEMORY)
    return tmp_path


def read(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_gate_is_waived_signed_and_listed(home: Path, run_cli: RunCli) -> None:
    assert run_cli("sign", *PHASE, "--as", "Ann", home=home).returncode == 2
    waived = read(run_cli(*WAIVE, *REASON, "--until", UNTIL, "--json", home=home))
    assert (waived["goal"], waived["expires_on"], waived["who"]) == ("> 0.75", UNTIL, "Ann")
    gate = read(run_cli("gate", *PHASE, "--json", home=home))
    assert gate["counts"] == {"pass": 6, "fail": 1, "no_data": 0, "waived": 1}
    assert gate["goals"][0]["verdict"] == "fail" and gate["goals"][0]["waiver"]["who"] == "Ann"
    signed = read(run_cli("sign", *PHASE, "--as", "Bob", "--role", "QA", "--json", home=home))
    assert signed["current"] and signed["waived"] == ["success_rate"]
    again = read(run_cli("sign", *PHASE, "--as", "Bob", "--json", home=home))
    assert again["sign_off_id"] == signed["sign_off_id"]
    assert read(run_cli("gate", *PHASE, "--json", home=home))["signoffs"] == [signed]
    listed = read(run_cli("signoffs", "--roadmap", "narrative-agent", "--json", home=home))
    assert listed == {"signoffs": [signed]}
    assert "the same evidence" in run_cli("gate", *PHASE, home=home).stdout


def test_withdrawing_turns_the_gate_red_and_the_signature_old(home: Path, run_cli: RunCli) -> None:
    run_cli(*WAIVE, *REASON, "--until", UNTIL, home=home)
    run_cli("sign", *PHASE, "--as", "Bob", home=home)
    assert read(run_cli(*WAIVE, "--withdraw", "--json", home=home))["withdrawn"] is True
    gate = read(run_cli("gate", *PHASE, "--json", home=home), code=1)
    (signed,) = gate["signoffs"]
    assert not signed["current"] and any("waiver no longer holds" in change for change in signed["changes"])
    revoked = read(run_cli("sign", *PHASE, "--as", "Bob", "--revoke", signed["sign_off_id"], "--note",
                           "the pilot was stopped", "--json", home=home))  # fmt: skip
    assert revoked["revoked_by"] == "Bob" and revoked["revoke_reason"] == "the pilot was stopped"


def test_evidence_that_was_not_the_seen_one_is_not_signed(home: Path, run_cli: RunCli) -> None:
    seen = read(run_cli("gate", *PHASE, "--json", home=home), code=1)["evidence_hash"]
    run_cli(*WAIVE, *REASON, "--until", UNTIL, home=home)
    done = run_cli("sign", *PHASE, "--as", "Bob", "--seen", seen, home=home)
    assert done.returncode == 2 and "has changed since you saw it" in done.stderr
    assert read(run_cli("signoffs", "--json", home=home)) == {"signoffs": []}
    now = read(run_cli("gate", *PHASE, "--json", home=home))["evidence_hash"]
    assert read(run_cli("sign", *PHASE, "--as", "Bob", "--seen", now, "--json", home=home))["evidence_hash"] == now


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--until", UNTIL), "reason of at least 3 words, found 0"),
        ((*REASON,), "needs the day on which it ends"),
        ((*REASON, "--until", "soon"), "'soon' is no day"),
        ((*REASON, "--until", "2020-01-01"), "must end after today"),
        ((*REASON, "--until", UNTIL, "--kpi", "nope"), "no goal called 'nope'"),
    ],
)
def test_a_waiver_that_lacks_something_is_refused(
    home: Path, run_cli: RunCli, options: tuple[str, ...], words: str
) -> None:
    done = run_cli(*WAIVE, *options, home=home)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert read(run_cli("gate", *PHASE, "--json", home=home), code=1)["counts"]["waived"] == 0


def test_a_tick_is_given_and_taken_back(home: Path, run_cli: RunCli) -> None:
    item = ("tick", "--roadmap", "customer-service-agent", "order_flow", "--as", "Ann")
    assert "needs a link" in run_cli(*item, home=home).stderr
    ticked = read(run_cli(*item, "--link", "https://x.org/1", "--json", home=home))
    assert ticked["tick"]["who"] == "Ann" and ticked["tick"]["done"] is True
    gate = read(run_cli("gate", "--roadmap", "customer-service-agent", "--phase", "2", "--json", home=home), code=3)
    assert gate["goals"][-1]["tick"] == ticked["tick"]
    assert read(run_cli(*item, "--undo", "--json", home=home))["tick"] is None
    assert "nothing to take back" in run_cli(*item, "--undo", home=home).stderr


def test_a_gate_can_judge_another_target(home: Path, run_cli: RunCli) -> None:
    gate = read(run_cli("gate", *PHASE, "--target", "my-service", "--json", home=home), code=3)
    assert gate["target"] == "my-service" and gate["counts"]["no_data"] == 7
