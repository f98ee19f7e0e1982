"""The audit as a whole: what is allowed, when it fails, the state folder, and our own code."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.code_audit.audit import RULES, audit_tree
from engine.code_audit.state_files import close_state, list_open_files
from engine.errors import FileFormatError, InputError, UnknownNameError
from engine.roadmap.audit_evidence import measure_config_audit
from engine.roadmap.types import Evidence
from engine.settings import ROOT
from engine.store import open_store
from engine.store.config_audits import ConfigAuditStore, record_config_audit

SILENT = "def f():\n    try:\n        work()\n    except Exception:\n        return 0\n"
AUDIT = Evidence(kind="audit")


def test_our_own_code_passes_and_all_that_is_allowed_has_a_reason() -> None:
    audit = audit_tree(ROOT)
    assert [finding.place + " " + finding.what for finding in audit.standing if finding.severity != "note"] == []
    assert audit.passed and audit.files > 500
    assert all(len(finding.reason) > 20 for finding in audit.findings if finding.reason)


def test_a_comment_with_a_reason_allows_a_finding_and_one_without_does_not(tmp_path: Path) -> None:
    line = "    except Exception:  # audit: allow silent-fallback (the figure is optional, and a dash is shown)\n"
    (tmp_path / "a.py").write_text(SILENT.replace("    except Exception:\n", line))
    audit = audit_tree(tmp_path)
    assert audit.passed and audit.findings[0].reason == "the figure is optional, and a dash is shown"
    (tmp_path / "a.py").write_text(SILENT.replace("Exception:\n", "Exception:  # audit: allow silent-fallback\n"))
    assert not audit_tree(tmp_path).passed
    (tmp_path / "a.py").write_text(SILENT.replace("Exception:\n", "Exception:  # audit: allow secret because\n"))
    assert not audit_tree(tmp_path).passed


def test_the_file_of_the_tree_allows_by_rule_path_and_words(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SILENT)
    entry = '[[allow]]\nrule = "silent-fallback"\npath = "{path}"\nreason = "a health check"\n'
    (tmp_path / ".audit.toml").write_text(entry.format(path="*.py"))
    assert audit_tree(tmp_path).passed
    (tmp_path / ".audit.toml").write_text(entry.format(path="b.py"))
    audit = audit_tree(tmp_path)
    assert not audit.passed
    assert [finding.rule for finding in audit.standing] == ["silent-fallback", "unused-entry"]


@pytest.mark.parametrize(
    "text",
    ["[[allow]]\nrule = 'secret'\npath = '*'\n", "[[allow]]\nrule = 'secret'\npath = '*'\nreason = ' '\n", "allow = ["],
)
def test_an_entry_without_a_reason_is_an_error_of_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / ".audit.toml").write_text(text)
    with pytest.raises(FileFormatError, match=r"\.audit\.toml"):
        audit_tree(tmp_path)


@pytest.mark.parametrize(("fails_at", "passed"), [("note", False), ("warning", True), ("error", True)])
def test_only_findings_as_severe_as_asked_make_it_fail(tmp_path: Path, fails_at: str, passed: bool) -> None:
    (tmp_path / "a.py").write_text('URL = "http://localhost:1"\n')
    assert audit_tree(tmp_path, fails_at=fails_at).passed is passed


def test_what_is_not_there_and_an_unknown_severity_are_errors_of_usage(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to audit"):
        audit_tree(tmp_path / "none")
    with pytest.raises(UnknownNameError, match="error, note, warning"):
        audit_tree(tmp_path, fails_at="bad")


def test_files_that_are_no_text_no_python_or_too_large_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.py").write_text("def broken(:\n")
    (tmp_path / "c.json").write_text(" " * 1_000_001)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "d.py").write_text(SILENT)
    assert audit_tree(tmp_path).findings == ()


def test_the_counts_name_every_rule(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SILENT)
    counts = audit_tree(tmp_path).count()
    assert set(RULES) <= set(counts) and counts["silent-fallback"] == 1 and counts["allowed"] == 0


def test_a_fresh_state_folder_is_open_to_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.operations.launching import log_path
    from engine.state_folder import append_private

    folder = tmp_path / "state"
    monkeypatch.setenv("PHASEGATE_HOME", str(folder))
    with open_store() as store, append_private(log_path("run-1")) as log:
        log.write("a line\n")
        assert store.role == "owner"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(list_open_files(folder)) == []
    assert audit_tree(folder, folder).findings == ()


def test_an_open_state_folder_is_found_and_mended(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    home = tmp_path / "state"
    (home / "logs").mkdir(parents=True)
    home.chmod(0o755)
    for name in ("store.duckdb", "logs/run.log"):
        (home / name).write_text("x")
        (home / name).chmod(0o644)
    audit = audit_tree(tmp_path / "code", home)
    assert not audit.passed and [finding.rule for finding in audit.findings] == ["open-state-file"] * 3
    assert close_state(home) == 3
    assert audit_tree(tmp_path / "code", home).findings == ()
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_store_that_was_left_readable_is_closed_when_it_is_opened(home: Path) -> None:
    open_store().close()
    (home / "store.duckdb").chmod(0o644)
    open_store().close()
    assert (home / "store.duckdb").stat().st_mode & 0o077 == 0


def test_a_recorded_audit_is_evidence_until_the_code_changes(tmp_path: Path, home: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("x = 1\n")
    with open_store() as store:
        assert "not been audited" in measure_config_audit(store, AUDIT, "service").reason
        record_config_audit(store, audit_tree(code).as_json())
        assert measure_config_audit(store, AUDIT, "service").value == 1
        assert measure_config_audit(store, AUDIT, None).value is None
        (code / "a.py").write_text(SILENT)
        assert "has changed since" in measure_config_audit(store, AUDIT, "service").reason
        record_config_audit(store, audit_tree(code).as_json())
        failed = measure_config_audit(store, AUDIT, "service")
        assert (failed.value, failed.n) == (0, 1) and "1 findings" in failed.reason
        record_config_audit(store, audit_tree(code).as_json() | {"passed": True})
        assert measure_config_audit(store, AUDIT, "service").value == 0, "a milder severity is no way around"
        newest = ConfigAuditStore(store).find_newest(path=str(code))
        assert newest is not None and newest["findings"][0]["rule"] == "silent-fallback"
