"""The summary of a run as it stands in the store, for commands, screens and reports. Imports nothing that runs one."""

from __future__ import annotations

from typing import Any

from engine.evaluation.summary import summarise_figures
from engine.store import RunStore, Store
from engine.store.run_figures import load_run_figures
from engine.store.run_keys import load_run_keys


def load_summary(store: Store, run_id: str) -> dict[str, Any]:
    """The JSON of ``run`` plus settings and provenance, counted by the database.

    Raises:
        UnknownNameError: no such run.
    """
    row = RunStore(store).load_row(run_id)
    names = ("settings", "provenance", "target", "preset", "suite_cases", "suite_hash", "options", "cost_usd")
    described = {key: row[key] for key in names}
    return summarise_figures(row, load_run_figures(store, run_id)) | described | load_run_keys(store, run_id)
