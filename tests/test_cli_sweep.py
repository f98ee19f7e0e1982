"""``sweep`` on the command line: JSON, text, refusals. The figures are tested in tests/engine/test_sweeps.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunCli, WriteFiles

TEXT = (
    "# {town}\n\nThe market of {town} is known far and wide, and many come to see it.\n\nThe depot opens at {hour}.\n"
)


@pytest.fixture(scope="module")
def depots(tmp_path_factory: pytest.TempPathFactory, write_files: WriteFiles) -> Path:
    towns = ("Lindau", "Bregenz", "Kempten", "Wangen")
    files = {f"docs/{town}.md": TEXT.format(town=town, hour=hour) for hour, town in enumerate(towns, 5)}
    cases = [
        {
            "id": town,
            "kind": "qa",
            "question": f"When does the depot in {town} open?",
            "answers": [str(hour)],
            "relevant": [{"document": f"{town}.md", "start": 10, "end": 60}],
        }
        for hour, town in enumerate(towns, 5)
    ]
    header = "name: depots\ntitle: Depots\ndescription: Four.\nlicence: CC0-1.0\ncorpus: docs\n"
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    return write_files(tmp_path_factory.mktemp("suite"), {**files, "suite.yaml": header, "cases.jsonl": lines})


def test_sweep_prints_every_setting_the_front_and_what_was_embedded(depots: Path, run_cli: RunCli, home: Path) -> None:
    done = run_cli("sweep", str(depots), "--grid", "top_k=1,2", "--grid", "chunk_size=60,100", "--set", "chunk_overlap=0",
                   "--json", home=home)  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert {tuple(t["settings"].values()) for t in shown["trials"]} >= {(1, 60), (1, 100), (2, 60), (2, 100)}
    assert all(t["measures"]["recall"]["total"] == 2 for t in shown["trials"])
    assert shown["pareto"] and shown["pareto"][-1]["number"] == shown["best"]["number"]
    assert (shown["embedded"], shown["reused"]) == (4, 0)
    assert shown["seconds"] > 0
    again = run_cli("sweep", str(depots), "--resume", shown["sweep_id"], "--json", home=home)
    assert json.loads(again.stdout) == shown


def test_sweep_prints_text_for_people_and_saves_when_asked(depots: Path, run_cli: RunCli, home: Path) -> None:
    done = run_cli(
        "sweep", str(depots), "--grid", "chunk_size=60,100", "--grid", "chunk_overlap=0,80", "--save", home=home
    )
    assert done.returncode == 0, done.stderr
    assert (
        "skipped chunk_size=60, chunk_overlap=80: chunk_overlap 80 must be smaller than chunk_size 60." in done.stdout
    )
    assert "Best recall of" in done.stdout
    assert "Note:" in done.stdout
    assert "Saved as the defaults" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--grid", "nosuch=1,2"], "no setting called 'nosuch'"),
        (["--grid", "top_k=5"], "one value, 5"),
        ([], "none was given"),
        (["--grid", "embedder=minilm,openai/x"], "engine run SUITE --set embedder"),
        (["--grid", "chunk_size=100:900"], "--search random"),
        (["--resume", "nosuch"], "no sweep called 'nosuch'"),
    ],
)  # fmt: skip
def test_sweep_refuses_with_a_message_and_exit_2(
    arguments: list[str], message: str, depots: Path, run_cli: RunCli, home: Path
) -> None:
    done = run_cli("sweep", str(depots), *arguments, "--json", home=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
