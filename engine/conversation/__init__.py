"""Conversations: follow-up questions made stand-alone, and what the asker said recalled."""

from engine.conversation.followups import History, StandaloneQuestion, resolve_question
from engine.conversation.recall import RecalledStatement, recall_statement

__all__ = ["History", "RecalledStatement", "StandaloneQuestion", "recall_statement", "resolve_question"]
