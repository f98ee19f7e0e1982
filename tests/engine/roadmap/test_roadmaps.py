from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from engine.bench import BENCHES
from engine.errors import FileFormatError, UnknownNameError
from engine.roadmap.roadmaps import list_roadmap_names, list_roadmaps, load_roadmap
from engine.roadmap.types import Phase, Roadmap
from engine.settings import DATASETS

NAMES = ["customer-service-agent", "local-chat", "multi-agent", "narrative-agent", "operations-agent"]


def goals(roadmap: Roadmap, number: int) -> dict[str, str]:
    return {goal.kpi: goal.label for goal in roadmap.phases[number - 1].goals}


def claimed(phase: Phase) -> set[float | None]:
    return {claim.value for claim in phase.claims}


def test_the_five_roadmaps_are_shipped() -> None:
    assert list_roadmap_names() == NAMES
    assert [roadmap.name for roadmap in list_roadmaps()] == NAMES


def test_an_unknown_roadmap_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="'nope'.*narrative-agent"):
        load_roadmap("nope")


def test_a_roadmap_file_anywhere_is_loaded(tmp_path: Path) -> None:
    text = (DATASETS / "roadmaps/multi-agent.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("name: multi-agent", "name: mine"))
    assert load_roadmap(path).name == "mine"


def test_a_saved_change_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (DATASETS / "roadmaps/multi-agent.yaml").read_text().replace("name: multi-agent", "name: mine")
    path.write_text(text)
    load_roadmap(path)
    path.write_text(text.replace("kpis:", "kpi:", 1))
    with pytest.raises(FileFormatError, match="kpi"):
        load_roadmap(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_goal_has_a_kpi_a_wording_and_a_source(name: str) -> None:
    roadmap = load_roadmap(name)
    for phase in roadmap.phases:
        assert phase.goals
        for goal in phase.goals:
            assert roadmap.kpi(goal.kpi) and goal.text.strip() and goal.source.strip()


@pytest.mark.parametrize("name", NAMES)
def test_every_kpi_serves_a_goal_and_points_the_way_its_goals_do(name: str) -> None:
    roadmap = load_roadmap(name)
    used = {goal.kpi: goal for phase in roadmap.phases for goal in phase.goals}
    assert set(used) == {kpi.id for kpi in roadmap.kpis}
    for kpi in roadmap.kpis:
        assert used[kpi.id].direction.startswith(">") == kpi.higher_is_better, kpi.id


@pytest.mark.parametrize("name", NAMES)
def test_evidence_names_shipped_suites_or_says_why_there_is_none(name: str) -> None:
    suites = {path.parent.name for path in (DATASETS / "suites").glob("*/suite.yaml")}
    for kpi in load_roadmap(name).kpis:
        if kpi.evidence.kind == "run":
            assert kpi.evidence.suites and set(kpi.evidence.suites) <= suites
        elif kpi.evidence.kind == "bench":
            assert kpi.evidence.bench in BENCHES
        elif kpi.evidence.kind != "audit":
            assert kpi.evidence.reason


@pytest.mark.parametrize("name", NAMES)
def test_every_contradiction_keeps_two_sides_and_says_which_counts(name: str) -> None:
    roadmap = load_roadmap(name)
    assert len(roadmap.contradictions) >= 9
    for contradiction in roadmap.contradictions:
        assert len(contradiction.statements) >= 2 and contradiction.resolution
        assert all(statement.source for statement in contradiction.statements)


def test_narrative_agent_has_the_targets_of_its_table() -> None:
    roadmap = load_roadmap("narrative-agent")
    table = {
        "success_rate": [">= 0.4", "> 0.75", ">= 0.85", "> 0.9"],
        "response_time_ms": ["< 30", "< 25", "< 20", "< 20"],
        "memory_accuracy": ["> 0.95", "> 0.95", "> 0.98", "> 0.99"],
        "error_rate": ["< 0.05", "< 0.03", "< 0.02", "< 0.01"],
    }
    for kpi, row in table.items():
        assert [goals(roadmap, number)[kpi] for number in (1, 2, 3, 4)] == row
    assert [goals(roadmap, number)["context_quality"] for number in (2, 3, 4)] == ["> 0.9", "> 0.9", "> 0.95"]
    assert goals(roadmap, 1)["context_quality_spread"] == "< 0.115"
    assert set(goals(roadmap, 2)) == {
        "success_rate",
        "context_quality",
        "response_time_ms",
        "memory_accuracy",
        "error_rate",
        "processing_time_improvement",
        "content_type_accuracy",
    }


def test_narrative_agent_keeps_what_its_document_claims_apart() -> None:
    first = load_roadmap("narrative-agent").phases[0]
    assert {0.896, 1.0, 0.875} <= claimed(first)
    assert [part.claimed for part in first.sub_phases] == ["100 %", "100 %", "87.5 %"]
    assert "89.6" in first.status_claimed and "January 2024" in first.status_claimed
    assert not any(item.done_in_document for item in first.checklist)


def test_narrative_agent_says_both_context_qualities_of_phase_4() -> None:
    found = next(c for c in load_roadmap("narrative-agent").contradictions if c.topic == "Context quality in phase 4")
    assert [">0.9" in statement.text for statement in found.statements] == [True, True]
    assert "> 0.95" in found.resolution


def test_local_chat_has_five_weeks_and_its_ticks() -> None:
    roadmap = load_roadmap("local-chat")
    assert [phase.number for phase in roadmap.phases] == [1, 2, 3, 4, 5]
    assert goals(roadmap, 1)["test_coverage"] == ">= 0.77" and goals(roadmap, 3)["test_coverage"] == ">= 0.8"
    ticked = [item.id for phase in roadmap.phases for item in phase.checklist if item.done_in_document]
    assert ticked == ["w1-phase4", "w1-tests-created"]


def test_customer_service_agent_goes_from_55_to_100_in_four_phases() -> None:
    roadmap = load_roadmap("customer-service-agent")
    assert [phase.duration for phase in roadmap.phases] == ["2 hours", "2 hours", "1.5 hours", "30 min"]
    assert next(b.value for b in roadmap.baselines if b.kpi == "readiness_score") == 55
    assert goals(roadmap, 4)["readiness_score"] == ">= 100"


def test_multi_agent_sets_targets_for_p1_and_measures_what_p2_claims() -> None:
    roadmap = load_roadmap("multi-agent")
    assert [phase.label for phase in roadmap.phases] == ["P1", "P2", "P3"]
    assert goals(roadmap, 1) == {
        "p95_improvement": ">= 0.25",
        "api_success_rate": ">= 0.98",
        "cache_hit_rate": ">= 0.4",
        "validation_speedup": ">= 2",
    }
    assert {0.4, 0.995, 0.6, 5.0, 0.999} <= claimed(roadmap.phases[1])


def test_operations_agent_has_four_weeks_of_confidence_and_its_dates() -> None:
    roadmap = load_roadmap("operations-agent")
    assert [goals(roadmap, number)["system_confidence"] for number in (1, 2, 3, 4)] == [
        ">= 0.92",
        ">= 0.95",
        ">= 0.97",
        ">= 0.98",
    ]
    assert roadmap.phases[1].start == datetime.date(2025, 1, 15)
    assert roadmap.phases[3].end == datetime.date(2025, 2, 2)
    assert len(roadmap.phases[3].checklist) == 19
