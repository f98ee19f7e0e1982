"""The edits of a roadmap's draft: its heading, a phase, its goals, KPIs, checklists, risks. Each gives a new draft."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import InputError
from engine.roadmap.editing import Draft

Row = Mapping[str, Any]
IDENTITIES = {"goals": "kpi", "checklist": "id", "risks": "title"}
_NOT_IN_AN_ID = re.compile(r"[^a-z0-9._-]+")


def edit_heading(draft: Draft, **fields: Any) -> Draft:
    """Title, summary, document, date, target."""
    changed = _copy(draft)
    _update(changed, fields)
    return replace(draft, fields=changed)


def find_fields(draft: Draft, number: int) -> dict[str, Any]:
    """The fields of a phase, a copy.

    Raises:
        InputError: no such phase.
    """
    return _find_phase(_copy(draft), number)


def edit_phase(draft: Draft, number: int, **fields: Any) -> Draft:
    """Label, title, dates, goal text, priority, duration of a phase. A bar of the time line that had the phase's dates
    moves with it.

    Raises:
        InputError: no such phase.
    """
    changed = _copy(draft)
    phase = _find_phase(changed, number)
    old = phase.get("start"), phase.get("end")
    _update(phase, fields)
    new = phase.get("start"), phase.get("end")
    for bar in changed.get("timeline") or []:
        if bar["phase"] == number and all(old) and all(new) and (bar.get("start"), bar.get("end")) == old:
            bar["start"], bar["end"] = new
    return replace(draft, fields=changed)


def add_phase(draft: Draft, label: str, title: str) -> Draft:
    """One more phase at the end, with the goals of the last one to begin from."""
    changed = _copy(draft)
    last = changed["phases"][-1]
    phase = {
        "number": last["number"] + 1,
        "label": label.strip() or f"Phase {last['number'] + 1}",
        "title": title.strip() or "New phase",
        "goal_text": "Say here what this phase is to reach.",
        "goals": copy.deepcopy(last["goals"]),
    }
    changed["phases"].append(phase)
    return replace(draft, fields=changed)


def remove_last_phase(draft: Draft) -> Draft:
    """Without the last phase and its bars. Only the last one: waivers and signatures carry the numbers of phases.

    Raises:
        InputError: there is only one.
    """
    changed = _copy(draft)
    if len(changed["phases"]) == 1:
        raise InputError(f"{draft.name} has one phase only; a roadmap needs one.")
    gone = changed["phases"].pop()["number"]
    if changed.get("timeline"):
        changed["timeline"] = [bar for bar in changed["timeline"] if bar["phase"] != gone]
    return replace(draft, fields=changed)


def edit_rows(draft: Draft, name: str, rows: Iterable[Row], phase: int | None = None) -> Draft:
    """``goals`` or ``checklist`` of a phase, ``checklist`` or ``risks`` of the roadmap, as these rows say.

    A row with the KPI, id or title of an old one keeps that one's other fields. A checklist row without an id gets one.

    Raises:
        InputError: no such phase.
    """
    changed = _copy(draft)
    place = changed if phase is None else _find_phase(changed, phase)
    identity = IDENTITIES[name]
    old = {row[identity]: row for row in place.get(name) or []}
    written = [dict(row) for row in rows]
    if name == "checklist":
        _give_ids(written, _list_ids(changed))
    merged = [_merge(old.get(row.get(identity)), row) for row in written]
    if merged or name == "goals":
        place[name] = merged
    else:
        place.pop(name, None)
    return replace(draft, fields=changed)


def edit_kpis(draft: Draft, rows: Iterable[Row]) -> Draft:
    """The KPIs as these rows say; ``id`` and the fields of the file, ``evidence`` among them. A row without an id gets
    one from its title."""
    changed = _copy(draft)
    old = changed["kpis"]
    kpis: dict[str, Any] = {}
    for row in rows:
        fields = dict(row)
        name = str(fields.pop("id", "") or "") or _make_id(str(fields.get("title", "")), {*old, *kpis})
        evidence = _merge((old.get(name) or {}).get("evidence"), fields.pop("evidence", {}))
        kpis[name] = _merge(old.get(name), fields) | {"evidence": evidence}
    changed["kpis"] = kpis
    return replace(draft, fields=changed)


def _copy(draft: Draft) -> dict[str, Any]:
    return copy.deepcopy(dict(draft.fields))


def _find_phase(fields: Mapping[str, Any], number: int) -> dict[str, Any]:
    for phase in fields["phases"]:
        if phase["number"] == number:
            return phase
    raise InputError(f"The roadmap has no phase {number}.", "Somebody may have removed it; open the roadmap again.")


def _merge(old: Row | None, new: Row) -> dict[str, Any]:
    merged = dict(old or {})
    _update(merged, new)
    return merged


def _update(fields: dict[str, Any], new: Row) -> None:
    """Put the new values in; what is empty goes, where it was empty before it stays away."""
    for name, value in new.items():
        if isinstance(value, str) and value.strip() == str(fields.get(name, "")).strip():
            continue  # spaces at the end of a folded text are no change
        if value is None or value == "" or value == []:
            fields.pop(name, None)
        else:
            fields[name] = value


def _list_ids(fields: Mapping[str, Any]) -> set[str]:
    rows = [*(fields.get("checklist") or []), *(row for p in fields["phases"] for row in p.get("checklist") or [])]
    return {str(row["id"]) for row in rows}


def _give_ids(rows: Sequence[dict[str, Any]], taken: set[str]) -> None:
    for row in rows:
        if not row.get("id"):
            row["id"] = _make_id(str(row.get("text", "")), taken)
            taken.add(row["id"])
            row.setdefault("source", "added here")


def _make_id(title: str, taken: set[str]) -> str:
    stem = _NOT_IN_AN_ID.sub("_", title.lower()).strip("._-")[:40].rstrip("._-") or "item"
    number, name = 2, stem
    while name in taken:
        number, name = number + 1, f"{stem}_{number}"
    return name
