"""Which judge scores a run: the one that was asked for, else the saved default, else none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from engine.evaluation.late_scoring import Judging
from engine.evaluation.measures import is_judged
from engine.store import PreferenceStore, Store

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
