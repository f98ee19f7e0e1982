"""Judges that were set up, and every answer that a judge's model gave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store

PART = 500  # keys in one SELECT


class JudgeStore:
    """Keeps judges' settings and model answers. A write is durable when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save_judge(self, name: str, config: Mapping[str, Any], who: str) -> None:
        """Set a judge up, or change it. ``config`` holds no key, only the name of the variable that has it."""
        row = {"name": name, "config": dict(config), "updated_by": who, "updated_at": utc_now()}
        self._store.insert("judges", [row])

    def remove_judge(self, name: str) -> None:
        """Forget a judge; its scores and answers stay.

        Raises:
            UnknownNameError: there is no such judge.
        """
        known = self.load_judges()
        if name not in known:
            raise UnknownNameError("judge", name, known)
        self._store.execute("DELETE FROM judges WHERE name = ?", (name,))

    def load_judges(self) -> dict[str, dict[str, Any]]:
        """Configurations by name."""
        rows = self._store.query("SELECT name, config FROM judges ORDER BY name")
        return {row["name"]: row["config"] for row in rows}

    def list_judges(self) -> list[dict[str, Any]]:
        """Judges with their settings, who set them up and when, and what their model's kept answers come to."""
        return self._store.query("""
            SELECT j.name, j.config, j.updated_by, j.updated_at, coalesce(a.answers, 0) AS answers, a.cost_usd
            FROM judges j LEFT JOIN (
                SELECT model, count(*) AS answers, sum(cost_usd) AS cost_usd FROM judge_answers GROUP BY model
            ) a ON a.model = (j.config->>'model') ORDER BY j.name""")

    def known_keys(self, model: str) -> set[str]:
        """Keys of all kept answers of a model."""
        return {r["key"] for r in self._store.query("SELECT key FROM judge_answers WHERE model = ?", (model,))}

    def load_answers(self, keys: Collection[str]) -> dict[str, dict[str, Any]]:
        """Kept answers by key."""
        wanted, rows = list(keys), []
        for first in range(0, len(wanted), PART):
            part = wanted[first : first + PART]
            marks = ", ".join("?" * len(part))
            rows += self._store.query(
                "SELECT key, model, answer, prompt_tokens, completion_tokens, cost_usd FROM judge_answers"
                f" WHERE key IN ({marks})",
                part,
            )
        return {row["key"]: row for row in rows}

    def keep_answers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep answers; one of the same key is replaced."""
        now = utc_now()
        self._store.insert("judge_answers", [{**row, "made_at": now} for row in rows])

    def judged_scores(self, run_id: str) -> list[dict[str, Any]]:
        """Scores of a run that a judge gave, or should have: case_id, measure, status, value, judge, repeats, cost_usd,
        reason and prompt_hash, by measure and place in the suite."""
        return self._store.query(
            """
            SELECT s.case_id, s.measure, s.status, s.value, s.judge, s.repeats, s.cost_usd, s.reason, s.prompt_hash
            FROM scores s JOIN cases c USING (run_id, case_id)
            WHERE run_id = ? AND (s.judge IS NOT NULL OR s.status = 'unjudged') ORDER BY s.measure, c.position""",
            (run_id,),
        )

    def judged_runs(self, limit: int) -> list[dict[str, Any]]:
        """Runs with a judge's scores, newest first: run_id, suite, started_at, judges and how many scores."""
        return self._store.query(
            """
            SELECT r.run_id, r.suite, r.started_at, list_sort(list(DISTINCT s.judge)) AS judges, count(*) AS scores
            FROM runs r JOIN scores s USING (run_id) WHERE s.judge IS NOT NULL
            GROUP BY ALL ORDER BY r.started_at DESC LIMIT ?""",
            (limit,),
        )
