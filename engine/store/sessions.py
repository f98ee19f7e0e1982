"""Conversations: the turns asked under one session id."""

from __future__ import annotations

from engine.store.liveness import utc_now
from engine.store.store import Store


class SessionStore:
    """Records turns and gives them back in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_history(self, session: str) -> list[tuple[str, str]]:
        """(question, answer) of every turn, oldest first; empty for a new session."""
        rows = self._store.query("SELECT question, answer FROM turns WHERE session = ? ORDER BY position", (session,))
        return [(row["question"], row["answer"]) for row in rows]

    def record_turn(self, session: str, question: str, answer: str) -> None:
        """Add a turn."""
        position = len(self.load_history(session))
        row = {"session": session, "position": position, "question": question, "answer": answer, "asked_at": utc_now()}
        self._store.insert("turns", [row])
