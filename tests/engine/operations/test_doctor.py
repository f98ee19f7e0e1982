from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from engine.embedding import weights
from engine.operations.doctor import Check, is_port_free, run_doctor


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_machine_that_is_able_has_no_failed_check(home: Path) -> None:
    checks = by_name(run_doctor(home, free_port()))
    assert list(checks) == ["Python", "memory", "state folder", "free disk", "embedding model", "store", "port"]
    assert not [c for c in checks.values() if c.status == "fail"]
    assert weights.SHA256[:12] in checks["embedding model"].detail
    assert checks["port"].status == "ok" and "0 runs" in checks["store"].detail


def test_a_taken_port_is_a_warning_with_the_next_one(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_port_free("127.0.0.1", port)
        check = by_name(run_doctor(home, port))["port"]
    assert check.status == "warn" and f"--port {port + 1}" in check.advice
    assert is_port_free("127.0.0.1", port)


def test_a_missing_model_fails_with_the_command_that_installs_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    check = by_name(run_doctor(home, free_port()))["embedding model"]
    assert check.status == "fail" and "requirements-model.txt" in check.advice


def test_a_state_folder_in_the_way_of_a_file_fails_with_advice(tmp_path: Path, models: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    check = by_name(run_doctor(tmp_path / "file" / "home", free_port()))["state folder"]
    assert check.status == "fail" and "PHASEGATE_HOME" in check.advice


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_cannot_be_written_fails_with_advice(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    check = by_name(run_doctor(tmp_path / "home", free_port()))["state folder"]
    assert check.status == "fail" and "PHASEGATE_HOME" in check.advice


def test_a_check_as_json_has_name_status_detail_and_advice() -> None:
    assert Check(name="n", status="ok", detail="d").as_json() == {
        "name": "n",
        "status": "ok",
        "detail": "d",
        "advice": "",
    }
