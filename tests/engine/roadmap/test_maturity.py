"""The maturity matrix: levels by the share of evidence that is met, beside what the document claims."""

from __future__ import annotations

import pytest

from engine.roadmap.checklists import tick_item
from engine.roadmap.maturity import DimensionLevel, Maturity, find_grade, find_level, measure_maturity
from engine.roadmap.roadmaps import load_roadmap
from engine.store import Store
from tests.engine.roadmap.seeded import AddRun, case

LINK = "https://tickets.example.org/17"
LEVELS = ("Basic", "Good", "Advanced", "Excellent")
ROADMAP = load_roadmap("multi-agent")


def measure(store: Store) -> Maturity:
    found = measure_maturity(ROADMAP, store)
    assert found is not None
    return found


def row(store: Store, name: str) -> DimensionLevel:
    return next(row for row in measure(store).dimensions if row.id == name)


def tick(store: Store, *items: str, done: bool = True) -> None:
    for item in items:
        tick_item(store, ROADMAP, item, who="Ann", done=done, link=LINK)


@pytest.mark.parametrize(
    ("met", "total", "level"),
    [(0, 4, "below Basic"), (1, 4, "Basic"), (2, 4, "Good"), (3, 4, "Advanced"), (4, 4, "Excellent"),
     (1, 3, "Basic"), (2, 3, "Good"), (1, 5, "below Basic"), (1, 1, "Excellent")],
)  # fmt: skip
def test_a_level_needs_its_share_of_the_evidence(met: int, total: int, level: str) -> None:
    assert find_level(LEVELS, met, total) == level


@pytest.mark.parametrize(
    ("share", "grade"), [(1, "A"), (0.9, "A"), (0.89, "B"), (0.75, "B"), (0.5, "C"), (0.25, "D"), (0, "E")]
)
def test_the_grade_is_by_the_mean_share(share: float, grade: str) -> None:
    assert find_grade(share) == grade


def test_the_document_s_ratings_are_those_of_its_matrix(store: Store) -> None:
    found = measure(store)
    assert [(d.id, d.before, d.claimed) for d in found.dimensions] == [
        ("performance", "Good", "Excellent"),
        ("reliability", "Good", "Excellent"),
        ("scalability", "Good", "Excellent"),
        ("observability", "Good", "Excellent"),
        ("security", "Good", "Good"),
        ("maintainability", "Good", "Excellent"),
        ("cost", "Basic", "Advanced"),
    ]
    assert found.claimed_grade == "A (Production-Ready)"
    assert all(d.source.startswith("Production Readiness Matrix") for d in found.dimensions)


def test_without_evidence_there_is_no_level_whatever_the_document_claims(store: Store) -> None:
    found = measure(store)
    assert {(d.level, d.verdict) for d in found.dimensions} == {("", "no_data")}
    assert (found.grade, found.worst, found.best) == ("", "E", "A")


def test_a_tick_of_the_document_is_no_evidence(store: Store) -> None:
    boxes = {item.id: item for phase in ROADMAP.phases for item in phase.checklist}
    assert boxes["p2-metrics-history"].done_in_document and row(store, "observability").met == 0


def test_a_claim_is_confirmed_by_all_of_its_evidence_and_open_until_then(store: Store) -> None:
    tick(store, "p2-cache-tracking", "p2-metrics-history")
    partly = row(store, "observability")
    assert (partly.level, partly.best, partly.verdict) == ("Good", "Excellent", "open")
    tick(store, "p2-metrics-endpoints")
    assert (row(store, "observability").level, row(store, "observability").verdict) == ("Excellent", "confirmed")


def test_a_claim_is_refuted_by_what_is_missed(store: Store) -> None:
    tick(store, "p2-cache-tracking", done=False)
    found = row(store, "observability")
    assert (found.missed, found.level, found.best, found.verdict) == (1, "below Basic", "Good", "refuted")


def test_runs_count_beside_ticks(store: Store, add_run: AddRun) -> None:
    for suite in ("customer-service", "runbooks"):
        add_run(suite, suite, [case() for _ in range(600)])
    found = row(store, "reliability")
    assert (found.met, found.undecided, found.level) == (1, 3, "Basic")
    assert {proof.runs for proof in found.proofs if proof.state == "met"} == {("customer-service", "runbooks")}


def test_a_roadmap_without_a_matrix_has_none(store: Store) -> None:
    assert measure_maturity(load_roadmap("local-chat"), store) is None
