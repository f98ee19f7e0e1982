from pathlib import Path

import pytest

from engine.operations import launching


def test_a_command_writes_its_log_and_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    waited: list[int] = []
    await_end = launching.note_end

    def wait_too(*arguments: object) -> None:
        await_end(*arguments)  # type: ignore[arg-type]
        waited.append(1)

    monkeypatch.setattr(launching, "note_end", wait_too)
    path = launching.start_command(["no-such-command"], "job-1")
    for thread in [t for t in launching.threading.enumerate() if t.name.startswith("await-")]:
        thread.join(30)
    assert waited
    text = path.read_text()
    assert text.startswith("$ python -m engine no-such-command\n")
    assert text.endswith("[exit code 2]\n")


def test_ids_sort_by_time_and_cannot_leave_the_folder_of_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    assert launching.new_id("run")[:12] <= launching.new_id("run")[:12]
    assert launching.log_path("../../etc/passwd") == tmp_path / "logs" / "passwd.log"


def test_stopping_a_process_that_is_gone_is_no_error() -> None:
    assert launching.stop_process(2**22 + 1) is False
