"""The cases of a long run in stretches of their position: each stretch reads its own rows and nothing else."""

from __future__ import annotations

from engine.store.store import Store


def split_positions(store: Store, run_id: str, size: int) -> list[tuple[int, int]]:
    """First and last position of stretches of about ``size`` cases, in order; cases of one position stay together."""
    rows = store.query(
        "SELECT DISTINCT position FROM (SELECT position, row_number() OVER (ORDER BY position) AS number FROM cases"
        " WHERE run_id = ?) WHERE number % ? = 1 OR ? = 1 ORDER BY position",
        (run_id, size, size),
    )
    starts = [row["position"] for row in rows]
    ends = [start - 1 for start in starts[1:]]
    last = store.query("SELECT max(position) AS last FROM cases WHERE run_id = ?", (run_id,))[0]["last"]
    return list(zip(starts, [*ends, last], strict=True)) if starts else []
