"""Conversations as the Ask screen and ``sessions`` show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store import Store
from engine.store.sessions import SessionStore

PER_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """One conversation; times are naive UTC."""

    session: str
    title: str
    corpus: str
    owner: str
    turns: int
    started_at: datetime
    last_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The fields by name, times in ISO form."""
        return {
            "session": self.session,
            "title": self.title,
            "corpus": self.corpus,
            "owner": self.owner,
            "turns": self.turns,
            "started_at": self.started_at.isoformat(),
            "last_at": self.last_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationTurn:
    """A question and its answer; ``standalone`` is what was searched where that was something else."""

    question: str
    answer: str
    standalone: str
    asked_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The fields by name, time in ISO form."""
        return {
            "question": self.question,
            "answer": self.answer,
            "standalone": self.standalone,
            "asked_at": self.asked_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """A page of conversations. ``empty`` says why there are none."""

    rows: tuple[ConversationRow, ...]
    total: int
    page: int
    pages: int
    empty: str

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        rows = [row.as_json() for row in self.rows]
        return {"conversations": rows, "total": self.total, "page": self.page, "pages": self.pages}


def load_conversations(
    store: Store, owner: str = "", *, search: str = "", page: int = 1, per_page: int = PER_PAGE
) -> Conversations:
    """A page of conversations, the latest first; the last page when ``page`` lies behind it."""
    kept = SessionStore(store)
    total = kept.count_sessions(owner, search=search)
    pages = max(1, -(-total // per_page))
    page = min(max(page, 1), pages)
    rows = kept.list_sessions(per_page, owner, offset=(page - 1) * per_page, search=search)
    return Conversations(
        rows=tuple(ConversationRow(**row) for row in rows),
        total=total,
        page=page,
        pages=pages,
        empty=f"No conversation holds {search.strip()!r}." if search.strip() else "No conversations yet.",
    )


def load_conversation(store: Store, session: str) -> tuple[ConversationTurn, ...]:
    """The turns of a conversation, oldest first; none of an unknown one."""
    return tuple(
        ConversationTurn(
            question=row["question"],
            answer=row["answer"],
            standalone=row["standalone"] if row["standalone"] not in (None, row["question"]) else "",
            asked_at=row["asked_at"],
        )
        for row in SessionStore(store).load_turns(session)
    )


def is_kept(store: Store, session: str) -> bool:
    """Whether anything was asked under this id."""
    return SessionStore(store).is_kept(session)
