"""Who judged the scores that a gate reads. The scores of two judges are not one sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from engine.evaluation.measures import is_judged
from engine.roadmap.types import EvidenceRun


class ReadsStore(Protocol):
    """What is needed of ``engine.store.Store``."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of one SELECT."""


def explain_mixed_judges(store: ReadsStore, measure: str, runs: Sequence[EvidenceRun]) -> str:
    """Why these runs cannot be pooled for a judged measure: several judges scored them. Empty when they can."""
    if not runs or not is_judged(measure):
        return ""
    marks = ", ".join("?" * len(runs))
    rows = store.query(
        f"SELECT DISTINCT judge FROM scores WHERE run_id IN ({marks}) AND measure = ? AND judge IS NOT NULL ORDER BY judge",
        [*(run.run_id for run in runs), measure],
    )
    judges = [row["judge"] for row in rows]
    if len(judges) < 2:
        return ""
    return (
        f"{measure} was scored by {len(judges)} judges, {' and '.join(judges)}, whose scores are not one sample; "
        "score all runs again with one of them"
    )
