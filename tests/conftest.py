"""What all tests share: the model's graph built once, a state folder for each test, folders of files, the command line."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: a failure in CI is a failure everywhere.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]
WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]
RunCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model's graphs, both built."""
    from engine.embedding.weights import PRECISIONS, find_graph

    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(folder))
        for precision in PRECISIONS:
            find_graph(precision)
    return folder / "models"


@pytest.fixture
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``PHASEGATE_HOME`` of the test's own, with the graphs in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(models)
    monkeypatch.setenv("PHASEGATE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def write_files() -> WriteFiles:
    """Writes files by their names in a folder, and gives the folder."""

    def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Path]:
    """A state folder in which the corpora ``stories`` and ``customer-service`` have been ingested; only for reading."""
    from engine.corpora import ingest_corpus, shipped_corpora
    from engine.settings import PipelineSettings

    folder = tmp_path_factory.mktemp("library")
    (folder / "models").symlink_to(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(folder))
        for name in ("stories", "customer-service"):
            ingest_corpus(name, [shipped_corpora()[name]], PipelineSettings())
    yield folder


@pytest.fixture(scope="session")
def start_cli() -> Callable[..., subprocess.Popen[str]]:
    """Starts ``python -m engine`` as a process."""

    def start(*arguments: str, home: Path, **options: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "engine", *arguments]
        environment = {**os.environ, "PHASEGATE_HOME": str(home)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
        return subprocess.Popen(command, env=environment, **(pipes | options))  # type: ignore[call-overload]

    return start


@pytest.fixture(scope="session")
def run_cli() -> RunCli:
    """Runs the command line to its end, in this process: what it prints and its exit code."""
    from engine.cli import main

    def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
        out, err, code = io.StringIO(), io.StringIO(), 0
        terminate = signal.getsignal(signal.SIGTERM)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("PHASEGATE_HOME", str(home))
            patch.setattr(sys, "argv", ["engine", *arguments])
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                signal.signal(signal.SIGTERM, terminate)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: they take longest, and what they show is worth reading once the rest passes."""
    items.sort(key=lambda item: "e2e" in item.path.parts)
