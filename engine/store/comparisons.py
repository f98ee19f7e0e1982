"""Two runs side by side, paired by case id in SQL: sums and counts leave the database, not cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.store.store import Store

MOVED = 1e-9  # differences up to it are ties
SIDES = ("success_rate", "error_rate", "context_quality")
"""Figures of a case itself, beside its scores. ``context_quality`` only where no score of that name was given."""
AT_ONCE = 4  # measures joined in one statement: the join of all measures of two large runs would take 300 MB
_SCORES = "SELECT case_id, measure, value, judge, prompt_hash FROM scores WHERE run_id = ? AND status = 'scored'"
_OWN = """
    SELECT case_id, 'success_rate' AS measure, (status = 'passed')::DOUBLE AS value, NULL::VARCHAR AS judge,
           NULL::VARCHAR AS prompt_hash FROM cases
    WHERE run_id = ? AND status <> 'unscored'
    UNION ALL
    SELECT case_id, 'error_rate', (status = 'error')::DOUBLE, NULL, NULL FROM cases WHERE run_id = ?
    UNION ALL
    SELECT case_id, 'context_quality', context_quality, NULL, NULL FROM cases
    WHERE run_id = ? AND context_quality IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM scores WHERE run_id = ? AND measure = 'context_quality')"""
_VALUES = f"{_SCORES} UNION ALL {_OWN}"
_FLIPS = {
    "worse": "x.status = 'passed' AND y.status IN ('failed', 'error')",
    "better": "x.status IN ('failed', 'error') AND y.status = 'passed'",
}


class ComparisonStore:
    """What a comparison asks of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_sums(self, run_a: str, run_b: str, most_moved: int) -> list[dict[str, Any]]:
        """Per measure, over the cases that have a value in both runs: ``n``, means ``a`` and ``b``, ``total`` and
        ``squares`` of B less A, ``wins`` and ``losses`` by value, ``binary`` with the four counts of a table, ``other``
        (pairs that two judges or two prompts scored) and ``moved``, the sorted differences that are not 0, None when there
        are more than ``most_moved``.
        """
        scored = self._store.query(
            "SELECT DISTINCT measure FROM scores WHERE run_id = ? AND status = 'scored' ORDER BY measure", (run_a,)
        )
        names = [row["measure"] for row in scored]
        rows = self._sum_pairs(_OWN, (run_a,) * 4, (run_b,) * 4)
        for first in range(0, len(names), AT_ONCE):
            chosen = names[first : first + AT_ONCE]
            of_some = f"{_SCORES} AND measure IN ({', '.join('?' * len(chosen))})"
            rows += self._sum_pairs(of_some, (run_a, *chosen), (run_b, *chosen))
        few = [row["measure"] for row in rows if not row["binary"] and 0 < row["wins"] + row["losses"] <= most_moved]
        moved = self._load_moved(run_a, run_b, few) if few else {}
        still = {row["measure"]: [] for row in rows if not row["wins"] + row["losses"]}
        return [row | {"moved": (still | moved).get(row["measure"])} for row in rows]

    def _sum_pairs(self, values: str, of_a: Sequence[Any], of_b: Sequence[Any]) -> list[dict[str, Any]]:
        return self._store.query(
            f"""
            WITH x AS ({values}), y AS ({values}),
            pairs AS (SELECT measure, x.value AS a, y.value AS b, y.value - x.value AS d,
                      x.judge IS DISTINCT FROM y.judge OR x.prompt_hash IS DISTINCT FROM y.prompt_hash AS other
                      FROM x JOIN y USING (case_id, measure))
            SELECT measure, count(*) AS n, avg(a) AS a, avg(b) AS b, sum(d) AS total, sum(d * d) AS squares,
                   count_if(d > {MOVED}) AS wins, count_if(d < -{MOVED}) AS losses,
                   bool_and(a IN (0, 1) AND b IN (0, 1)) AS "binary", count_if(a = 1 AND b = 1) AS ones,
                   count_if(a = 0 AND b = 0) AS zeros, count_if(other) AS other
            FROM pairs GROUP BY measure ORDER BY measure""",
            (*of_a, *of_b),
        )

    def _load_moved(self, run_a: str, run_b: str, measures: Sequence[str]) -> dict[str, list[float]]:
        chosen = list(measures)
        rows = self._store.query(
            f"""
            WITH x AS (FROM ({_VALUES}) WHERE list_contains(?, measure)),
            y AS (FROM ({_VALUES}) WHERE list_contains(?, measure)),
            pairs AS (SELECT measure, y.value - x.value AS d FROM x JOIN y USING (case_id, measure))
            SELECT measure, list(d ORDER BY d) AS moved FROM pairs WHERE abs(d) > {MOVED} GROUP BY measure""",
            (*(run_a,) * 5, chosen, *(run_b,) * 5, chosen),
        )
        return {row["measure"]: row["moved"] for row in rows}

    def count_scores(self, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Scores by run, measure and status, with the ``judges`` (name and prompt hash) behind them."""
        return self._store.query(
            "SELECT run_id, measure, status, count(*) AS n,"
            " list(DISTINCT coalesce(judge, '') || ' ' || coalesce(prompt_hash, '')) FILTER (status = 'scored') AS judges"
            " FROM scores WHERE list_contains(?, run_id) GROUP BY run_id, measure, status",
            (list(run_ids),),
        )

    def count_cases(self, run_a: str, run_b: str) -> dict[str, Any]:
        """``paired`` cases, ids ``only_a`` and ``only_b``, and ``reworded``: pairs that ask another question."""
        return self._store.query(
            """
            SELECT count_if(x.case_id IS NOT NULL AND y.case_id IS NOT NULL) AS paired,
                   coalesce(list(x.case_id ORDER BY x.position) FILTER (y.case_id IS NULL), []) AS only_a,
                   coalesce(list(y.case_id ORDER BY y.position) FILTER (x.case_id IS NULL), []) AS only_b,
                   count_if(x.question <> y.question) AS reworded
            FROM (SELECT case_id, position, question FROM cases WHERE run_id = ?) x
            FULL JOIN (SELECT case_id, position, question FROM cases WHERE run_id = ?) y ON x.case_id = y.case_id""",
            (run_a, run_b),
        )[0]

    def load_latencies(self, run_a: str, run_b: str) -> tuple[list[float], list[float]]:
        """Latencies in ms of the cases that have one in both runs, pair by pair."""
        row = self._store.query(
            """
            SELECT coalesce(list(x.latency_ms ORDER BY x.position), []) AS a,
                   coalesce(list(y.latency_ms ORDER BY x.position), []) AS b
            FROM (SELECT case_id, position, latency_ms FROM cases WHERE run_id = ? AND latency_ms IS NOT NULL) x
            JOIN (SELECT case_id, latency_ms FROM cases WHERE run_id = ? AND latency_ms IS NOT NULL) y USING (case_id)""",
            (run_a, run_b),
        )[0]
        return row["a"], row["b"]

    def load_latency_curve(self, run_id: str, shares: Sequence[float]) -> list[float]:
        """The latency under which each share of the run's cases stays; empty without latencies."""
        row = self._store.query(
            "SELECT quantile_cont(latency_ms, ?) AS curve FROM cases WHERE run_id = ?", (list(shares), run_id)
        )[0]
        return row["curve"] or []

    def load_figures(self, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Per run and measure its mean ``value``, with judge and prompt hash; latency as its quantiles."""
        per_run = " UNION ALL ".join(f"SELECT ?::VARCHAR AS run_id, * FROM ({_VALUES})" for _ in run_ids)
        means = self._store.query(
            f"SELECT run_id, measure, judge, prompt_hash, avg(value) AS value FROM ({per_run}) GROUP BY ALL",
            [value for run_id in run_ids for value in (run_id,) * 6],
        )
        latencies = self._store.query(
            "SELECT run_id, quantile_cont(latency_ms, 0.5) AS p50, quantile_cont(latency_ms, 0.95) AS p95 FROM cases"
            " WHERE list_contains(?, run_id) GROUP BY run_id",
            (list(run_ids),),
        )
        plain = {"judge": None, "prompt_hash": None}
        return means + [
            {"run_id": row["run_id"], "measure": f"latency_{q}_ms", "value": row[q], **plain}
            for row in latencies
            for q in ("p50", "p95")
            if row[q] is not None
        ]

    def find_like(self, run: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        """Finished runs of the same suite, target and number of cases, newest first; ``run`` itself is left out."""
        return self._store.query(
            "SELECT run_id, settings, provenance, options FROM runs WHERE suite_hash = ? AND target = ? AND cases = ?"
            " AND status = 'finished' AND run_id <> ? ORDER BY started_at DESC LIMIT ?",
            (run["suite_hash"], run["target"], run["cases"], run["run_id"], limit),
        )

    def load_options(self, run_id: str) -> dict[str, Any]:
        """The options that the run was started with."""
        rows = self._store.query("SELECT options FROM runs WHERE run_id = ?", (run_id,))
        return (rows[0]["options"] or {}) if rows else {}

    def count_flips(self, run_a: str, run_b: str) -> dict[str, int]:
        """Cases that went from pass to fail (``worse``) and from fail to pass (``better``)."""
        counts = ", ".join(f"count_if({condition}) AS {name}" for name, condition in _FLIPS.items())
        return self._store.query(f"SELECT {counts} FROM {_joined('case_id, status')}", (run_a, run_b))[0]

    def find_flips(self, run_a: str, run_b: str, kind: str, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """Flipped cases of one kind in suite order, with both answers.

        Raises:
            KeyError: another kind than ``worse`` and ``better``.
        """
        columns = "case_id, position, question, status, answer, context_quality, latency_ms"
        return self._store.query(
            f"SELECT x.case_id, x.question, x.status AS status_a, y.status AS status_b, x.answer AS answer_a,"
            f" y.answer AS answer_b, x.context_quality AS quality_a, y.context_quality AS quality_b FROM {_joined(columns)}"
            f" WHERE {_FLIPS[kind]} ORDER BY x.position, x.case_id LIMIT ? OFFSET ?",
            (run_a, run_b, limit, offset),
        )


def _joined(columns: str) -> str:
    side = f"(SELECT {columns} FROM cases WHERE run_id = ?)"
    return f"{side} x JOIN {side} y USING (case_id)"
