"""A process of its own that works on a store, told what to do on the command line; prints what it has done."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.store import RunStore, Store, open_store
from engine.store.liveness import utc_now
from engine.store.sessions import SessionStore


def write(store: Store, name: str, count: int) -> None:
    """Insert rows one at a time, each printed when it is durable."""
    for number in range(count):
        key = f"{name}-{number}"
        store.insert("preferences", [{"name": key, "value": {"by": name, "n": number}, "updated_at": utc_now()}])
        print(key, flush=True)


def write_bulk(store: Store, name: str, count: int) -> None:
    """Insert batches of 500 rows, each batch printed when it is durable."""
    for number in range(count):
        rows = [{"name": f"{name}-{number}-{i}", "value": "x" * 200, "updated_at": utc_now()} for i in range(500)]
        store.insert("preferences", rows)
        print(f"{name}-{number}", flush=True)


def contend(store: Store, name: str, count: int) -> None:
    """Upsert the same few rows as everybody else."""
    for number in range(count):
        rows = [{"name": f"shared-{i}", "value": f"{name}-{number}", "updated_at": utc_now()} for i in range(3)]
        store.insert("preferences", rows)
    print("done", flush=True)


def record(store: Store, name: str, count: int) -> None:
    """Journal cases, flush after every ten and print how many are durable."""
    with RunStore(store) as runs:
        runs.create_run(
            run_id=name, suite="s", suite_path="/s", suite_hash="h", suite_cases=count, target="pipeline", preset=None,
            settings={}, provenance={}, cases=count,
        )  # fmt: skip
        for number in range(count):
            case = {
                "case_id": f"c{number}", "position": number, "kind": "qa", "status": "passed", "question": "q",
                "answer": "a", "abstained": False, "context_quality": 0.5, "latency_ms": 1.0, "tags": [],
                "checks": {"correct": True}, "detail": {},
            }  # fmt: skip
            runs.record_case(name, case, [{"measure": "mrr", "status": "scored", "value": 1.0}])
            if number % 10 == 9:
                runs.flush()
                print(number + 1, flush=True)


def converse(store: Store, name: str, count: int) -> None:
    """Add turns to one conversation that others add to as well."""
    for number in range(count):
        SessionStore(store).record_turn("shared", f"{name}-{number}", "a")


def read(store: Store, name: str, count: int) -> None:
    """Print the number of rows, then hold the store open until standard input ends."""
    print(store.query("SELECT count(*) AS n FROM preferences")[0]["n"], flush=True)
    sys.stdin.read()


def close_and_stay(store: Store, name: str, count: int) -> None:
    """Close the store when a line arrives, and go on living until standard input ends."""
    sys.stdin.readline()
    store.close()
    print("closed", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    task, home, name, count = sys.argv[1:]
    opened = open_store(Path(home))
    print(opened.role, flush=True)
    {
        "write": write,
        "write_bulk": write_bulk,
        "contend": contend,
        "record": record,
        "converse": converse,
        "read": read,
        "close_and_stay": close_and_stay,
    }[task](opened, name, int(count))
    opened.close()
