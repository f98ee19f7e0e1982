"""Results of benchmarks, kept with the machine and the commit that they were measured on."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store


class BenchmarkStore:
    """Records of ``python -m engine bench``. To read, anything with the store's ``query`` will do."""

    def __init__(self, store: Any) -> None:
        self._store: Store = store

    def record(self, result: Mapping[str, Any]) -> str:
        """Keep the JSON of ``bench``; the record's id, which sorts by time."""
        now = utc_now()
        bench_id = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        row = {
            "bench_id": bench_id,
            "name": result["name"],
            "measured_at": now,
            "machine": result["machine"],
            "commit": result["commit"],
            "data": result["data"],
            "settings": dict(result["settings"]),
            "figures": dict(result["figures"]),
            "stand_in": result["stand_in"],
            "seconds": result["seconds"],
        }
        self._store.insert("benchmarks", [row])
        return bench_id

    def list_names(self) -> list[str]:
        """The benchmarks that have a record, the one measured last first."""
        rows = self._store.query("SELECT name FROM benchmarks GROUP BY name ORDER BY max(bench_id) DESC")
        return [row["name"] for row in rows]

    def history(self, name: str, *, machine: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Records of one benchmark, newest first."""
        return self._store.query(
            "SELECT * FROM benchmarks WHERE name = ? AND (? IS NULL OR machine = ?) ORDER BY bench_id DESC LIMIT ?",
            (name, machine, machine, limit),
        )

    def find_newest(self, name: str, machine: str) -> dict[str, Any] | None:
        """The newest record of a benchmark on a machine."""
        rows = self.history(name, machine=machine, limit=1)
        return rows[0] if rows else None

    def load_record(self, bench_id: str) -> dict[str, Any]:
        """One record.

        Raises:
            UnknownNameError: no such record.
        """
        rows = self._store.query("SELECT * FROM benchmarks WHERE bench_id = ?", (bench_id,))
        if not rows:
            known = self._store.query("SELECT bench_id FROM benchmarks ORDER BY bench_id DESC LIMIT 10")
            raise UnknownNameError("benchmark record", bench_id, (row["bench_id"] for row in known))
        return rows[0]
