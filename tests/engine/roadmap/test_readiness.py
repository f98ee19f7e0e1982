"""The score: what earns points, what does not, and what the range of it means."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import pytest
import yaml

from engine.errors import FileFormatError
from engine.roadmap.checklists import tick_item
from engine.roadmap.editing import open_draft, save_draft
from engine.roadmap.edits import edit_phase, edit_rows
from engine.roadmap.gates import check_gate
from engine.roadmap.readiness import ReadinessScore, score_readiness
from engine.roadmap.roadmap_changes import list_changes
from engine.roadmap.roadmap_files import read_roadmap_file
from engine.roadmap.roadmaps import build_roadmap, list_roadmaps, load_roadmap
from engine.roadmap.types import Roadmap
from engine.roadmap.waivers import give_waiver
from engine.settings import DATASETS
from engine.store import CorpusStore, Store
from tests.engine.roadmap.seeded import AddRun, case

LINK = "https://tickets.example.org/17"
TODAY = datetime.datetime.now(datetime.UTC).date()


def fields(**readiness: object) -> dict[str, object]:
    """A roadmap with a measured KPI, one that a person confirms, and the score as a KPI of its own."""

    def kpi(title: str, unit: str, evidence: dict[str, object]) -> dict[str, object]:
        return {"title": title, "unit": unit, "higher_is_better": True, "description": "d", "evidence": evidence}

    def goal(name: str, wanted: str) -> dict[str, str]:
        return {"kpi": name, "goal": wanted, "text": "as written", "source": "here"}

    run = {"type": "run", "suites": ["stories"], "measure": "success_rate"}
    plan: dict[str, object] = {
        "source": "the document",
        "weights": {"functional": 60, "rest": 40},
        "items": [
            {"id": "right", "title": "Right", "group": "functional", "points": 40, "source": "s", "evidence": [{"kpi": "success", "phase": 1}]},
            {"id": "flow", "title": "Flow", "group": "functional", "points": 20, "source": "s", "evidence": [{"kpi": "flow", "phase": 1}]},
            {"id": "box", "title": "Box", "group": "rest", "source": "s", "evidence": [{"checklist": "box"}]},
            {"id": "table", "title": "Table", "group": "rest", "source": "s", "evidence": [{"corpus": "shop", "document": "products.csv", "rows": 3}]},
        ],
    }  # fmt: skip
    return {
        "name": "demo", "title": "Demo", "document": "d", "date": "2026", "summary": "s",
        "kpis": {
            "success": kpi("Success", "share", run),
            "flow": kpi("Order flow", "done", {"type": "checklist", "reason": "a person confirms it"}),
            "score": kpi("Score", "points", {"type": "readiness"}),
        },
        "phases": [{
            "number": 1, "label": "P1", "title": "First", "goal_text": "g",
            "goals": [goal("success", ">= 0.75"), goal("flow", "done"), goal("score", ">= 90")],
            "checklist": [{"id": "box", "text": "A box", "source": "here"}],
        }],
        "readiness": plan | readiness,
    }  # fmt: skip


def build(tmp_path: Path, content: dict[str, object] | None = None) -> Roadmap:
    path = tmp_path / "demo.yaml"
    path.write_text(yaml.safe_dump(content or fields(), sort_keys=False))
    return build_roadmap(read_roadmap_file(path))


def states(score: ReadinessScore) -> dict[str, str]:
    return {item.id: item.state for item in score.items}


def stories(passed: int, total: int = 100) -> list[dict[str, object]]:
    return [case("passed" if i < passed else "failed") for i in range(total)]


def put_rows(store: Store, rows: int) -> None:
    row = {"title": "t", "source": "s", "content_type": "row", "content_hash": "h", "characters": 9, "chunks": 1}
    documents = [{"document": f"products.csv#{i}", **row} for i in range(rows)]
    documents.append({"document": "products.csv.md", **row})
    CorpusStore(store).record_corpus(corpus="shop", sources=[], settings={}, index_fingerprint="f", documents=documents)


def tick_all(store: Store, roadmap: Roadmap) -> None:
    for item in ("flow", "box"):
        tick_item(store, roadmap, item, who="Ann", link=LINK)


def test_nothing_measured_earns_nothing_and_everything_is_possible(store: Store, tmp_path: Path) -> None:
    score = score_readiness(build(tmp_path), store)
    assert (score.score, score.low, score.high) == (0, 0, 100)
    assert set(states(score).values()) == {"undecided"}
    assert score.as_json()["not_proven"] == ["right", "flow", "box", "table"]


def test_evidence_that_meets_its_goal_earns_the_whole_points(store: Store, tmp_path: Path, add_run: AddRun) -> None:
    roadmap = build(tmp_path)
    add_run("r1", "stories", stories(95))
    tick_all(store, roadmap)
    put_rows(store, 3)
    score = score_readiness(roadmap, store)
    assert (score.score, score.low, score.high) == (100, 100, 100)
    assert [(g.id, g.earned, g.weight) for g in score.groups] == [("functional", 60, 60), ("rest", 40, 40)]
    assert score.steps == () and score.runs == ("r1",)


def test_points_that_the_file_leaves_open_are_shared_within_the_group(tmp_path: Path) -> None:
    plan = build(tmp_path).readiness
    assert plan is not None and [item.points for item in plan.items] == [40, 20, 20, 20]


def test_a_missed_goal_loses_its_points_and_chance_may_give_them_back(
    store: Store, tmp_path: Path, add_run: AddRun
) -> None:
    roadmap = build(tmp_path)
    add_run("near", "stories", stories(72))  # misses 75 % within its interval
    near = score_readiness(roadmap, store)
    assert states(near)["right"] == "lost" and near.high == 100
    add_run("far", "stories", stories(40))
    far = score_readiness(roadmap, store)
    assert states(far)["right"] == "lost" and far.high == 60


def test_points_met_within_chance_are_in_the_score_and_not_in_its_low_end(
    store: Store, tmp_path: Path, add_run: AddRun
) -> None:
    add_run("r1", "stories", stories(78))
    score = score_readiness(build(tmp_path), store)
    assert (score.score, score.low, score.high) == (40, 0, 100)
    assert not score.items[0].firm


def test_an_item_with_two_pieces_of_evidence_needs_both(store: Store, tmp_path: Path, add_run: AddRun) -> None:
    content = fields()
    content["readiness"]["items"][0]["evidence"].append({"checklist": "box"})  # type: ignore[index]
    roadmap = build(tmp_path, content)
    add_run("r1", "stories", stories(95))
    assert states(score_readiness(roadmap, store))["right"] == "undecided"
    tick_item(store, roadmap, "box", who="Ann", link=LINK)
    assert states(score_readiness(roadmap, store))["right"] == "earned"


def test_a_tick_without_a_link_or_as_not_done_earns_nothing(store: Store, tmp_path: Path) -> None:
    roadmap = build(tmp_path)
    tick_item(store, roadmap, "box", who="Ann")
    score = score_readiness(roadmap, store)
    assert states(score)["box"] == "undecided" and "need a link" in score.items[2].proofs[0].reason
    tick_item(store, roadmap, "box", who="Ann", done=False, link=LINK)
    assert states(score_readiness(roadmap, store))["box"] == "lost"


@pytest.mark.parametrize(("earn", "points"), [(False, 0), (True, 40)])
def test_a_waived_goal_earns_only_where_the_file_says_so(
    store: Store, tmp_path: Path, add_run: AddRun, earn: bool, points: float
) -> None:
    roadmap = build(tmp_path, fields(waivers_earn=earn))
    add_run("r1", "stories", stories(40))
    until = TODAY + datetime.timedelta(days=9)
    give_waiver(store, roadmap, 1, "success", who="Bob", reason="the pilot has ten users", until=until)
    score = score_readiness(roadmap, store)
    assert states(score)["right"] == "waived"
    assert (score.score, score.sum_points("waived"), score.low) == (points, 40, 0)


def test_a_waived_goal_without_data_may_still_turn_out_well(store: Store, tmp_path: Path) -> None:
    roadmap = build(tmp_path)
    until = TODAY + datetime.timedelta(days=9)
    give_waiver(store, roadmap, 1, "success", who="Bob", reason="the pilot has ten users", until=until)
    score = score_readiness(roadmap, store)
    assert (states(score)["right"], score.score, score.high) == ("waived", 0, 100)


def test_a_waiver_that_has_ended_loses_the_points_again(store: Store, tmp_path: Path, add_run: AddRun) -> None:
    roadmap = build(tmp_path, fields(waivers_earn=True))
    add_run("r1", "stories", stories(40))
    until = TODAY + datetime.timedelta(days=9)
    give_waiver(store, roadmap, 1, "success", who="Bob", reason="the pilot has ten users", until=until)
    later = score_readiness(roadmap, store, today=until + datetime.timedelta(days=1))
    assert (states(later)["right"], later.score) == ("lost", 0)


def test_rows_of_a_table_are_counted_in_the_index(store: Store, tmp_path: Path) -> None:
    roadmap = build(tmp_path)
    put_rows(store, 2)
    score = score_readiness(roadmap, store)
    assert states(score)["table"] == "lost" and score.items[3].proofs[0].value == 2
    put_rows(store, 4)
    assert states(score_readiness(roadmap, store))["table"] == "earned"


def test_the_step_that_gains_most_comes_first_and_serves_every_item_that_it_alone_would_earn(
    store: Store, tmp_path: Path
) -> None:
    score = score_readiness(build(tmp_path), store)
    assert [(step.kind, step.name, step.points) for step in score.steps] == [
        ("run", "stories", 40),
        ("tick", "box", 20),
        ("tick", "flow", 20),
        ("command", "python -m engine ingest PATH --corpus shop", 20),
    ]
    content = fields()
    content["readiness"]["items"][1]["evidence"] = [{"kpi": "success", "goal": ">= 0.5"}]  # type: ignore[index]
    assert score_readiness(build(tmp_path, content), store).steps[0].items == ("right", "flow")


def test_a_goal_on_the_score_is_undecided_while_it_can_be_reached_and_missed_when_it_cannot(
    store: Store, tmp_path: Path, add_run: AddRun
) -> None:
    roadmap = build(tmp_path)
    verdict = check_gate(roadmap, 1, store).goals[2]
    assert (verdict.verdict, verdict.value) == ("no_data", None)
    add_run("r1", "stories", stories(95))
    verdict = check_gate(roadmap, 1, store).goals[2]
    assert (verdict.verdict, verdict.value) == ("no_data", 40) and "at best 100" in verdict.reason
    tick_all(store, roadmap)
    put_rows(store, 3)
    gate = check_gate(roadmap, 1, store, policy="strict")
    assert (gate.goals[2].verdict, gate.goals[2].value, gate.verdict) == ("pass", 100, "pass")
    add_run("r2", "stories", stories(10))
    assert check_gate(roadmap, 1, store).goals[2].verdict == "fail"


def test_without_weights_every_goal_but_the_score_counts_the_same(
    store: Store, tmp_path: Path, add_run: AddRun
) -> None:
    content = fields()
    del content["readiness"]
    add_run("r1", "stories", stories(95))
    score = score_readiness(build(tmp_path, content), store)
    assert not score.plan.stated and (score.score, len(score.items)) == (50, 2)


def test_a_change_of_the_file_keeps_the_sum_of_every_roadmap_at_a_hundred(store: Store) -> None:
    for roadmap in list_roadmaps():
        score = score_readiness(roadmap, store)
        assert sum(group.weight for group in score.groups) == pytest.approx(100)
        assert sum(item.points for item in score.items) == pytest.approx(100)
        assert score.high == 100


def test_customer_service_has_the_groups_and_items_of_its_document() -> None:
    plan = load_roadmap("customer-service-agent").readiness
    assert plan is not None and plan.stated
    assert dict(plan.weights) == {"functional": 40, "performance": 30, "quality": 20, "integration": 10}
    points = {name: [i.points for i in plan.items if i.group == name] for name, _ in plan.weights}
    assert points == {"functional": [10] * 4, "performance": [7.5] * 4, "quality": [5] * 4, "integration": [2.5] * 4}
    products = plan.items[0].proofs[0]
    rows = (DATASETS / "corpora" / products.corpus / "documents" / products.document).read_text().splitlines()
    assert (products.rows, len(rows) - 1) == (160, 160)
    assert all(item.source.startswith("Success criteria") for item in plan.items)


def _set(*path: str | int, value: object) -> dict[str, object]:
    content = fields()
    place: object = content["readiness"]
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    return content


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        (_set("weights", "rest", value=30), "readiness.weights", "add up to 100, found 90"),
        (_set("weights", value={"functional": 60, "rest": 30, "more": 10}), "readiness.weights.more", "no item"),
        (_set("items", 0, "points", value=60), "readiness.weights.functional", "add up to the weight 60.*found 80"),
        (_set("items", 2, "points", value=40), "readiness.weights.rest", "below the weight 40.*found 40"),
        (_set("items", 0, "group", value="none"), "readiness.items.0.group", "functional, rest; found 'none'"),
        (_set("items", 1, "id", value="right"), "readiness.items.1.id", "twice"),
        (_set("items", 0, "evidence", value=[{"kpi": "scor"}]), "readiness.items.0.evidence.0.kpi", "found 'scor'"),
        (_set("items", 0, "evidence", value=[{"kpi": "score"}]), "readiness.items.0.evidence.0.kpi", "rest on itself"),
        (_set("items", 0, "evidence", value=[{"kpi": "success", "phase": 2}]), "readiness.items.0.evidence.0.phase", "no goal"),
        (_set("items", 0, "evidence", value=[{"checklist": "bo"}]), "readiness.items.0.evidence.0.checklist", "found 'bo'"),
        (_set("items", 0, "evidence", value=[{"kpi": "flow", "checklist": "box"}]), "readiness.items.0.evidence.0", "one of the three"),
        (_set("items", 0, "evidence", value=[{"kpi": "success", "goal": "good"}]), "readiness.items.0.evidence.0", "found 'good'"),
        (_set("items", 0, "evidence", value=[]), "readiness.items.0.evidence", "at least one"),
    ],
)  # fmt: skip
def test_a_broken_field_is_named_with_its_line(
    tmp_path: Path, content: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(FileFormatError, match=words) as caught:
        build(tmp_path, content)
    assert caught.value.field == field and caught.value.line and caught.value.line > 1


def test_the_same_evidence_gives_the_same_score_twice(store: Store, tmp_path: Path, add_run: AddRun) -> None:
    roadmap = build(tmp_path)
    for name, passed in zip(("r1", "r2"), itertools.repeat(80)):
        add_run(name, "stories", stories(passed))
    assert score_readiness(roadmap, store).as_json() == score_readiness(roadmap, store).as_json()


def test_an_edited_roadmap_keeps_what_the_forms_do_not_show(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    for name in ("customer-service-agent", "multi-agent", "operations-agent"):
        before, draft = load_roadmap(name), open_draft(name)
        rows = [{"id": row["id"], "text": row["text"]} for row in draft.fields["phases"][-1].get("checklist") or []]
        changed = edit_rows(edit_phase(draft, 1, title="Another title"), "checklist", rows, len(before.phases))
        assert [change.action for change in changed.changes] == ["phase changed"]
        after = save_draft(store, changed, who="Ann", reason="agreed in the meeting")
        kept = ("readiness", "maturity", "previous", "confidence", "checklist")
        assert [getattr(after, field) for field in kept] == [getattr(before, field) for field in kept]
        assert after.phases[-1].checklist == before.phases[-1].checklist


def test_a_goal_that_the_score_rests_on_cannot_be_removed_unseen(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    draft = open_draft("customer-service-agent")
    goals = [row for row in draft.fields["phases"][3]["goals"] if row["kpi"] != "answer_accuracy"]
    with pytest.raises(FileFormatError, match="phase 4 sets no goal for 'answer_accuracy'"):
        save_draft(store, edit_rows(draft, "goals", goals, 4), who="Ann", reason="agreed in the meeting")
    assert load_roadmap("customer-service-agent").readiness is not None


def test_changed_weights_stand_in_the_list_of_changes() -> None:
    changes = list_changes(fields(), fields(weights={"functional": 50, "rest": 50}))
    assert [(change.action, change.place) for change in changes] == [("readiness changed", "readiness")]


def test_the_assessment_of_operations_has_its_four_checklists_each_with_a_source() -> None:
    boxes = load_roadmap("operations-agent").phases[3].checklist
    groups = [box.group for box in boxes]
    assert {name: groups.count(name) for name in groups} == {
        "Performance": 5,
        "Business": 4,
        "Infrastructure": 5,
        "Quality": 5,
    }
    assert all(box.source == f"Production Readiness Checklist, {box.group}" for box in boxes)
    assert not any(box.done_in_document for box in boxes)
