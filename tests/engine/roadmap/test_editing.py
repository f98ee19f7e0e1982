"""Changing a roadmap: what is written, what is refused, and that the second of two editors loses nothing."""

from __future__ import annotations

import dataclasses
import datetime
import threading
from pathlib import Path

import pytest

from engine.errors import FileFormatError, InputError, UnknownNameError
from engine.roadmap import editing
from engine.roadmap.editing import (
    Draft,
    StaleDraftError,
    check_draft,
    create_roadmap,
    is_edited,
    list_edits,
    open_draft,
    rebase_draft,
    render_draft,
    revert_roadmap,
    save_draft,
)
from engine.roadmap.edits import add_phase, edit_heading, edit_kpis, edit_phase, edit_rows, remove_last_phase
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import home_roadmaps, list_roadmap_names, load_roadmap
from engine.settings import DATASETS
from engine.store import AuditTrail, Store
from tests.engine.roadmap.seeded import AddRun
from tests.engine.roadmap.test_gates import MEMORY, stories

NAME = "narrative-agent"
WHY = "agreed in the weekly meeting"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))


def set_goal(draft: Draft, phase: int, kpi: str, goal: str) -> Draft:
    rows = next(p for p in draft.fields["phases"] if p["number"] == phase)["goals"]
    return edit_rows(draft, "goals", [{**r, "goal": goal} if r["kpi"] == kpi else r for r in rows], phase)


def threshold(kpi: str, phase: int = 2) -> str:
    return next(g.label for g in load_roadmap(NAME).phases[phase - 1].goals if g.kpi == kpi)


def test_a_changed_goal_is_saved_in_the_home_folder_and_the_shipped_file_is_as_it_was(store: Store) -> None:
    shipped = (DATASETS / "roadmaps" / f"{NAME}.yaml").read_bytes()
    assert not is_edited(NAME) and threshold("success_rate") == "> 0.75"
    save_draft(store, set_goal(open_draft(NAME), 2, "success_rate", ">= 0.5"), who="Ann", reason=WHY)
    assert is_edited(NAME) and threshold("success_rate") == ">= 0.5"
    assert (DATASETS / "roadmaps" / f"{NAME}.yaml").read_bytes() == shipped
    assert [c.words for c in list_edits(NAME)] == ["goal changed: success_rate of phase 2: > 0.75 → >= 0.5"]
    (entry,) = AuditTrail(store).list_entries(NAME)
    assert (entry["who"], entry["action"], entry["subject"], entry["reason"]) == (
        "Ann",
        "goal changed",
        f"{NAME}/2/success_rate",
        WHY,
    )
    assert (entry["before"]["goal"], entry["after"]["goal"]) == ("> 0.75", ">= 0.5")


@pytest.mark.parametrize("name", list_roadmap_names())
def test_an_unchanged_roadmap_written_and_read_again_is_the_same_in_the_same_order(name: str) -> None:
    draft = open_draft(name)
    assert check_draft(draft) == load_roadmap(name)
    assert list(draft.fields) == list(__import__("yaml").safe_load(render_draft(draft)))
    assert draft.changes == ()


def test_the_effect_on_the_gate_is_known_before_saving(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(passed=60), memory=MEMORY)
    assert check_gate(load_roadmap(NAME), 2, store).verdict == "fail"
    draft = set_goal(open_draft(NAME), 2, "success_rate", ">= 0.7")
    assert check_gate(check_draft(draft), 2, store).verdict == "pass"
    assert check_gate(load_roadmap(NAME), 2, store).verdict == "fail"


def test_every_part_can_be_changed(store: Store) -> None:
    draft = open_draft(NAME)
    draft = edit_heading(draft, title="Another title", target="my-service")
    draft = edit_phase(draft, 2, title="Faster", start=datetime.date(2026, 12, 1), end=datetime.date(2026, 12, 24))
    goals = [*draft.fields["phases"][0]["goals"], {"kpi": "speed", "goal": "< 5", "text": "fast", "source": "us"}]
    draft = edit_rows(draft, "goals", goals, 1)
    kpis = [{"id": name, **kpi} for name, kpi in draft.fields["kpis"].items()]
    evidence = {"type": "run", "suites": ["stories"], "measure": "latency_p95"}
    new = {"title": "Speed", "unit": "ms", "higher_is_better": False, "description": "How fast.", "evidence": evidence}
    draft = edit_kpis(draft, [*kpis, new])
    draft = edit_rows(
        draft, "risks", [{"title": "A risk", "owner": "Bob", "mitigation": "a plan", "likelihood": "high"}]
    )
    draft = edit_rows(draft, "checklist", [{"text": "Ask the lawyers"}], 1)
    draft = add_phase(draft, "Phase 5", "Aftercare")
    saved = save_draft(store, draft, who="Ann", reason=WHY)
    assert saved == load_roadmap(NAME)
    assert (saved.title, saved.target) == ("Another title", "my-service")
    assert (saved.phases[1].title, saved.phases[1].end) == ("Faster", datetime.date(2026, 12, 24))
    assert saved.kpi("speed").evidence.measure == "latency_p95"
    assert [(r.title, r.owner, r.likelihood) for r in saved.risks] == [("A risk", "Bob", "high")]
    assert [(i.id, i.text) for i in saved.phases[0].checklist] == [("ask_the_lawyers", "Ask the lawyers")]
    assert [g.kpi for g in saved.phases[4].goals] == [g.kpi for g in saved.phases[3].goals]
    actions = {entry["action"] for entry in AuditTrail(store).list_entries(NAME)}
    assert {"title changed", "target added", "phase changed", "KPI added", "goal added", "risk removed", "risk added", "checklist item removed"} <= actions  # fmt: skip


def test_only_the_last_phase_goes_and_its_bars_with_it(store: Store) -> None:
    draft = remove_last_phase(open_draft(NAME))
    saved = save_draft(store, draft, who="Ann", reason=WHY)
    assert [p.number for p in saved.phases] == [1, 2, 3] and {b.phase for b in saved.timeline} == {1, 2, 3}
    for _ in range(2):
        draft = remove_last_phase(draft)
    with pytest.raises(InputError, match="one phase only"):
        remove_last_phase(draft)


def test_a_bar_with_the_dates_of_its_phase_moves_with_it() -> None:
    draft = open_draft("operations-agent")
    phase = draft.fields["phases"][1]
    bars = [{"phase": 2, "title": "All", "start": phase["start"], "end": phase["end"]}]
    draft = dataclasses.replace(draft, fields={**draft.fields, "timeline": bars})
    moved = edit_phase(draft, 2, start=datetime.date(2027, 1, 4), end=datetime.date(2027, 1, 8))
    assert check_draft(moved).timeline[0].start == datetime.date(2027, 1, 4)


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("about 0.75", r"line \d+, field 'phases.1.goals.0'.*found 'about 0.75'"),
        ("> nan", "direction and a number"),
        ("", "phases.1.goals.0"),
    ],
)
def test_a_goal_that_is_none_is_refused_with_its_line_and_nothing_is_written(
    store: Store, goal: str, words: str
) -> None:
    draft = set_goal(open_draft(NAME), 2, "success_rate", goal)
    with pytest.raises(FileFormatError, match=words):
        save_draft(store, draft, who="Ann", reason=WHY)
    assert not is_edited(NAME) and AuditTrail(store).list_entries() == []


@pytest.mark.parametrize(("who", "reason", "words"), [("", WHY, "Nobody"), ("Ann", "so", "at least 3 words")])
def test_a_change_without_name_or_reason_is_refused(store: Store, who: str, reason: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        save_draft(store, set_goal(open_draft(NAME), 2, "success_rate", "> 0.5"), who=who, reason=reason)
    assert not is_edited(NAME)


def test_saving_nothing_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="Nothing of narrative-agent was changed"):
        save_draft(store, open_draft(NAME), who="Ann", reason=WHY)


def test_the_second_of_two_editors_is_told_who_was_first_and_can_put_both_together(store: Store) -> None:
    first, second = (open_draft(NAME) for _ in range(2))
    save_draft(store, set_goal(first, 2, "success_rate", "> 0.6"), who="Ann", reason=WHY)
    mine = edit_phase(set_goal(second, 3, "error_rate", "< 0.5"), 1, title="Mine")
    with pytest.raises(StaleDraftError, match=r"saved by Ann \(goal changed.*nothing is lost"):
        save_draft(store, mine, who="Bob", reason=WHY)
    assert threshold("success_rate") == "> 0.6" and threshold("error_rate", 3) == "< 0.02"
    merged, clashes = rebase_draft(mine)
    assert clashes == ()
    save_draft(store, merged, who="Bob", reason=WHY)
    assert (threshold("success_rate"), threshold("error_rate", 3)) == ("> 0.6", "< 0.5")
    assert load_roadmap(NAME).phases[0].title == "Mine"


def test_a_clash_is_named_and_the_second_editors_version_stands(store: Store) -> None:
    first, second = (open_draft(NAME) for _ in range(2))
    save_draft(store, set_goal(first, 2, "success_rate", "> 0.6"), who="Ann", reason=WHY)
    merged, clashes = rebase_draft(set_goal(second, 2, "success_rate", "> 0.7"))
    assert clashes == ("goal success_rate",)
    save_draft(store, merged, who="Bob", reason=WHY)
    assert threshold("success_rate") == "> 0.7"


def test_of_two_editors_who_save_at_once_one_is_saved_and_one_is_told(store: Store) -> None:
    drafts = [set_goal(open_draft(NAME), 2, "success_rate", f"> 0.{n}") for n in (5, 6)]
    start, outcomes = threading.Barrier(2), []

    def work(draft: Draft) -> None:
        start.wait()
        try:
            save_draft(store, draft, who="Ann", reason=WHY)
            outcomes.append("saved")
        except StaleDraftError:
            outcomes.append("told")

    threads = [threading.Thread(target=work, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "told"]
    assert threshold("success_rate") in ("> 0.5", "> 0.6")
    assert [p.name for p in home_roadmaps().iterdir() if p.name != ".lock"] == [f"{NAME}.yaml"]


def test_an_edited_roadmap_goes_back_to_the_shipped_one(store: Store) -> None:
    save_draft(store, set_goal(open_draft(NAME), 2, "success_rate", "> 0.5"), who="Ann", reason=WHY)
    revert_roadmap(store, NAME, who="Ann", reason=WHY)
    assert threshold("success_rate") == "> 0.75" and list_edits(NAME) == ()
    with pytest.raises(InputError, match="nothing to go back to"):
        revert_roadmap(store, NAME, who="Ann", reason=WHY)


def test_a_broken_copy_is_named_and_can_be_taken_away(store: Store) -> None:
    home_roadmaps().mkdir(parents=True)
    (home_roadmaps() / f"{NAME}.yaml").write_text("name: [broken")
    with pytest.raises(FileFormatError, match="expected YAML"):
        load_roadmap(NAME)
    revert_roadmap(store, NAME, who="Ann", reason=WHY)
    assert load_roadmap(NAME).name == NAME


def test_a_new_roadmap_is_listed_and_can_be_gated(store: Store) -> None:
    create_roadmap(store, "my-plan", "My plan", who="Ann")
    create_roadmap(store, "my-copy", "My copy", who="Ann", copy_of="multi-agent")
    assert {"my-plan", "my-copy"} <= set(list_roadmap_names())
    assert check_gate(load_roadmap("my-plan"), 1, store).verdict == "no_data"
    assert load_roadmap("my-copy").kpis == load_roadmap("multi-agent").kpis


@pytest.mark.parametrize("name", ["multi-agent", "Multi-Agent", "", "../evil", "a b", ".hidden"])
def test_a_new_roadmap_needs_a_name_of_its_own(store: Store, name: str) -> None:
    with pytest.raises(InputError):
        create_roadmap(store, name, "Title", who="Ann")
    assert not home_roadmaps().exists() or not list(home_roadmaps().glob("*.yaml"))


def test_an_unknown_roadmap_cannot_be_edited() -> None:
    with pytest.raises(UnknownNameError, match="nope"):
        open_draft("nope")


def test_a_full_disk_leaves_the_old_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save_draft(store, set_goal(open_draft(NAME), 2, "success_rate", "> 0.5"), who="Ann", reason=WHY)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(editing.os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        save_draft(store, set_goal(open_draft(NAME), 2, "success_rate", "> 0.6"), who="Ann", reason=WHY)
    assert threshold("success_rate") == "> 0.5"
    assert [p.name for p in home_roadmaps().iterdir() if p.name != ".lock"] == [f"{NAME}.yaml"]
