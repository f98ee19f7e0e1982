"""Sign-offs, waivers, ticks and what changed since, in a report."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.reports import build_report, render_formats
from engine.reports.decision_rows import change_rows, changes_words, check_link, edit_rows, sign_off_rows, waiver_rows
from engine.roadmap.checklists import tick_item
from engine.roadmap.sign_offs import sign_phase
from engine.roadmap.types import Roadmap
from engine.roadmap.waivers import give_waiver, withdraw_waiver
from engine.store import AuditTrail, Store, open_store
from tests.engine.reports.seeded import HOSTILE, make_roadmap, record_run

SOON = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
GOALS = ("success_rate", "recall_5")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        record_run(opened, "run-1", "stories", 3, 64, 0.95, 13.0)
        yield opened


@pytest.fixture
def plan() -> Roadmap:
    """Two goals in phase 2: one that is met, one that is missed."""
    made = make_roadmap()
    goals = tuple(goal for goal in made.phases[1].goals if goal.kpi in GOALS)
    phase = dataclasses.replace(made.phases[1], goals=goals)
    return dataclasses.replace(made, phases=(made.phases[0], phase, made.phases[2]))


def waive_missed(store: Store, plan: Roadmap) -> None:
    for goal in build_report(plan, 2, store).goals:
        if goal.verdict != "pass":
            give_waiver(store, plan, 2, goal.kpi, who="Ann", reason="comes with the next release", until=SOON)


def test_a_signature_is_under_the_evidence_of_the_report(store: Store, plan: Roadmap) -> None:
    waive_missed(store, plan)
    signed = sign_phase(store, plan, 2, who="Petra", role="product")
    report = build_report(plan, 2, store)
    assert report.evidence_hash == signed.evidence_hash
    ((who, _, shown, state, _),) = sign_off_rows(report)
    assert (who, state) == ("Petra, product", "Yes")
    assert signed.evidence_hash.startswith(shown)


def test_a_newer_run_shows_what_changed_since_the_signature(store: Store, plan: Roadmap) -> None:
    waive_missed(store, plan)
    sign_phase(store, plan, 2, who="Petra")
    record_run(store, "run-2", "stories", 9, 64, 0.3, 13.0)
    store.execute("UPDATE runs SET started_at = '2030-01-01' WHERE run_id = 'run-2'")
    AuditTrail(store).record_entry("Ann", "goal changed", f"{plan.name}/2/success_rate", reason="agreed")
    report = build_report(plan, 2, store)
    changes = report.changes[0]
    assert changes.since.startswith("Petra signed this phase on")
    row = next(row for row in changes.goals if row.goal.kpi == "success_rate")
    assert row.turned and (row.before_verdict, row.goal.verdict) == ("pass", "fail")
    assert row.gain is not None and row.gain < 0 and row.within is False
    assert "Success rate on real content: pass → fail" in changes_words(changes)
    assert change_rows(changes)[0][3] == "pass → fail"
    assert [run.run_id for run in changes.runs] == ["run-2"]
    assert [edit[2] for edit in edit_rows(changes)] == ["goal changed: Success rate on real content"]
    assert sign_off_rows(report)[0][3].startswith("No: ")


def test_edits_of_another_phase_are_not_listed(store: Store, plan: Roadmap) -> None:
    waive_missed(store, plan)
    sign_phase(store, plan, 2, who="Petra")
    trail = AuditTrail(store)
    trail.record_entry("Ann", "goal changed", f"{plan.name}/3/success_rate")
    trail.record_entry("Ann", "KPI changed", f"{plan.name}/kpis/availability")
    trail.record_entry("Ann", "roadmap reverted", plan.name)
    assert [edit["action"] for edit in build_report(plan, 2, store).changes[0].edits] == ["roadmap reverted"]


def test_the_phase_before_gives_the_values_of_its_planned_end(store: Store, plan: Roadmap) -> None:
    first = dataclasses.replace(plan.phases[0], end=datetime.date(2026, 2, 5))
    plan = dataclasses.replace(plan, phases=(first, *plan.phases[1:]))
    before = build_report(plan, 2, store).goals
    record_run(store, "run-2", "stories", 9, 64, 0.3, 13.0)
    (changes,) = build_report(plan, 2, store).changes
    assert changes.since == "the planned end of Phase 1, 2026-02-05"
    assert {row.goal.kpi: row.before for row in changes.goals} == {goal.kpi: goal.value for goal in before}


def test_without_either_the_runs_before_are_compared_and_one_run_has_no_before(store: Store, plan: Roadmap) -> None:
    assert build_report(plan, 2, store).changes == ()
    record_run(store, "run-2", "stories", 9, 64, 0.3, 13.0)
    (changes,) = build_report(plan, 2, store).changes
    assert changes.since == "the runs before"


def test_waivers_say_whether_they_hold(store: Store, plan: Roadmap) -> None:
    for kpi in GOALS:
        give_waiver(store, plan, 2, kpi, who="Ann", reason="comes with the next release", until=SOON)
    withdraw_waiver(store, plan, 2, "success_rate", who="Bo", reason="it is met")
    changed = dataclasses.replace(
        plan.phases[1],
        goals=tuple(dataclasses.replace(g, value=0.2) if g.kpi == "recall_5" else g for g in plan.phases[1].goals),
    )
    edited = dataclasses.replace(plan, phases=(plan.phases[0], changed, plan.phases[2]))
    states = {waiver.kpi: waiver.state for waiver in build_report(edited, 2, store).waivers}
    assert states == {"success_rate": "withdrawn", "recall_5": "outdated"}
    assert [row[3] for row in waiver_rows(build_report(plan, 2, store))] == ["holds", "withdrawn"]
    store.execute("UPDATE waivers SET expires_on = '2026-01-01', withdrawn_at = NULL")
    assert {waiver.state for waiver in build_report(plan, 2, store).waivers} == {"ended"}


def test_ticks_carry_who_and_link_apart_from_the_documents_claim(store: Store, plan: Roadmap) -> None:
    tick_item(store, plan, "c3", who="Ann", link="https://tickets.example.org/17", note="read it twice")
    report = build_report(plan, 2, store)
    item = next(item for item in report.checklist if item.item == "c3")
    assert item.tick is not None and check_link(item) == "https://tickets.example.org/17"
    shown = render_formats(report, ["html", "md", "json"])
    assert b'<a href="https://tickets.example.org/17"' in shown["html"]
    assert "- [x] Deployment guide written (ticked by Ann" in shown["md"].decode()
    assert "1 of 5 items ticked by a person here. The document ticks 2" in shown["md"].decode()
    listed = {entry["item"]: entry for entry in json.loads(shown["json"])["checklist"]}
    assert listed["c3"]["tick"]["who"] == "Ann" and listed["c0"]["tick"] is None


def test_names_and_reasons_of_people_are_inert_in_every_format(store: Store, plan: Roadmap) -> None:
    reason = f"{HOSTILE} @octocat closes #12"
    for goal in build_report(plan, 2, store).goals:
        if goal.verdict != "pass":
            give_waiver(store, plan, 2, goal.kpi, who="=Ann", reason=reason, until=SOON)
    sign_phase(store, plan, 2, who="<b>Eve</b>", note=reason)
    tick_item(store, plan, "c3", who="Ann", note=reason)
    shown = render_formats(build_report(plan, 2, store), ["html", "pdf", "md", "csv", "junit"])
    page, markdown = shown["html"].decode(), shown["md"].decode()
    assert "<script" not in page and "<b>Eve" not in page
    assert "<script" not in markdown.replace("\\<script", "") and "@octocat" not in markdown
    assert "#12" not in markdown
    assert b",'=Ann," in shown["csv"]
    assert shown["pdf"].startswith(b"%PDF-")
