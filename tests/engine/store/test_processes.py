"""Many processes on one store, killed and closed at the worst moments."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import StoreLockedError
from engine.store import RunStore, Store, open_store
from engine.store.owner import OWNER_FILE, read_address

Start = Callable[..., subprocess.Popen[str]]


def read_lines(process: subprocess.Popen[str], count: int) -> list[str]:
    return [process.stdout.readline().strip() for _ in range(count)]


def read_rest(process: subprocess.Popen[str]) -> list[str]:
    out = process.stdout.read()  # not communicate(), which passes over what readline() has read ahead
    assert process.wait(timeout=50) in (0, -signal.SIGKILL), process.stderr.read()
    return out.split()


def stored_names(home: Path) -> list[str]:
    with open_store(home) as store:
        return [row["name"] for row in store.query("SELECT name FROM preferences")]


def test_kill_of_the_owner_while_clients_write_loses_nothing_acknowledged(home: Path, start: Start) -> None:
    owner = start("write", "owner", 100_000)
    assert read_lines(owner, 1) == ["owner"]
    clients = {name: start("write", name, 150) for name in ("a", "b", "c")}
    acknowledged = {"owner": []} | {name: read_lines(client, 31)[1:] for name, client in clients.items()}
    owner.kill()
    acknowledged["owner"] = read_rest(owner)
    for name, client in clients.items():
        acknowledged[name] += read_rest(client)
        assert len(acknowledged[name]) == 150
    names = stored_names(home)
    promised = {key for keys in acknowledged.values() for key in keys}
    assert len(acknowledged["owner"]) > 10
    assert promised <= set(names)
    assert len(names) == len(set(names))
    assert set(names) - promised <= {f"owner-{len(acknowledged['owner'])}"}


def test_kill_in_the_middle_of_bulk_inserts_keeps_whole_batches(home: Path, start: Start) -> None:
    owner = start("write_bulk", "o", 100_000)
    read_lines(owner, 4)
    owner.kill()
    batches = read_rest(owner)
    with open_store(home) as store:
        rows = store.query(
            "SELECT name[:-length(split_part(name, '-', 3)) - 2] AS batch, count(*) AS n FROM preferences GROUP BY 1"
        )
    assert {row["n"] for row in rows} == {500}
    assert {"o-0", "o-1", "o-2", *batches} <= {row["batch"] for row in rows}


def test_journalled_cases_survive_the_kill_of_their_process(home: Path, start: Start) -> None:
    worker = start("record", "run1", 100_000)
    read_lines(worker, 6)
    worker.kill()
    durable = max(int(number) for number in ["50", *read_rest(worker)])
    with open_store(home) as store:
        runs = RunStore(store)
        assert {f"c{n}" for n in range(durable)} <= runs.finished_case_ids("run1")
        assert all(case["scores"]["mrr"]["value"] == 1.0 for case in runs.load_cases("run1"))
        assert runs.load_run("run1")["status"] == "interrupted"


def test_clean_close_of_a_living_owner_hands_over_to_a_client(home: Path, start: Start) -> None:
    owner = start("close_and_stay")
    assert read_lines(owner, 1) == ["owner"]
    with open_store(home) as store:
        assert store.role == "client"
        store.execute("INSERT OR REPLACE INTO preferences VALUES ('before', '1', now()::TIMESTAMP)")
        owner.stdin.write("\n")
        owner.stdin.flush()
        assert read_lines(owner, 1) == ["closed"]
        store.execute("INSERT OR REPLACE INTO preferences VALUES ('after', '2', now()::TIMESTAMP)")
        assert store.role == "owner"
        assert owner.poll() is None
        assert len(store.query("FROM preferences")) == 2


def test_of_many_clients_one_becomes_the_next_owner_and_serves_the_others(home: Path, start: Start) -> None:
    first = start("read")
    assert read_lines(first, 2) == ["owner", "0"]
    others = [start("write", f"w{i}", 60) for i in range(3)]
    for other in others:
        assert read_lines(other, 2)[0] == "client"
    first.kill()
    for i, other in enumerate(others):
        assert read_rest(other)[-1] == f"w{i}-59"
    assert len(stored_names(home)) == 180


def test_processes_that_race_for_a_new_store_all_open_it(home: Path, start: Start) -> None:
    racers = [start("write", f"r{i}", 5) for i in range(5)]
    roles = [read_rest(racer)[0] for racer in racers]
    assert "owner" in roles
    assert len(stored_names(home)) == 25


def test_upserts_of_the_same_rows_from_everywhere_all_succeed(home: Path, store: Store, start: Start) -> None:
    workers = [start("contend", f"w{i}", 40) for i in range(3)]
    threads = [threading.Thread(target=_contend, args=(store, f"t{i}")) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read_rest(worker) for worker in workers] == [["client", "done"]] * 3
    assert store.query("SELECT count(*) AS n FROM preferences")[0]["n"] == 3


def _contend(store: Store, name: str) -> None:
    for number in range(40):
        store.insert(
            "preferences",
            [{"name": f"shared-{i}", "value": f"{name}-{number}", "updated_at": "2024-01-01"} for i in range(3)],
        )


def test_threads_share_a_store(either: Store) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(15):
                either.insert("preferences", [{"name": f"{number}-{i}", "value": i, "updated_at": "2024-01-01"}])
                assert either.query("SELECT value FROM preferences WHERE name = ?", (f"{number}-{i}",)) == [
                    {"value": i}
                ]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert either.query("SELECT count(*) AS n FROM preferences") == [{"n": 120}]


def test_a_short_query_does_not_wait_for_a_long_one(either: Store) -> None:
    heavy = "SELECT count(*) FROM range(15000) a(i), range(20000) b(j) WHERE i * j % 7 = 3"
    thread = threading.Thread(target=either.query, args=(heavy,))
    thread.start()
    for _ in range(5):
        either.query("SELECT 1 AS one")
    assert thread.is_alive()
    thread.join()


def test_the_owner_file_is_private_and_goes_with_the_owner(home: Path, store: Store) -> None:
    path = home / OWNER_FILE
    entry = json.loads(path.read_text())
    assert entry.keys() == {"port", "token", "pid"}
    assert entry["pid"] == os.getpid()
    assert len(entry["token"]) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": 1}', '{"port": 9, "token": "x", "pid": 1}'])
def test_a_stale_or_broken_owner_file_does_not_matter(home: Path, content: str) -> None:
    home.mkdir()
    (home / OWNER_FILE).write_text(content)
    with open_store(home) as store:
        assert store.role == "owner"
        assert read_address(home).pid == os.getpid()


def test_the_owner_file_of_a_killed_owner_does_not_matter(home: Path, start: Start) -> None:
    owner = start("read")
    read_lines(owner, 2)
    owner.kill()
    owner.wait()
    assert (home / OWNER_FILE).exists()
    with open_store(home) as store:
        assert store.role == "owner"


def test_a_foreign_program_that_holds_the_file_is_named(home: Path) -> None:
    open_store(home).close()
    code = f"import duckdb; c = duckdb.connect({str(home / 'store.duckdb')!r}); print('held', flush=True); input()"
    program = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    try:
        assert program.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match=f"process {program.pid}, which does not serve") as caught:
            open_store(home)
        assert "DuckDB shell" in caught.value.hint
        program.communicate("\n")
        open_store(home).close()
    finally:
        program.kill()
        program.communicate()


def test_a_stopped_owner_is_named_at_once(home: Path, start: Start) -> None:
    owner = start("read")
    read_lines(owner, 2)
    owner.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, owner.pid, os.WSTOPPED | os.WNOWAIT)
    began = time.monotonic()
    with pytest.raises(StoreLockedError, match=f"process {owner.pid}, which is stopped") as caught:
        open_store(home)
    assert time.monotonic() - began < 2
    assert f"kill -CONT {owner.pid}" in caught.value.hint
    owner.send_signal(signal.SIGCONT)
    with open_store(home) as store:
        assert store.role == "client"


def test_a_proxy_in_the_environment_is_not_asked(store: Store, start: Start) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    assert read_rest(start("write", "p", 2, env=proxy)) == ["client", "p-0", "p-1"]


def test_nothing_is_written_outside_the_home(home: Path, tmp_path: Path, start: Start) -> None:
    account = tmp_path / "account"
    account.mkdir()
    owner = start("read", env={"HOME": str(account)})
    read_lines(owner, 2)
    assert read_rest(start("write", "w", 1, env={"HOME": str(account)})) == ["client", "w-0"]
    assert list(account.iterdir()) == []
    assert {path.name for path in home.iterdir()} <= {"store.duckdb", "store.duckdb.wal", OWNER_FILE}
