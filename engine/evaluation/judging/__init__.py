"""Scores that a model gives: who judges, how it is asked, what it costs, and how far it can be trusted."""

from __future__ import annotations

from engine.evaluation.judging.scoring import score_by_judge
from engine.evaluation.judging.specs import JudgeSpec, build_judge, load_judge
from engine.evaluation.judging.tasks import AnswerRow, JudgeCache, JudgeReport, JudgeTask, MemoryCache

__all__ = [
    "AnswerRow",
    "JudgeCache",
    "JudgeReport",
    "JudgeSpec",
    "JudgeTask",
    "MemoryCache",
    "build_judge",
    "load_judge",
    "score_by_judge",
]
