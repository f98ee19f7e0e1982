"""``report``, ``runs --export`` and ``--import``, and the recipe of the guide as a person would copy it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import ROOT
from engine.store import open_store
from tests.conftest import RunCli
from tests.engine.reports.seeded import record_run

GUIDE = ROOT / "docs" / "guide" / "continuous-integration.md"
BOT = 'import json, pathlib\n\n\ndef answer(question):\n    return json.loads(pathlib.Path("answers.json").read_text()).get(question, "I don\'t know.")\n'


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cli-reports")
    with open_store(folder) as store:
        record_run(store, "run-a", "stories", 3, 40, 0.9, 10.0)
        record_run(store, "run-b", "stories", 4, 40, 0.2, 10.0)
    yield folder


@pytest.mark.parametrize(
    ("asked", "kind", "names"),
    [
        (("--run", "run-a", "--format", "csv,junit"), "run", ["run-run-a.csv", "run-run-a.xml"]),
        (("--run", "run-a", "--format", "csv", "--all-cases"), "run", ["run-run-a.csv", "run-run-a-cases.csv"]),
        (("--compare", "run-a", "--compare", "run-b", "--format", "md,json"), "comparison",
         ["comparison-run-a.md", "comparison-run-a.json"]),
        (("--roadmap", "narrative-agent", "--phase", "2", "--policy", "strict", "--format", "md"), "phase",
         ["narrative-agent-phase-2.md"]),
    ],
)  # fmt: skip
def test_a_report_of_each_kind(
    seeded: Path, tmp_path: Path, run_cli: RunCli, asked: tuple[str, ...], kind: str, names: list[str]
) -> None:
    done = run_cli("report", *asked, "--out", str(tmp_path / "out"), "--json", home=seeded)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["kind"] == kind
    assert [Path(path).name for path in shown["files"]] == names
    assert all(Path(path).stat().st_size > 100 for path in shown["files"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((), "found nothing"),
        (("--run", "run-a", "--roadmap", "narrative-agent", "--phase", "2"), "found phase and run"),
        (("--roadmap", "narrative-agent"), "needs both --roadmap and --phase"),
        (("--phase", "2"), "needs both --roadmap and --phase"),
        (("--run", "nowhere"), "nowhere"),
        (("--run", "run-a", "--format", "docx"), "docx"),
        (("--compare", "run-a", "--compare", "run-b", "--format", "junit"), "junit"),
        (("--compare", "run-a"), "run"),
        (("--roadmap", "narrative-agent", "--phase", "2", "--policy", "lax"), "lax"),
    ],
)
def test_what_cannot_be_reported_says_why_and_writes_nothing(
    seeded: Path, tmp_path: Path, run_cli: RunCli, asked: tuple[str, ...], words: str
) -> None:
    done = run_cli("report", *asked, "--out", str(tmp_path / "out"), home=seeded)
    assert done.returncode == 2
    assert words in done.stderr
    assert not list(tmp_path.glob("out/*"))


def test_a_run_is_exported_and_imported(seeded: Path, tmp_path: Path, run_cli: RunCli) -> None:
    file = tmp_path / "run.jsonl.gz"
    assert run_cli("runs", "--export", "run-a", str(file), home=seeded).returncode == 0
    first = json.loads(run_cli("runs", "--import", str(file), "--json", home=tmp_path / "other").stdout)
    again = json.loads(run_cli("runs", "--import", str(file), "--json", home=tmp_path / "other").stdout)
    assert (first["run_id"], first["cases"], first["added"], again["added"]) == ("run-a", 40, True, False)
    listed = json.loads(run_cli("runs", "--json", home=tmp_path / "other").stdout)["runs"]
    assert [row["run_id"] for row in listed] == ["run-a"]


def write_repository(folder: Path, wrong: int) -> Path:
    """A small repository with a bot, a suite and the guide's script; ``wrong`` of its twelve answers are wrong."""
    suite = folder / "evaluation"
    (suite / "docs").mkdir(parents=True, exist_ok=True)
    facts = {f"Which number has shelf {i}?": f"Shelf {i} has the number {100 + i}." for i in range(12)}
    (suite / "docs" / "shelves.md").write_text("\n\n".join(facts.values()) + "\n")
    (suite / "suite.yaml").write_text(
        "name: shelves\ntitle: Shelves\ndescription: Twelve.\nlicence: CC0-1.0\ncorpus: docs\n"
        "pass:\n  success_rate: 0.2\nmeasures: [correct]\n"
    )
    cases = (
        {"id": f"c{i}", "kind": "qa", "question": question, "answers": [str(100 + i)]}
        for i, question in enumerate(facts)
    )
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (folder / "bot.py").write_text(BOT)
    said = {question: text if i >= wrong else "It has none." for i, (question, text) in enumerate(facts.items())}
    (folder / "answers.json").write_text(json.dumps(said))
    (script,) = re.findall(r"^```bash\n(#!.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    (suite / "gate.sh").write_text(script)
    return folder


def gate(repository: Path, home: Path, baseline: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    named = {"PHASEGATE_HOME": str(home), "PHASEGATE_PYTHON": sys.executable, "PYTHONPATH": path}
    command = ["bash", "evaluation/gate.sh", baseline]
    environment = {**os.environ, **named}
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, timeout=180)


def test_the_recipe_of_the_guide_gates_a_pull_request(tmp_path: Path, home: Path, models: Path) -> None:
    """Two machines: the main branch leaves a baseline, the pull request that breaks answers is held against it."""
    main = write_repository(tmp_path / "main", wrong=0)
    first = gate(main, home, "no-such-file")
    assert first.returncode == 0, first.stderr
    out = main / "evaluation-reports"
    assert (out / "summary.md").read_text().startswith("No baseline yet")
    assert (out / "baseline.jsonl.gz").stat().st_size > 200

    other_machine = tmp_path / "other-home"
    other_machine.mkdir()
    (other_machine / "models").symlink_to(models)
    request = write_repository(tmp_path / "request", wrong=9)
    second = gate(request, other_machine, str(out / "baseline.jsonl.gz"))
    assert second.returncode == 1, second.stderr
    out = request / "evaluation-reports"
    summary = (out / "summary.md").read_text()
    assert summary.splitlines()[0].startswith("## ✘ B against A: worse")
    assert "Run of shelves" in summary
    (junit,) = out.glob("run-*.xml")
    suite = xml.parse(junit).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("12", "9")
    assert json.loads((out / "compare.json").read_text())["verdict"] == "worse"


def test_the_workflow_of_the_guide_is_yaml_that_calls_the_script() -> None:
    import yaml

    (text,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    workflow = yaml.safe_load(text)
    steps = workflow["jobs"]["gate"]["steps"]
    assert any("evaluation/gate.sh baseline/baseline.jsonl.gz" in step.get("run", "") for step in steps)
    assert workflow["permissions"] == {"contents": "read", "actions": "read", "pull-requests": "write"}
    assert "${{ github.event.pull_request.title" not in text and "${{ github.head_ref" not in text
