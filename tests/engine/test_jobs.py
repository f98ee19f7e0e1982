from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs import journal_job
from engine.store import JobStore, open_store


def test_a_job_is_in_the_store_while_it_runs_and_says_how_it_ended(home: Path) -> None:
    said: list[tuple[int, int, str]] = []
    with open_store(home) as store:
        with journal_job(store, "j1", "ingest", "Ingest c", "c", lambda *step: said.append(step)) as report:
            report(3, 9, "embedding")
            job = JobStore(store).find_job("j1")
            assert job is not None and (job["status"], job["done"], job["total"], job["message"]) == (
                "running",
                3,
                9,
                "embedding",
            )
        ended = JobStore(store).find_job("j1")
        assert ended is not None and ended["status"] == "finished"
    assert said == [(3, 9, "embedding")]


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), "interrupted"), (ValueError("broken"), "failed")])
def test_a_job_that_breaks_off_is_told_from_one_that_was_stopped(home: Path, error: BaseException, status: str) -> None:
    with open_store(home) as store:
        with pytest.raises(type(error)), journal_job(store, "j1", "ingest", "t", "c", lambda *step: None):
            raise error
        job = JobStore(store).find_job("j1")
        assert job is not None and job["status"] == status


def test_without_an_id_nothing_is_journaled(home: Path) -> None:
    with open_store(home) as store:
        with journal_job(store, None, "ingest", "t", "c", lambda *step: None) as report:
            report(1, 2, "x")
        assert JobStore(store).list_jobs() == []
