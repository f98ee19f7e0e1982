"""``suites``, ``import``, ``generate`` and ``versions``: what they print, and exit code 2 for what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import RunCli

TABLE = "question,answer,contexts\nHow long to Sentosa?,2 to 3 working days,\n,lost,\n"


def test_a_table_becomes_a_suite_that_is_listed_checked_and_taken_back(
    home: Path, tmp_path: Path, run_cli: RunCli
) -> None:
    file = tmp_path / "qa.csv"
    file.write_text(TABLE)
    arguments = ("import", str(file), "--suite", "mine", "--as", "ann", "--json")
    assert run_cli(*arguments, home=home).returncode == 2
    tried = json.loads(run_cli(*arguments, "--corpus", "customer-service", "--dry-run", home=home).stdout)
    assert (tried["written"], tried["cases"], tried["refused"]) == (False, 1, 1)
    assert tried["problems"][0]["line"] == 3
    done = json.loads(run_cli(*arguments, "--corpus", "customer-service", home=home).stdout)
    assert done["written"]
    listed = json.loads(run_cli("suites", "--json", home=home).stdout)["suites"]
    assert [(row["suite"], row["origin"]) for row in listed][-1] == ("mine", "home")
    assert next(row for row in listed if row["suite"] == "stories")["coverage"]["touched"] == 11
    checked = json.loads(run_cli("suites", "mine", "--json", home=home).stdout)
    assert (checked["valid"], checked["hash"]) == (True, done["hash"])
    versions = json.loads(run_cli("versions", "mine", "--json", home=home).stdout)["versions"]
    assert [(v["note"], v["saved_by"]) for v in versions] == [("1 imported from qa.csv", "ann"), ("made", "ann")]
    restored = run_cli("versions", "mine", "--restore", versions[1]["hash"][:8], "--as", "bob", home=home)
    assert restored.stdout.startswith(f"* {versions[1]['hash'][:12]}")
    assert run_cli("versions", "mine", "--restore", "nope", home=home).returncode == 2


def test_a_broken_suite_is_exit_code_2_with_every_problem(home: Path, tmp_path: Path, run_cli: RunCli) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "suite.yaml").write_text("name: bad\ntitle: Bad\nlicence: CC0\ncorpus: stories\n")
    (folder / "cases.jsonl").write_text('{"id": "a", "kind": "qa"}\n{oops\n')
    done = run_cli("suites", str(folder), home=home)
    assert done.returncode == 2
    assert "line 1, question" in done.stdout
    assert "line 2: expected one JSON object" in done.stdout
    assert run_cli("suites", "nope", home=home).returncode == 2


def test_proposals_are_printed_from_a_corpus_and_kept_for_a_suite(home: Path, tmp_path: Path, run_cli: RunCli) -> None:
    printed = json.loads(run_cli("generate", "--corpus", "runbooks", "--count", "5", "--json", home=home).stdout)
    assert printed["proposed"] == len(printed["cases"]) == 5
    assert run_cli("generate", home=home).returncode == 2
    assert run_cli("generate", "stories", "--corpus", "stories", home=home).returncode == 2
    assert run_cli("generate", "stories", "--count", "0", home=home).returncode == 2
    file = tmp_path / "qa.csv"
    file.write_text(TABLE)
    run_cli("import", str(file), "--suite", "mine", "--corpus", "runbooks", home=home)
    assert "wait on the suite's screen" in run_cli("generate", "mine", "--count", "3", home=home).stdout
    assert "added to the suite" in run_cli("generate", "mine", "--count", "4", "--accept", home=home).stdout
    assert json.loads(run_cli("suites", "mine", "--json", home=home).stdout)["cases"] == 5


def test_bad_options_of_an_import_are_refused(home: Path, tmp_path: Path, run_cli: RunCli) -> None:
    file = tmp_path / "qa.csv"
    file.write_text(TABLE)
    for options in (
        ["--map", "question"],
        ["--map", "question=nope"],
        ["--format", "xml"],
        ["--corpus", "/nowhere/at/all"],
    ):
        done = run_cli("import", str(file), "--suite", "mine", "--corpus", "stories", *options, home=home)
        assert (done.returncode, done.stdout) == (2, "")
    assert not (home / "suites" / "mine").exists()
