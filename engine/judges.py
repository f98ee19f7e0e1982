"""Which judge scores a run: the one that was asked for, else the saved default, else none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import InputError
from engine.evaluation.late_scoring import Judging
from engine.evaluation.measures import is_judged
from engine.store import PreferenceStore, Store

DECIDING = ("model", "temperature", "repeats", "rubrics", "embedder", "api_base")  # what a score depends on
DEFAULT_JUDGE = "judge"  # the preference that names the default judge


def find_judging(
    store: Store, measures: Sequence[str], reference: str = "", rubrics: Mapping[str, str] | None = None
) -> Judging | None:
    """A judge with the cache of its answers; None when no measure needs one, or there is none.

    Args:
        reference: a saved judge or a model; empty is the saved default.
        rubrics: those of the suite, which go before the judge's of the same name.

    Raises:
        InputError: the judge that was asked for cannot be used.
    """
    if not any(is_judged(name) for name in measures):
        return None
    reference = reference or PreferenceStore(store).load_preference(DEFAULT_JUDGE) or ""
    if not reference:
        return None
    from engine.evaluation.judging import load_judge
    from engine.store.judges import JudgeStore

    judges = JudgeStore(store)
    spec = load_judge(reference, judges.load_judges())
    return Judging(spec=dataclasses.replace(spec, rubrics={**spec.rubrics, **(rubrics or {})}), cache=judges)


def describe_judge(judging: Judging | None) -> dict[str, Any]:
    """What a run keeps of its judge, among its options."""
    if judging is None:
        return {"judge": ""}
    settings = judging.spec.as_json()
    return {"judge": judging.spec.name, "judge_settings": {name: settings[name] for name in DECIDING}}


def check_same_judge(run_id: str, options: Mapping[str, Any] | None, judging: Judging | None) -> None:
    """Sees that whoever scores under a run's plain measures is who scored there before.

    Raises:
        InputError: another judge, or the same name with other settings; no mean may mix two.
    """
    before = options or {}
    if judging is None or not before.get("judge"):
        return
    now = describe_judge(judging)
    if now["judge"] != before["judge"]:
        raise InputError(
            f"run {run_id} is judged by {before['judge']}, not by {now['judge']}.",
            f"A second judge scores beside the first: python -m engine rescore {run_id} --judge {now['judge']}",
        )
    changed = [n for n, v in now["judge_settings"].items() if before.get("judge_settings", {}).get(n, v) != v]
    if changed:
        raise InputError(
            f"judge {now['judge']} has changed since it scored run {run_id}: {', '.join(changed)}.",
            "Save the changed judge under a name of its own; it then scores beside the first.",
        )
