"""Conversations: the turns asked under one session id, whose they are, and how they are forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import AccessError, UnknownNameError
from engine.store.audit_trail import AuditTrail
from engine.store.liveness import utc_now
from engine.store.store import Store

TITLE_CHARACTERS = 80
# The session ids of a selection; every deletion names its rows by it, so that each can be repeated.
_CHOSEN = "(SELECT session FROM sessions WHERE session = ? OR (? <> '' AND owner = ?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows are gone: conversations, their turns, the requests that asked them, and kept answers to them."""

    sessions: int
    turns: int
    requests: int
    cached: int

    def as_json(self) -> dict[str, int]:
        """The fields by name."""
        return asdict(self)


class SessionStore:
    """Records turns, gives them back in order, lists conversations and forgets them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_history(self, session: str, *, owner: str = "") -> list[tuple[str, str]]:
        """(question, answer) of every turn, oldest first; empty for a new session.

        Args:
            owner: who asks; empty is the person at this machine, who may read every conversation.

        Raises:
            AccessError: the conversation belongs to another owner.
        """
        self.check_owner(session, owner)
        return [(row["question"], row["answer"]) for row in self.load_turns(session)]

    def load_turns(self, session: str) -> list[dict[str, Any]]:
        """question, answer, standalone, correlation_id and asked_at of every turn, oldest first."""
        return self._store.query(
            "SELECT question, answer, standalone, correlation_id, asked_at FROM turns WHERE session = ?"
            " ORDER BY position, asked_at, turn_id",
            (session,),
        )

    def check_owner(self, session: str, owner: str) -> None:
        """Refuse a conversation that another owner began.

        Raises:
            AccessError: it belongs to somebody else. The message does not say to whom.
        """
        if not owner:
            return
        rows = self._store.query("SELECT owner FROM sessions WHERE session = ?", (session,))
        if rows and rows[0]["owner"] not in ("", owner):
            raise AccessError("This conversation belongs to somebody else.", "Begin one under another session id.")

    def record_turn(
        self,
        session: str,
        question: str,
        answer: str,
        *,
        corpus: str = "",
        owner: str = "",
        standalone: str | None = None,
        correlation_id: str | None = None,
    ) -> None:
        """Add a turn; the first one begins the conversation and gives it its title.

        A repeated statement changes nothing, since a turn is known by its id; two processes that add a turn at once
        both keep theirs.

        Args:
            standalone: what was searched in place of the question; None when it was searched as it stands.
        """
        now = utc_now()
        title = " ".join(question.split())[:TITLE_CHARACTERS]
        self._store.execute(
            "INSERT INTO sessions (session, corpus, title, owner, started_at, last_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (session) DO UPDATE SET last_at = greatest(last_at, excluded.last_at)",
            (session, corpus, title, owner, now, now),
        )
        self._store.execute(
            "INSERT OR IGNORE INTO turns"
            " (turn_id, session, position, question, answer, standalone, correlation_id, asked_at)"
            " SELECT ?, ?, coalesce(max(position) + 1, 0), ?, ?, ?, ?, ? FROM turns WHERE session = ?",
            (uuid.uuid4().hex, session, question, answer, standalone, correlation_id, now, session),
        )

    def list_sessions(
        self, limit: int = 20, owner: str = "", *, offset: int = 0, search: str = "", corpus: str = ""
    ) -> list[dict[str, Any]]:
        """Conversations, the latest first: session, title, corpus, owner, started_at, last_at, turns.

        Args:
            owner: only this owner's; all when empty.
            search: words that a question, an answer or the title must hold, in any case.
        """
        where, params = _narrow(owner, search, corpus)
        return self._store.query(
            "SELECT s.*, (SELECT count(*) FROM turns t WHERE t.session = s.session) AS turns"
            f" FROM sessions s WHERE {where} ORDER BY s.last_at DESC, s.session LIMIT ? OFFSET ?",
            (*params, limit, offset),
        )

    def count_sessions(self, owner: str = "", *, search: str = "", corpus: str = "") -> int:
        """How many conversations ``list_sessions`` has with the same choice."""
        where, params = _narrow(owner, search, corpus)
        return int(self._store.query(f"SELECT count(*) AS n FROM sessions s WHERE {where}", params)[0]["n"])

    def is_kept(self, session: str) -> bool:
        """Whether there is a conversation of this id."""
        return bool(self._store.query("SELECT 1 AS one FROM sessions WHERE session = ?", (session,)))

    def load_session(self, session: str) -> dict[str, Any]:
        """title, corpus, owner, started_at and last_at of one conversation.

        Raises:
            UnknownNameError: there is none of this id.
        """
        rows = self._store.query("SELECT * FROM sessions WHERE session = ?", (session,))
        if not rows:
            known = [row["session"] for row in self.list_sessions(10)]
            raise UnknownNameError("conversation", session[:80], known, "List them: python -m engine sessions")
        return rows[0]

    def forget(self, session: str, who: str = "") -> Forgotten:
        """Delete a conversation and what it left elsewhere; the audit trail keeps that it happened, not what was said.

        Raises:
            UnknownNameError: there is none of this id.
        """
        self.load_session(session)
        return self._delete(session, "", who, "conversation forgotten")

    def forget_owner(self, owner: str, who: str = "") -> Forgotten:
        """Delete every conversation of an owner, and every request that the owner made outside of one.

        Raises:
            ValueError: an empty owner, which would mean everybody.
        """
        if not owner:
            raise ValueError("forget_owner needs an owner; an empty one would mean everybody.")
        return self._delete("", owner, who, "owner forgotten")

    def _delete(self, session: str, owner: str, who: str, action: str) -> Forgotten:
        """Kept answers first, since the turns say which they are; a deletion that was cut short goes on when repeated."""
        chosen = (session, owner, owner)
        turns = f"FROM turns WHERE session IN {_CHOSEN}"
        requests = f"FROM requests WHERE session IN {_CHOSEN} OR (? <> '' AND asker = ?)"
        asked = f"SELECT question {turns} UNION SELECT standalone {turns} UNION SELECT question {requests}"
        ids = f"SELECT correlation_id {turns} UNION SELECT correlation_id {requests}"
        cached = (
            f"FROM answer_cache WHERE question IN ({asked})"
            f" OR json_extract_string(answer, '$.correlation_id') IN ({ids})"
        )
        of_requests = (*chosen, owner, owner)
        steps: Sequence[tuple[str, Sequence[str]]] = (
            (cached, (*chosen, *chosen, *of_requests, *chosen, *of_requests)),
            (requests, of_requests),
            (turns, chosen),
            ("FROM sessions WHERE session = ? OR (? <> '' AND owner = ?)", chosen),
        )
        counts = [int(self._store.query(f"SELECT count(*) AS n {sql}", params)[0]["n"]) for sql, params in steps]
        for sql, params in steps:
            self._store.execute(f"DELETE {sql}", params)
        gone = Forgotten(cached=counts[0], requests=counts[1], turns=counts[2], sessions=counts[3])
        AuditTrail(self._store).record_entry(who or owner or "unknown", action, "conversations", after=gone.as_json())
        return gone


def _narrow(owner: str, search: str, corpus: str) -> tuple[str, tuple[str, ...]]:
    """The condition on sessions ``s`` and its values."""
    words = search.strip()
    return (
        "(? = '' OR s.owner = ?) AND (? = '' OR s.corpus = ?) AND (? = '' OR contains(lower(s.title), lower(?))"
        " OR EXISTS (SELECT 1 FROM turns t WHERE t.session = s.session"
        " AND contains(lower(concat(t.question, ' ', t.answer)), lower(?))))",
        (owner, owner, corpus, corpus, words, words, words),
    )
