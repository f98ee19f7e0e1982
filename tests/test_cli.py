"""The command line as a person meets it: its output, its exit codes, its signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("ingest", "ask", "run", "runs", "show", "cases", "gate", "report", "serve", "doctor", "bench")
RunCli = Callable[..., subprocess.CompletedProcess[str]]
StartCli = Callable[..., subprocess.Popen[str]]
WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA refund is paid within fourteen days. Damaged boxes are refunded at once.\n",
    "hours.md": "# Opening hours\n\nThe shop opens at nine. It is closed on Sunday.\n",
}


CASE_COUNT = 400


def qa(number: int, question: str, answer: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"q{number:03}", "kind": "qa", "question": question, "answers": [answer], **fields}


CASES = [
    qa(1, "Within how many days is a refund paid?", "fourteen days", relevant=[{"document": "refunds.md", "start": 11, "end": 51}], tags=["money"]),
    qa(2, "On which day is the shop closed?", "Sunday"),
    qa(3, "When does the shop open?", "at midnight"),
]  # fmt: skip


def write_suite(folder: Path, write_files: WriteFiles, cases: list[dict[str, Any]], **suite: Any) -> Path:
    described = {
        "name": folder.name,
        "title": "T",
        "description": "D",
        "licence": "CC0-1.0",
        "corpus": "docs",
        "measures": ["recall@5"],
    } | suite
    lines = "\n".join(json.dumps(case) for case in cases)
    files = {f"docs/{name}": text for name, text in DOCUMENTS.items()}
    return write_files(folder, {"suite.yaml": json.dumps(described), "cases.jsonl": lines, **files})


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "models").symlink_to(models)
    return folder


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory, write_files: WriteFiles) -> Path:
    return write_files(tmp_path_factory.mktemp("docs"), DOCUMENTS)


@pytest.fixture(scope="module")
def corpus(state: Path, docs: Path, run_cli: RunCli) -> dict[str, Any]:
    """What ``ingest`` printed for the corpus ``shop``."""
    return read_json(run_cli("ingest", str(docs), "--corpus", "shop", "--json", home=state))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, write_files: WriteFiles) -> Path:
    return write_suite(tmp_path_factory.mktemp("suites") / "tiny", write_files, CASES)


@pytest.fixture(scope="module")
def finished(state: Path, suite: Path, run_cli: RunCli) -> dict[str, Any]:
    """What ``run`` printed."""
    return read_json(run_cli("run", str(suite), "--json", home=state))


def read_json(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    """The one JSON object on stdout."""
    assert done.returncode == code, done.stderr
    value = json.loads(done.stdout)
    assert isinstance(value, dict) and done.stdout.count("\n") == 1
    return value


def check_refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    for word in words:
        assert word in done.stderr


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['engine', '--help']\n"
        "import runpy\n"
        "try: runpy.run_module('engine', run_name='__main__')\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'numpy', 'lancedb', 'duckdb', 'pyarrow', 'onnxruntime', 'pandas', 'scipy', 'plotly', 'litellm', 'ragas', 'matplotlib', "
        "'reportlab', 'streamlit', 'pydantic', 'yaml', 'psutil', 'docx', 'pypdf', 'bs4', 'tokenizers', 'watchdog', 'rich.table', 'rich.progress'}\n"
        "print('HEAVY', sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "HEAVY []"
    assert all(f"  {command} " in done.stdout for command in COMMANDS)


def test_ingest_prints_every_field_of_the_contract(corpus: dict[str, Any]) -> None:
    assert set(corpus) >= {
        "corpus",
        "documents",
        "chunks",
        "embedded",
        "reused",
        "skipped",
        "seconds",
        "index_fingerprint",
    }
    assert (corpus["corpus"], corpus["documents"], corpus["embedded"]) == ("shop", 2, corpus["chunks"])


def test_an_ingest_that_skipped_files_is_done(
    state: Path, tmp_path: Path, run_cli: RunCli, write_files: WriteFiles
) -> None:
    write_files(tmp_path, {"a.txt": "Fine.", "b.pdf": b"junk", "ü.bin": b"?"})
    shown = read_json(run_cli("ingest", str(tmp_path), "--corpus", "partly", "--json", home=state))
    assert [Path(s["path"]).name for s in shown["skipped"]] == ["b.pdf", "ü.bin"]
    assert all(Path(s["path"]).is_absolute() and s["reason"] for s in shown["skipped"])
    plain = run_cli("ingest", str(tmp_path), "--corpus", "partly", home=state)
    assert plain.returncode == 0 and "1 documents" in plain.stdout and "b.pdf: not a readable PDF" in plain.stdout


def test_ask_prints_every_field_of_the_contract(state: Path, corpus: dict[str, Any], run_cli: RunCli) -> None:
    shown = read_json(
        run_cli("ask", "Within how many days is a refund paid?", "--corpus", "shop", "--json", home=state)
    )
    assert set(shown) >= {
        "answer", "sentences", "citations", "retrieved", "contexts", "context_quality", "abstained", "provider", "cache_tier", "degraded",
        "timings_ms", "correlation_id",
    }  # fmt: skip
    assert "fourteen days" in shown["answer"] and shown["citations"][0]["document"] == "refunds.md"


def test_ask_shows_people_the_answer_with_its_sources(state: Path, corpus: dict[str, Any], run_cli: RunCli) -> None:
    done = run_cli("ask", "On which day is the shop closed?", "--corpus", "shop", home=state)
    assert done.returncode == 0 and "closed on Sunday" in done.stdout and "hours.md:" in done.stdout


def test_an_answer_that_abstained_is_done(state: Path, corpus: dict[str, Any], run_cli: RunCli) -> None:
    arguments = ("--corpus", "shop", "--set", "min_quality=1", "--json")
    assert read_json(run_cli("ask", "Who was Napoleon?", *arguments, home=state))["abstained"] is True


def test_a_session_remembers_what_was_asked_before(state: Path, corpus: dict[str, Any], run_cli: RunCli) -> None:
    def ask(question: str, *more: str) -> dict[str, Any]:
        return read_json(
            run_cli("ask", question, "--corpus", "shop", "--set", "min_quality=0", "--json", *more, home=state)
        )

    ask("Within how many days is a refund paid?", "--session", "s1")
    followed = ask("And for damaged ones?", "--session", "s1")
    assert followed["citations"][0]["document"] == "refunds.md"
    assert ask("And for damaged ones?", "--session", "s2")["retrieved"] == ask("And for damaged ones?")["retrieved"]
    assert followed["searched"] == "And for damaged ones? Within how many days is a refund paid?"


def test_what_the_asker_said_is_recalled_in_the_shell(state: Path, corpus: dict[str, Any], run_cli: RunCli) -> None:
    for question in ("My order number is 48213.", "What was my order number?"):
        done = run_cli("ask", question, "--corpus", "shop", "--session", "mine", home=state)
        assert done.returncode == 0, done.stderr
    assert "48213" in done.stdout and "context quality" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "nowhere"), ("no suite", "nowhere", "customer-service")),
        (("ask", "Why?", "--corpus", "nowhere"), ("no corpus", "nowhere", "shop")),
        (("ask", "Why?", "--corpus", "../up"), ("expected up to 80 letters",)),
        (("ask", "  ", "--corpus", "shop"), ("empty or blank",)),
        (("ask", "x" * 100_001, "--corpus", "shop"), ("100,001 characters",)),
        (("ask", "Why?", "--corpus", "shop", "--set", "topk=3"), ("no setting called 'topk'", "top_k")),
        (("ask", "Why?", "--corpus", "shop", "--set", "top_k=many"), ("top_k: expected a whole number, found 'many'",)),
        (("ask", "Why?", "--corpus", "shop", "--set", "top_k"), ("name=value",)),
        (("ask", "Why?", "--corpus", "shop", "--preset", "turbo"), ("no preset", "balanced")),
        (("ask", "Why?", "--corpus", "shop", "--set", "embedder=word2vec"), ("embedder: expected minilm or provider/model",)),
        (("ingest", "/nowhere", "--corpus", "c"), ("/nowhere", "no such file")),
        (("run", "stories", "--limit", "0"), ("--limit 0: expected 1 or more",)),
        (("run", "stories", "--limit", "many"), ("--limit", "integer")),
        (("run", "stories", "--target", "moon"), ("target called 'moon'",)),
        (("run", "stories", "--resume", "nowhere"), ("no run", "nowhere")),
        (("show", "nowhere"), ("no run", "nowhere")),
        (("cases", "nowhere"), ("no run", "nowhere")),
        (("gate", "--roadmap", "nowhere", "--phase", "1"), ("no roadmap", "narrative-agent")),
        (("gate", "--roadmap", "narrative-agent", "--phase", "99"), ("99",)),
        (("report", "--roadmap", "narrative-agent", "--phase", "2", "--format", "doc", "--out", "/tmp/x"), ("doc", "html")),
        (("bench", "nowhere"), ("no benchmark", "embed")),
        (("frobnicate",), ("No such command",)),
        (("ask",), ("Missing",)),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_what_was_expected(
    state: Path, corpus: dict[str, Any], run_cli: RunCli, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    check_refused(run_cli(*arguments, home=state), *words)


def test_a_broken_case_names_its_file_line_and_field(
    state: Path, tmp_path: Path, run_cli: RunCli, write_files: WriteFiles
) -> None:
    folder = write_suite(tmp_path / "broken", write_files, CASES)
    with (folder / "cases.jsonl").open("a") as file:
        file.write('\n{"id": "q9", "kind": "qa", "question": 7}\n')
    check_refused(run_cli("run", str(folder), "--json", home=state), f"{folder}/cases.jsonl, line 4", "question")
    (folder / "cases.jsonl").write_text('{"id": "q1"\n')
    check_refused(run_cli("run", str(folder), home=state), "line 1")


def test_a_state_folder_that_cannot_be_made_is_told_without_a_traceback(
    tmp_path: Path, docs: Path, run_cli: RunCli
) -> None:
    (tmp_path / "file").write_text("in the way")
    for arguments in (("ingest", str(docs), "--corpus", "c"), ("runs",)):
        check_refused(run_cli(*arguments, home=tmp_path / "file" / "home"), "Error:", code=4)


def test_run_prints_every_field_of_the_contract(finished: dict[str, Any]) -> None:
    assert set(finished) >= {
        "run_id", "suite", "status", "cases", "passed", "failed", "errors", "unscored", "success_rate", "context_quality", "latency_ms",
        "memory", "measures", "seconds",
    }  # fmt: skip
    assert (finished["status"], finished["cases"], finished["passed"], finished["failed"]) == ("finished", 3, 2, 1)
    assert finished["success_rate"]["value"] == pytest.approx(2 / 3) and finished["success_rate"]["n"] == 3
    assert finished["latency_ms"].keys() >= {"p50", "p95", "p99"} and finished["memory"].keys() >= {
        "rss_mb",
        "peak_mb",
        "accuracy",
    }


def test_a_missed_pass_rule_exits_1_and_a_kept_one_0(
    state: Path, tmp_path: Path, run_cli: RunCli, write_files: WriteFiles
) -> None:
    missed = write_suite(tmp_path / "missed", write_files, CASES, **{"pass": {"success_rate": 0.9}})
    assert read_json(run_cli("run", str(missed), "--json", home=state), code=1)["failed"] == 1
    kept = read_json(run_cli("run", str(missed), "--limit", "2", "--json", home=state))
    assert (kept["cases"], kept["passed"]) == (2, 2)


def test_runs_show_and_cases_tell_of_a_run(state: Path, finished: dict[str, Any], run_cli: RunCli) -> None:
    listed = read_json(run_cli("runs", "--json", home=state))["runs"]
    assert finished["run_id"] in [row["run_id"] for row in listed]
    assert len(read_json(run_cli("runs", "--limit", "1", "--json", home=state))["runs"]) == 1
    shown = read_json(run_cli("show", finished["run_id"], "--json", home=state))
    assert finished.items() <= shown.items() and shown["settings"]["top_k"] == 20 and shown["provenance"]["seed"] == 0
    every = read_json(run_cli("cases", finished["run_id"], "--json", home=state))
    assert [(c["id"], c["status"]) for c in every["cases"]] == [
        ("q001", "passed"),
        ("q002", "passed"),
        ("q003", "failed"),
    ]
    failed = read_json(run_cli("cases", finished["run_id"], "--failed", "--json", home=state))
    assert [c["id"] for c in failed["cases"]] == ["q003"]
    for arguments in (("runs",), ("show", finished["run_id"]), ("cases", finished["run_id"])):
        plain = run_cli(*arguments, home=state)
        assert plain.returncode == 0 and plain.stdout.strip()


def test_resuming_a_finished_run_prints_it_again(
    state: Path, suite: Path, finished: dict[str, Any], run_cli: RunCli
) -> None:
    again = read_json(run_cli("run", str(suite), "--resume", finished["run_id"], "--json", home=state))
    assert finished.items() <= again.items()


def test_ctrl_c_keeps_what_was_scored_and_resume_finishes_it(
    tmp_path: Path, models: Path, run_cli: RunCli, start_cli: StartCli, write_files: WriteFiles
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(models)
    cases = [qa(i, f"Within how many days is refund {i} paid?", "fourteen days") for i in range(CASE_COUNT)]
    folder = write_suite(tmp_path / "long", write_files, cases)
    with start_cli("run", str(folder), "--run-id", "r1", "--json", home=home) as process:
        wait_for(lambda: count_cases(home) >= 5, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and "--resume r1" in err
    kept = json.loads(out)
    ended = kept["passed"] + kept["failed"] + kept["errors"] + kept["unscored"]
    assert kept["status"] == "interrupted" and 5 <= ended < CASE_COUNT
    (row,) = read_json(run_cli("runs", "--json", home=home))["runs"]
    assert (row["status"], row["cases"], row["passed"]) == ("interrupted", CASE_COUNT, kept["passed"])
    resumed = read_json(run_cli("run", str(folder), "--resume", "r1", "--json", home=home))
    assert (resumed["run_id"], resumed["status"], resumed["passed"] + resumed["failed"]) == (
        "r1",
        "finished",
        CASE_COUNT,
    )
    assert len(read_json(run_cli("cases", "r1", "--json", home=home))["cases"]) == CASE_COUNT


def test_ctrl_c_in_the_middle_of_an_ingest_exits_130_and_leaves_no_corpus(
    tmp_path: Path, models: Path, run_cli: RunCli, start_cli: StartCli, write_files: WriteFiles
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(models)
    folder = write_files(tmp_path / "docs", {f"{i}.txt": f"Text {i} of many words. " * 200 for i in range(300)})
    with start_cli("ingest", str(folder), "--corpus", "c", "--json", home=home) as process:
        wait_for((home / "vectors.sqlite").exists, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "") and "Traceback" not in err
    check_refused(run_cli("ask", "What is text 7?", "--corpus", "c", home=home), "no corpus")


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until it is so; fails when the process ends first. Pytest's time limit ends a wait for ever."""
    while not ready():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ended with {process.returncode} before it was interrupted: {process.communicate()[1]}")


def count_cases(home: Path) -> int:
    """Cases in the store, asked as any other process would beside the one that runs."""
    from engine.store import open_store

    if not (home / "store.duckdb").exists():
        return 0
    with open_store(home) as store:
        return int(store.query("SELECT count(*) AS n FROM cases")[0]["n"])


def test_a_gate_without_evidence_exits_3(tmp_path: Path, run_cli: RunCli) -> None:
    shown = read_json(
        run_cli("gate", "--roadmap", "narrative-agent", "--phase", "2", "--json", home=tmp_path / "h"), code=3
    )
    assert shown["verdict"] == "no_data" and all(goal["verdict"] == "no_data" for goal in shown["goals"])


def test_a_report_names_the_files_that_it_wrote(state: Path, tmp_path: Path, run_cli: RunCli) -> None:
    arguments = (
        "--roadmap",
        "narrative-agent",
        "--phase",
        "2",
        "--format",
        "json,csv,md",
        "--out",
        str(tmp_path / "out"),
        "--json",
    )
    files = read_json(run_cli("report", *arguments, home=state))["files"]
    assert sorted(Path(f).suffix for f in files) == [".csv", ".json", ".md"]
    assert all(Path(f).is_absolute() and Path(f).stat().st_size > 0 for f in files)


def test_doctor_checks_everything_and_says_so_in_json(state: Path, run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json", home=state)
    shown = json.loads(done.stdout)
    assert {c["name"] for c in shown["checks"]} == {
        "Python",
        "memory",
        "state folder",
        "free disk",
        "embedding model",
        "store",
        "port",
    }
    assert all(c["status"] == "ok" or c["advice"] for c in shown["checks"])
    assert done.returncode == (0 if shown["ok"] else 4)


def test_a_reader_that_hangs_up_is_no_failure(state: Path, finished: dict[str, Any]) -> None:
    command = f"{sys.executable} -m engine cases {finished['run_id']} --json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PHASEGATE_HOME": str(state)}
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fault_of_the_program_exits_4_and_not_as_a_failed_gate(
    state: Path, corpus: dict[str, Any], run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def divide(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("engine.serving.runtime.open_pipeline", divide)
    done = run_cli("ask", "Why?", "--corpus", "shop", home=state)
    assert done.returncode == 4 and "ZeroDivisionError: a fault" in done.stderr
