"""What differs between two versions of a roadmap file, item by item, and putting such changes on top of another version.

An item is the smallest thing that two people can change without being in each other's way: a goal, a KPI, a risk, a
checklist item, one field of a phase. Its key is its place: ``("phases", 2, "goals", "success_rate")``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError

Key = tuple[str | int, ...]
HEADER = ("title", "document", "date", "summary", "target")
PHASE_LISTS = {"goals": "kpi", "checklist": "id"}
LISTS = {"checklist": "id", "risks": "title"}
WHOLE = ("readiness", "maturity", "previous", "confidence")
_NOUNS = {"goals": "goal", "checklist": "checklist item", "kpis": "KPI", "risks": "risk", "phases": "phase"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item before and after; None where it was not there, or is not any more."""

    key: Key
    before: Any
    after: Any

    @property
    def action(self) -> str:
        """``goal changed``, ``risk added``, ``phase removed``."""
        noun = _name_item(self.key)
        return f"{noun} {'added' if self.before is None else 'removed' if self.after is None else 'changed'}"

    @property
    def place(self) -> str:
        """Where, below the roadmap's name: ``2/success_rate``, ``kpis/success_rate``."""
        parts = [str(part) for part in self.key if part not in ("phases", "goals")]
        return "/".join(parts)

    @property
    def words(self) -> str:
        """``goal changed: success_rate of phase 2: > 0.75 → > 0.8``."""
        return self.say({})

    def say(self, titles: Mapping[str, str]) -> str:
        """The same with the titles of KPIs."""
        name = "" if len(self.key) == 1 else str(self.key[-1])
        phase = f" of phase {self.key[1]}" if self.key[0] == "phases" and len(self.key) > 2 else ""
        head = f"{self.action}: {titles.get(name, name)}{phase}" if name else self.action
        if self.before is None or self.after is None:
            return head
        return f"{head}: {_differences(self.before, self.after)}"


def list_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every item that differs; empty when nothing does."""
    old, new = dict(_flatten(before)), dict(_flatten(after))
    keys = [*new, *(key for key in old if key not in new)]
    return tuple(
        Change(key=key, before=old.get(key), after=new.get(key)) for key in keys if old.get(key) != new.get(key)
    )


def apply_changes(fields: Mapping[str, Any], changes: Sequence[Change]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The changes on top of another version, and in words what somebody else has changed in the same place.

    Where both changed the same item, the item of ``changes`` stands.

    Raises:
        InputError: a change belongs to a phase that is gone.
    """
    merged = copy.deepcopy(dict(fields))
    current = dict(_flatten(fields))
    clashes = []
    for change in changes:
        found = current.get(change.key)
        if found != change.before and found != change.after:
            clashes.append(f"{_name_item(change.key)} {change.key[-1]}")
        _put(merged, change)
    return merged, tuple(clashes)


def describe_values(before: Any, after: Any) -> str:
    """What an entry of the audit trail changed: ``> 0.75 → > 0.8``; one side alone where the other is nothing."""
    if before in (None, {}) or after in (None, {}):
        return _short(_bare(before if after in (None, {}) else after)) if before or after else ""
    return _differences(_bare(before), _bare(after))


def _bare(value: Any) -> Any:
    return value["value"] if isinstance(value, Mapping) and set(value) == {"value"} else value


def _flatten(fields: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    for name in HEADER:
        if fields.get(name) not in (None, ""):
            yield (name,), fields[name]
    yield from ((("kpis", name), kpi) for name, kpi in (fields.get("kpis") or {}).items())
    for name, identity in LISTS.items():
        yield from (((name, row[identity]), row) for row in fields.get(name) or [])
    for phase in fields.get("phases") or []:
        number = phase["number"]
        for name, value in phase.items():
            if name in PHASE_LISTS:
                yield from ((("phases", number, name, row[PHASE_LISTS[name]]), row) for row in value or [])
            elif value not in (None, ""):
                yield ("phases", number, name), value
    yield from (((name,), fields[name]) for name in WHOLE if fields.get(name))
    yield ("timeline",), fields.get("timeline") or []


def _put(fields: dict[str, Any], change: Change) -> None:
    head = change.key[0]
    if len(change.key) == 1:
        _set(fields, str(head), change.after)
    elif head == "kpis":
        _set(fields.setdefault("kpis", {}), str(change.key[1]), change.after)
    elif head in LISTS:
        fields[str(head)] = _put_row(fields.get(str(head)) or [], LISTS[str(head)], change.key[1], change.after)
    else:
        _put_into_phase(fields, change)


def _put_into_phase(fields: dict[str, Any], change: Change) -> None:
    number, name = change.key[1], str(change.key[2])
    phase = next((p for p in fields["phases"] if p["number"] == number), None)
    if phase is None and change.after is None:
        return
    if phase is None and change.before is None:
        phase = {"number": number}
        fields["phases"].append(phase)
    if phase is None:
        raise InputError(f"Phase {number} was removed by somebody else, so {name} cannot be changed in it.")
    if name in PHASE_LISTS:
        rows = _put_row(phase.get(name) or [], PHASE_LISTS[name], change.key[3], change.after)
        _set(phase, name, rows or None)
    else:
        _set(phase, name, change.after)
    if not set(phase) - {"number"}:  # its last field went: the phase itself was removed
        fields["phases"].remove(phase)


def _put_row(rows: Sequence[Any], identity: str, key: Any, after: Any) -> list[Any]:
    if after is None:
        return [row for row in rows if row[identity] != key]
    if any(row[identity] == key for row in rows):
        return [after if row[identity] == key else row for row in rows]
    return [*rows, after]


def _set(fields: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        fields.pop(name, None)
    else:
        fields[name] = value


def _name_item(key: Key) -> str:
    if len(key) == 1:
        return {"timeline": "time line"}.get(str(key[0]), str(key[0]))
    if key[0] == "phases":
        name = str(key[2])
        return _NOUNS.get(name, "phase")
    return _NOUNS[str(key[0])]


def _differences(before: Any, after: Any) -> str:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if names == ["goal"]:
            return f"{before['goal']} → {after['goal']}"
        return "; ".join(f"{name}: {_short(before.get(name))} → {_short(after.get(name))}" for name in names)
    return f"{_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return (
            ", ".join(str(item) for item in value)
            if not any(isinstance(i, dict) for i in value)
            else f"{len(value)} bars"
        )
    text = str(value).strip()
    if len(text) == 64 and not set(text) - set("0123456789abcdef"):
        return text[:8]  # a hash
    return text if len(text) <= 60 else f"{text[:57]} …"
