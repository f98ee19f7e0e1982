"""``profile`` as a person meets it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.store import PreferenceStore, open_store

RunCli = Callable[..., subprocess.CompletedProcess[str]]


def test_each_value_is_shown_with_its_origin(home: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIAGENT_ENV", "prod")
    monkeypatch.setenv("PHASEGATE_QUEUE", "9")
    done = run_cli("profile", "--policy", "quality_optimized", "--set", "concurrency=3", "--json", home=home)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    origins = {row["name"]: (row["value"], row["origin"]) for row in said["values"]}
    assert said["profile"] == "prod_quality"
    assert origins["environment"] == ("prod", "environment variable MULTIAGENT_ENV")
    assert origins["policy"][1] == origins["concurrency"][1] == "command line"
    assert origins["queue"] == ("9", "environment variable PHASEGATE_QUEUE")
    assert origins["validators_max"] == ("6", "profile prod_quality")


def test_a_preset_stands_above_what_is_saved_for_the_pipeline(home: Path, run_cli: RunCli) -> None:
    with open_store() as store:
        PreferenceStore(store).save_preference("pipeline", {"top_k": 7, "budget_tokens": 500})
    said = json.loads(run_cli("profile", "--preset", "accurate", "--json", home=home).stdout)
    pipeline = {row["name"]: (row["value"], row["origin"]) for row in said["pipeline"]}
    assert pipeline["top_k"] == ("40", "preset accurate")
    assert pipeline["budget_tokens"] == ("500", "saved on the Settings screen")
    assert pipeline["provider"] == ("extractive", "shipped default")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--env", "live"), "Known: dev, prod, staging"),
        (("--policy", "cheap"), "Known: balanced, cost_optimized, quality_optimized"),
        (("--set", "queue"), "not of the form"),
        (("--set", "colour=1"), "no field of a profile called 'colour'"),
        (("--set", "queue=-1"), "expected a whole number"),
        (("--preset", "huge"), "no preset called 'huge'"),
        (("--compare", "nightly"), "no profile called 'nightly'"),
    ],
)
def test_what_cannot_be_is_an_error_of_usage(
    arguments: tuple[str, ...], words: str, home: Path, run_cli: RunCli
) -> None:
    done = run_cli("profile", *arguments, home=home)
    assert done.returncode == 2 and words in done.stderr


def test_the_text_names_the_profile_and_where_two_differ(home: Path, run_cli: RunCli) -> None:
    text = run_cli("profile", "--compare", "prod_quality", home=home).stdout
    assert "dev_balanced" in text and "Where they differ" in text
