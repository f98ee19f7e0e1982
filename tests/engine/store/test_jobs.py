from __future__ import annotations

from datetime import timedelta

from engine.store import JobStore, Store
from engine.store.liveness import utc_now


def test_a_job_is_recorded_and_changed(either: Store) -> None:
    jobs = JobStore(either)
    jobs.record_job(job_id="j", kind="run", title="Stories", subject="r1", total=10)
    jobs.update_job("j", done=3, message="case 3")
    row = jobs.find_job("j")
    assert (row["done"], row["total"], row["message"], row["status"]) == (3, 10, "case 3", "running")
    jobs.update_job("j", status="finished")
    assert jobs.active() == []
    assert jobs.find_job("j")["done"] == 3


def test_a_job_whose_process_is_gone_or_silent_is_interrupted(store: Store) -> None:
    jobs = JobStore(store)
    jobs.record_job(job_id="gone", kind="run", title="t", subject="s", pid=2**22 + 1)
    jobs.record_job(job_id="silent", kind="ingest", title="t", subject="s")
    store.execute("UPDATE jobs SET updated_at = ? WHERE job_id = 'silent'", (utc_now() - timedelta(seconds=31),))
    jobs.record_job(job_id="alive", kind="ingest", title="t", subject="s")
    assert {row["job_id"]: row["status"] for row in jobs.list_jobs()} == {
        "gone": "interrupted",
        "silent": "interrupted",
        "alive": "running",
    }
    assert [row["job_id"] for row in jobs.active()] == ["alive"]
    assert [row["job_id"] for row in jobs.list_jobs(kind="run")] == ["gone"]
    assert jobs.find_job("nosuch") is None
