"""``tokens`` as a person meets it, and ``serve`` that refuses to open to other machines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RunCli = Callable[..., subprocess.CompletedProcess[str]]


def test_a_token_is_created_listed_and_revoked_and_shown_once(tmp_path: Path, run_cli: RunCli) -> None:
    made = json.loads(
        run_cli("tokens", "--create", "ci", "--scope", "read", "--days", "9", "--json", home=tmp_path).stdout
    )
    assert made["token"].startswith("pgt_") and made["scopes"] == ["read"] and made["state"] == "live"
    listed = run_cli("tokens", "--json", home=tmp_path).stdout
    assert made["token"] not in listed and json.loads(listed)["tokens"][0]["name"] == "ci"
    done = run_cli("tokens", "--revoke", "ci", "--json", home=tmp_path)
    assert json.loads(done.stdout) == {"revoked": made["token_id"], "name": "ci"}
    assert "revoked" in run_cli("tokens", home=tmp_path).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--create", "a", "--revoke", "b"),
        ("--scope", "ask"),
        ("--create", "a", "--scope", "all"),
        ("--create", " "),
        ("--create", "a", "--days", "0"),
        ("--revoke", "nope"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    tmp_path: Path, run_cli: RunCli, arguments: tuple[str, ...]
) -> None:
    done = run_cli("tokens", *arguments, home=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("Error: ") and "Next: " in done.stderr


def test_serve_does_not_open_to_other_machines_when_nobody_could_sign_in(
    tmp_path: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHASEGATE_SIGN_IN", raising=False)
    run_cli("tokens", "--create", "ci", "--scope", "ask", home=tmp_path)
    done = run_cli("serve", "--address", "0.0.0.0", "--port", "0", home=tmp_path)
    assert done.returncode == 2 and "tokens --create NAME --scope screens" in done.stderr
