"""What is imported without the rest of its package works, and the rest is there for who wants it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lean_imports import defer_package, deferred_meanwhile
from engine.settings import ROOT

UNUSED_CLIENT = "lance_namespace_urllib3_client"


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


def test_rouge_is_scored_without_the_rest_of_nltk_and_nltk_can_still_be_had() -> None:
    code = """
import asyncio, sys
from engine.evaluation.measures.ragas import TextSample, score_texts
sample = TextSample(
    user_input="q", response="The tests are running", references=("running tests",), retrieved_contexts=(), reference_contexts=()
)
score = score_texts([sample], ["ragas.rouge"], None)[0]["ragas.rouge"]
assert abs(score.value - 2 * (1 / 4 * 1 / 2) / (1 / 4 + 1 / 2)) < 1e-9, score
assert not {"nltk", "nltk.stem.porter", "scipy.stats"} & set(sys.modules), "read without need"
from nltk.stem.snowball import EnglishStemmer
import nltk
assert EnglishStemmer().stem("running") == "run" and nltk.FreqDist("aab")["a"] == 2 and nltk.PorterStemmer
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A package ``seldom_used``; how often it was read."""
    folder = tmp_path / "seldom_used"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "import builtins\nbuiltins.seldom_read.append(1)\nfrom seldom_used.heavy import WEIGHT\n"
    )
    (folder / "heavy.py").write_text("WEIGHT = 7\n")
    (folder / "light.py").write_text("WEIGHT = 1\n")
    reads: list[int] = []
    monkeypatch.setattr("builtins.seldom_read", reads, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    yield reads
    for name in [name for name in sys.modules if name.partition(".")[0] == "seldom_used"]:
        del sys.modules[name]


def test_a_deferred_package_is_read_once_when_a_name_of_it_is_wanted(package: list[int]) -> None:
    defer_package("seldom_used")
    assert importlib.import_module("seldom_used.light").WEIGHT == 1
    deferred = sys.modules["seldom_used"]
    assert deferred.heavy.WEIGHT == 7 and not hasattr(deferred, "__wrapped__") and package == []
    assert deferred.WEIGHT == 7 and deferred.light.WEIGHT == 1 and package == [1]
    with pytest.raises(AttributeError, match="nothing"):
        _ = deferred.nothing
    defer_package("seldom_used")
    assert sys.modules["seldom_used"] is deferred and package == [1]


def test_all_names_of_a_deferred_package_are_what_it_gives_when_read(package: list[int]) -> None:
    defer_package("seldom_used")
    given: dict[str, object] = {}
    exec("from seldom_used import *", given)
    assert given["WEIGHT"] == 7 and package == [1]


def test_a_package_deferred_for_a_while_is_forgotten_and_whoever_kept_it_gets_the_real_one(package: list[int]) -> None:
    with deferred_meanwhile("seldom_used"):
        kept, light = importlib.import_module("seldom_used"), importlib.import_module("seldom_used.light")
    assert not any(name.startswith("seldom_used") for name in sys.modules) and package == []
    assert kept.WEIGHT == 7 and light.WEIGHT == 1 and package == [1]
    assert importlib.import_module("seldom_used").WEIGHT == 7 and package == [1]
    with deferred_meanwhile("seldom_used"):
        pass
    assert "seldom_used" in sys.modules, "it was there before"


def test_a_package_that_is_not_installed_is_left_to_who_imports_it() -> None:
    defer_package("no_such_package_anywhere")
    assert "no_such_package_anywhere" not in sys.modules
