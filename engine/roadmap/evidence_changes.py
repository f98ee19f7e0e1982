"""What is different between the evidence that was signed and the evidence of now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.roadmap.goal_verdicts import format_value
from engine.roadmap.types import Roadmap

_VERDICTS = {"pass": "pass", "fail": "fail", "no_data": "no data"}


def list_evidence_changes(signed: Mapping[str, Any], now: Mapping[str, Any], roadmap: Roadmap) -> tuple[str, ...]:
    """Sentences; empty when both are the same."""
    return tuple(_list_changes(signed, now, {kpi.id: kpi.title for kpi in roadmap.kpis}))


def _list_changes(signed: Mapping[str, Any], now: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    if signed == now:
        return
    said = False
    for sentence in _list_differences(signed, now, titles):
        said = True
        yield sentence
    if not said:
        yield "the evidence is written down in another way"


def _list_differences(signed: Mapping[str, Any], now: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    if signed.get("target") != now.get("target"):
        yield f"the gate judges target {now.get('target')}, it judged {signed.get('target')}"
    old_runs, new_runs = _by(signed, "runs", "suite"), _by(now, "runs", "suite")
    for suite in sorted({*old_runs, *new_runs}):
        yield from _compare_runs(suite, old_runs.get(suite), new_runs.get(suite))
    old, new = _by(signed, "goals", "kpi"), _by(now, "goals", "kpi")
    for kpi in dict.fromkeys([*old, *new]):
        yield from _compare_goals(titles.get(kpi, kpi), old.get(kpi), new.get(kpi))
    if signed.get("verdict") != now.get("verdict"):
        yield f"the gate says {_word(now.get('verdict'))}, it said {_word(signed.get('verdict'))}"


def _by(evidence: Mapping[str, Any], part: str, key: str) -> dict[str, Mapping[str, Any]]:
    return {str(row.get(key)): row for row in evidence.get(part, ())}


def _compare_runs(suite: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    if old == new:
        return
    if old is None or new is None:
        yield (
            f"suite {suite}: there is no complete run any more"
            if new is None
            else f"suite {suite} was run: {new['run_id']}"
        )
    elif old["run_id"] != new["run_id"]:
        newer = str(new["started_at"]) > str(old["started_at"])
        yield f"suite {suite}: run {new['run_id']} is {'newer' if newer else 'read instead of ' + str(old['run_id'])}"
    else:
        changed = [name for name in old if old.get(name) != new.get(name)]
        yield f"run {old['run_id']} is not what it was: {', '.join(changed)}"


def _compare_goals(title: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    if old is None or new is None:
        yield f"{title}: the goal was {'removed' if new is None else 'added'}"
        return
    unit = str(new.get("unit", ""))
    if old.get("goal") != new.get("goal"):
        yield f"{title}: the goal is {new.get('goal')}, it was {old.get('goal')}"
    if old.get("value") != new.get("value"):
        yield f"{title}: {_value(new.get('value'), unit)}, it was {_value(old.get('value'), unit)}"
    elif any(old.get(name) != new.get(name) for name in ("low", "high", "n", "scored", "total")):
        yield f"{title}: another interval or other counts"
    if old.get("verdict") != new.get("verdict"):
        yield f"{title}: {_word(new.get('verdict'))}, it was {_word(old.get('verdict'))}"
    yield from _compare_waivers(title, old.get("waiver"), new.get("waiver"))
    if old.get("tick") != new.get("tick"):
        yield f"{title}: what a person said of it has changed"


def _compare_waivers(title: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    if old == new:
        return
    if new is None:
        yield f"{title}: its waiver no longer holds"
    elif old is None:
        yield f"{title}: it was waived until {new['expires_on']}"
    else:
        yield f"{title}: another waiver, until {new['expires_on']}"


def _value(value: float | None, unit: str) -> str:
    return "no value" if value is None else format_value(value, unit)


def _word(verdict: Any) -> str:
    return _VERDICTS.get(str(verdict), str(verdict))
