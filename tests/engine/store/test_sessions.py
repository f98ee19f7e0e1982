"""Conversations in the store: order, owners, lists, forgetting."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import AccessError, UnknownNameError
from engine.store import AuditTrail, Store, open_store
from engine.store.liveness import utc_now
from engine.store.migrations import FOLDER, migrate
from engine.store.sessions import SessionStore

ODD_IDS = [
    "../../etc/passwd",
    "'; DROP TABLE turns; --",
    "💬🧵",
    "x" * 10_000,
    'a"b',
    "  ",
    "\N{ZERO WIDTH SPACE}",
    "?",
    "%_",
]


def test_turns_come_back_in_order_and_a_new_session_is_empty(either: Store) -> None:
    kept = SessionStore(either)
    assert kept.load_history("new") == []
    for number in range(14):
        kept.record_turn("s", f"q{number}", f"a{number}", corpus="c", owner="Ada", standalone=f"s{number}")
    assert kept.load_history("s") == [(f"q{n}", f"a{n}") for n in range(14)]
    assert kept.load_turns("s")[13]["standalone"] == "s13"
    [row] = kept.list_sessions()
    assert (row["title"], row["corpus"], row["owner"], row["turns"]) == ("q0", "c", "Ada", 14)


def test_turns_added_at_once_from_many_threads_are_all_kept(store: Store) -> None:
    kept = SessionStore(store)

    def add(name: int) -> None:
        for number in range(10):
            kept.record_turn("s", f"{name}-{number}", "a")

    threads = [threading.Thread(target=add, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = [question for question, _ in kept.load_history("s")]
    assert len(asked) == len(set(asked)) == 60
    for name in range(6):
        own = [question for question in asked if question.startswith(f"{name}-")]
        assert own == [f"{name}-{number}" for number in range(10)]


def test_two_processes_add_to_one_conversation(home: Path, start: Any, store: Store) -> None:
    workers = [start("converse", f"w{number}", 15) for number in range(2)]
    SessionStore(store).record_turn("shared", "mine", "a")
    assert all(worker.wait(60) == 0 for worker in workers)
    assert len(SessionStore(store).load_history("shared")) == 31


@pytest.mark.parametrize("session", ODD_IDS)
def test_any_id_is_a_conversation_of_its_own(store: Store, session: str) -> None:
    kept = SessionStore(store)
    kept.record_turn("other", "q", "a")
    kept.record_turn(session, "question", "answer")
    assert kept.load_history(session) == [("question", "answer")]
    assert kept.forget(session).turns == 1
    assert kept.load_history(session) == [] and len(kept.load_history("other")) == 1


def test_a_conversation_of_another_owner_is_not_read(store: Store) -> None:
    kept = SessionStore(store)
    kept.record_turn("s", "q", "a", owner="Ada")
    assert kept.load_history("s", owner="Ada") == kept.load_history("s") == [("q", "a")]
    with pytest.raises(AccessError) as refused:
        kept.load_history("s", owner="Bo")
    assert "Ada" not in refused.value.message


def test_the_list_is_paged_searched_and_latest_first(store: Store) -> None:
    kept = SessionStore(store)
    for number in range(7):
        kept.record_turn(f"s{number}", f"Question {number}", "100% <b>sure</b>", owner="Ada" if number % 2 else "Bo")
    kept.record_turn("s0", "Of Boxes", "yes")
    assert [row["session"] for row in kept.list_sessions(3)] == ["s0", "s6", "s5"]
    assert [row["session"] for row in kept.list_sessions(3, offset=3)] == ["s4", "s3", "s2"]
    assert [row["session"] for row in kept.list_sessions(search="of boxes")] == ["s0"]
    assert (
        kept.count_sessions("Ada") == 3
        and kept.count_sessions(search="%") == 7
        and kept.count_sessions(search="_") == 0
    )


def fill(store: Store, session: str, owner: str, correlation_id: str, question: str) -> None:
    """A turn with its request and its kept answer."""
    SessionStore(store).record_turn(session, question, "a", owner=owner, correlation_id=correlation_id)
    now = utc_now()
    store.insert("requests", [request_row(correlation_id, session, owner, question)])
    store.insert(
        "answer_cache",
        [
            {
                "key": correlation_id, "scope": "s", "corpus": "c", "question": question, "vector": None,
                "answer": {"correlation_id": correlation_id}, "compute_ms": 1.0, "cost_usd": 0.0, "made_at": now,
                "expires_at": now,
            }
        ],
    )  # fmt: skip


def request_row(correlation_id: str, session: str, asker: str, question: str) -> dict[str, Any]:
    return {
        "correlation_id": correlation_id, "asked_at": utc_now(), "door": "api", "corpus": "c", "session": session,
        "asker": asker, "question": question, "outcome": "answered", "reason": "", "cache_tier": None, "provider": "e",
        "total_ms": 1.0, "first_text_ms": None, "retrieval_ms": None, "chunks": 1, "context_quality": None,
        "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0, "trace": {},
    }  # fmt: skip


def count(store: Store, table: str) -> int:
    return int(store.query(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def test_forgetting_a_conversation_takes_its_requests_and_kept_answers_with_it(store: Store) -> None:
    fill(store, "s", "Ada", "c1", "my secret")
    fill(store, "t", "Ada", "c2", "another")
    gone = SessionStore(store).forget("s", "Bo")
    assert gone.as_json() == {"sessions": 1, "turns": 1, "requests": 1, "cached": 1}
    assert all(count(store, table) == 1 for table in ("sessions", "turns", "requests", "answer_cache"))
    [entry] = AuditTrail(store).list_entries("conversations")
    assert entry["who"] == "Bo" and entry["after"] == gone.as_json() and "secret" not in str(entry)


def test_forgetting_an_owner_takes_requests_outside_of_conversations_too(store: Store) -> None:
    fill(store, "s", "Ada", "c1", "one")
    fill(store, "t", "Bo", "c2", "two")
    store.insert("requests", [request_row("c3", "", "Ada", "three")])
    gone = SessionStore(store).forget_owner("Ada")
    assert (gone.sessions, gone.requests) == (1, 2)
    assert [row["question"] for row in store.query("SELECT question FROM requests")] == ["two"]
    assert SessionStore(store).forget_owner("Ada").as_json() == {"sessions": 0, "turns": 0, "requests": 0, "cached": 0}


def test_forgetting_needs_a_name_that_is_there(store: Store) -> None:
    with pytest.raises(UnknownNameError):
        SessionStore(store).forget("never")
    with pytest.raises(ValueError):
        SessionStore(store).forget_owner("")


def test_turns_of_an_older_store_are_kept_and_listed(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for file in FOLDER.glob("00[1-5]_*.sql"):
        (older / file.name).write_text(file.read_text())
    path = tmp_path / "home" / "store.duckdb"
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        migrate(connection, path, older)
        for position in (0, 1):
            connection.execute(
                f"INSERT INTO turns VALUES ('s', {position}, 'q{position}', 'a', TIMESTAMP '2026-01-01 10:0{position}:00')"
            )
    with open_store(tmp_path / "home") as store:
        kept = SessionStore(store)
        kept.record_turn("s", "q2", "a")
        assert [question for question, _ in kept.load_history("s")] == ["q0", "q1", "q2"]
        assert (kept.list_sessions()[0]["title"], kept.list_sessions()[0]["turns"]) == ("q0", 3)
