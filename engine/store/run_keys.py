"""What every run says of itself beside its scores: steps that were executed, calls of models, degraded answers."""

from __future__ import annotations

from typing import Any

from engine.store.store import Store

_KEYS = """
    SELECT (SELECT CASE WHEN count(steps) = count(*) THEN sum(steps) END FROM cases WHERE run_id = ?) AS steps,
           (SELECT CASE WHEN count(model_calls) = count(*) THEN sum(model_calls) END FROM cases WHERE run_id = ?) AS asked,
           (SELECT coalesce(sum(greatest(1, coalesce(len(repeats), 0))), 0) FROM scores
            WHERE run_id = ? AND status = 'scored' AND judge IS NOT NULL) AS judged,
           (SELECT CASE WHEN count(degraded) = count(*) THEN count_if(degraded <> '') END FROM cases WHERE run_id = ?) AS degraded,
           (SELECT mode(degraded ORDER BY position) FROM cases WHERE run_id = ? AND degraded <> '') AS reason"""


def load_run_keys(store: Store, run_id: str) -> dict[str, Any]:
    """``step_count``, ``ai_request_count``, ``degraded_count`` and ``degraded_reason`` of a run.

    ``step_count`` is the sum over its cases of the stages that were executed for each of their answers.
    ``ai_request_count`` is the sum of the target's answers that a model wrote and of a judge's judgements, where each
    repetition counts. ``degraded_count`` is the number of cases with an answer that is less than it could be, such as one by extraction
    where the model failed, ``degraded_reason`` the most frequent reason. What a run of an earlier version does not say is None.
    """
    row = store.query(_KEYS, (run_id,) * 5)[0]
    steps, asked = row["steps"], row["asked"]
    return {
        "step_count": None if steps is None else int(steps),
        "ai_request_count": None if asked is None else int(asked) + int(row["judged"]),
        "degraded_count": row["degraded"],
        "degraded_reason": row["reason"],
    }
