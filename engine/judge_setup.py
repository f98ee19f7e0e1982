"""Setting judges up, forgetting them, and choosing the one that runs use when they name none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import SettingError
from engine.evaluation.judging.specs import NAME, JudgeSpec, build_judge, load_judge
from engine.judges import DEFAULT_JUDGE
from engine.store import AuditTrail, PreferenceStore, Store
from engine.store.judges import JudgeStore


def save_judge(store: Store, name: str, given: Mapping[str, Any], who: str) -> JudgeSpec:
    """Set a judge up, or change what is given of one that is there. Who did it is kept.

    Raises:
        SettingError: a setting is unknown or out of range; nothing was changed.
    """
    if not NAME.fullmatch(name) or name == "people":
        raise SettingError(
            f"The judge's name {name[:80]!r}: expected letters, digits, dots, dashes and underscores, at most 64, and "
            "not 'people', who are raters of their own."
        )
    judges = JudgeStore(store)
    before = judges.load_judges().get(name)
    spec = build_judge(name, {**(before or {}), **given})
    config = {key: value for key, value in spec.as_json().items() if key != "name"}
    judges.save_judge(name, config, who)
    action = "judge changed" if before is not None else "judge added"
    AuditTrail(store).record_entry(who, action, f"judge/{name}", before=before, after=config)
    return spec


def remove_judge(store: Store, name: str, who: str) -> None:
    """Forget a judge; its scores and answers stay.

    Raises:
        UnknownNameError: there is no such judge.
    """
    judges = JudgeStore(store)
    before = judges.load_judges().get(name)
    judges.remove_judge(name)
    if PreferenceStore(store).load_preference(DEFAULT_JUDGE) == name:
        PreferenceStore(store).save_preference(DEFAULT_JUDGE, "")
    AuditTrail(store).record_entry(who, "judge removed", f"judge/{name}", before=before)


def choose_default(store: Store, name: str) -> None:
    """The judge of runs that name none; "" is no judge.

    Raises:
        UnknownNameError: neither a saved judge nor a model.
    """
    if name:
        load_judge(name, JudgeStore(store).load_judges())
    PreferenceStore(store).save_preference(DEFAULT_JUDGE, name)
