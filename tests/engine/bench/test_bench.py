from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from engine.bench import BENCHES, describe_machine, run_bench
from engine.bench.texts import find_file, load_questions, load_texts
from engine.errors import InputError, UnknownNameError


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_can_be_measured_by_its_name(name: str) -> None:
    module = importlib.import_module(f"engine.bench.{BENCHES[name]}")
    assert callable(module.measure) and module.__doc__


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="embed"):
        run_bench("nowhere", None, {})


def test_a_benchmark_works_in_a_folder_of_its_own_and_gives_yours_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="needs --data"):
        run_bench("quality", None, {})
    assert os.environ["PHASEGATE_HOME"] == str(home)
    monkeypatch.delenv("PHASEGATE_HOME")
    with pytest.raises(InputError):
        run_bench("quality", None, {})
    assert "PHASEGATE_HOME" not in os.environ


def test_texts_and_questions_come_from_the_shipped_suites_or_from_a_data_set(tmp_path: Path) -> None:
    assert len(load_texts(None)) > 50 and len(load_questions(None)) > 150
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "text": "One."}\n')
    (tmp_path / "queries.jsonl").write_text('{"question": "Why?"}\n')
    assert (load_texts(tmp_path), load_questions(tmp_path)) == (["One."], ["Why?"])
    with pytest.raises(InputError, match="no such file"):
        find_file(tmp_path, "other.jsonl")


def test_the_machine_is_described_in_one_line() -> None:
    assert "cores, Python 3." in describe_machine() and "\n" not in describe_machine()
