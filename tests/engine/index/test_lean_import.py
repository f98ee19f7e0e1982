"""LanceDB is imported without a client that is never called, and the client is there for who calls it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.index.lean_import import UNUSED_CLIENT, defer_package
from engine.settings import ROOT


def test_the_index_works_without_the_client_and_the_client_can_still_be_had() -> None:
    code = f"""
import sys, engine.index, lancedb
assert "{UNUSED_CLIENT}.models" in sys.modules, "LanceDB needs its types"
assert "{UNUSED_CLIENT}.api" not in sys.modules, "read without need"
from {UNUSED_CLIENT} import ApiClient, TableApi
from {UNUSED_CLIENT}.api.table_api import TableApi as same
assert TableApi is same and ApiClient().configuration
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_deferred_package_is_read_once_when_a_name_of_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "seldom_used"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import builtins\nbuiltins.seldom_read.append(1)\nfrom seldom_used.heavy import WEIGHT\n"
    )
    (package / "heavy.py").write_text("WEIGHT = 7\n")
    (package / "light.py").write_text("WEIGHT = 1\n")
    reads: list[int] = []
    monkeypatch.setattr("builtins.seldom_read", reads, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        defer_package("seldom_used")
        assert importlib.import_module("seldom_used.light").WEIGHT == 1
        deferred = sys.modules["seldom_used"]
        assert not hasattr(deferred, "__wrapped__") and reads == []
        assert deferred.WEIGHT == 7 and deferred.light.WEIGHT == 1 and reads == [1]
        with pytest.raises(AttributeError, match="nothing"):
            _ = deferred.nothing
        defer_package("seldom_used")
        assert sys.modules["seldom_used"] is deferred and reads == [1]
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "seldom_used"]:
            del sys.modules[name]


def test_a_package_that_is_not_installed_is_left_to_who_imports_it() -> None:
    defer_package("no_such_package_anywhere")
    assert "no_such_package_anywhere" not in sys.modules
