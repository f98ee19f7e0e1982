"""A store with runs, one without, and the report that most tests read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.reports import build_report
from engine.reports.report import PhaseReport
from engine.roadmap.types import Roadmap
from engine.store import Store, open_store
from tests.engine.reports.seeded import make_roadmap, record_run


@pytest.fixture(scope="session")
def roadmap() -> Roadmap:
    return make_roadmap()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("home")) as opened:
        record_run(opened, "run-stories-1", "stories", 3, 64, 0.52, 21.0)
        record_run(opened, "run-runbooks-1", "runbooks", 4, 80, 0.80, 15.0)
        record_run(opened, "run-stories-2", "stories", 9, 64, 0.66, 17.0)
        record_run(opened, "run-runbooks-2", "runbooks", 12, 80, 0.88, 12.0)
        record_run(opened, "run-stories-3", "stories", 17, 64, 0.84, 13.0)
        yield opened


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("empty-home")) as opened:
        yield opened


@pytest.fixture(scope="session")
def report(roadmap: Roadmap, store: Store) -> PhaseReport:
    return build_report(roadmap, 2, store)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "reports"
