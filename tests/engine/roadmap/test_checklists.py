from __future__ import annotations

import pytest

from engine.errors import InputError, UnknownNameError
from engine.roadmap.checklists import list_tickable, tick_item, untick_item
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import GoalVerdict, Policy
from engine.store import AuditTrail, Store

LINK = "https://tickets.example.org/17"
SHOP = load_roadmap("customer-service-agent")
OPERATIONS = load_roadmap("operations-agent")


def goal_of(store: Store, kpi: str, phase: int, policy: Policy = "point") -> GoalVerdict:
    roadmap = SHOP if kpi in {k.id for k in SHOP.kpis} else OPERATIONS
    return next(g for g in check_gate(roadmap, phase, store, policy=policy).goals if g.kpi == kpi)


@pytest.mark.parametrize("policy", ["point", "strict"])
def test_a_ticked_goal_passes_and_says_who_when_and_where(store: Store, policy: Policy) -> None:
    assert goal_of(store, "order_flow", 2).verdict == "no_data"
    tick = tick_item(store, SHOP, "order_flow", who="Ann", link=LINK, note="tried twice")
    goal = goal_of(store, "order_flow", 2, policy)
    assert (goal.verdict, goal.value) == ("pass", 1.0)
    assert goal.reason == f"ticked by Ann on {tick.ticked_at:%Y-%m-%d}, {LINK}"
    assert goal.tick is not None and goal.tick["note"] == "tried twice"


def test_a_goal_ticked_as_not_done_fails(store: Store) -> None:
    tick_item(store, SHOP, "order_flow", who="Ann", link=LINK, done=False)
    goal = goal_of(store, "order_flow", 2)
    assert goal.verdict == "fail" and "ticked as not done by Ann" in goal.reason


def test_a_tick_that_is_taken_back_is_no_data_again(store: Store) -> None:
    tick_item(store, SHOP, "order_flow", who="Ann", link=LINK)
    untick_item(store, SHOP, "order_flow", who="Bob")
    assert goal_of(store, "order_flow", 2).verdict == "no_data"
    actions = [entry["action"] for entry in AuditTrail(store).list_entries(f"{SHOP.name}/order_flow")]
    assert actions == ["tick taken back", "ticked"]
    with pytest.raises(InputError, match="nothing to take back"):
        untick_item(store, SHOP, "order_flow", who="Bob")


def test_a_stated_figure_is_held_against_the_goal_of_each_phase(store: Store) -> None:
    tick_item(store, OPERATIONS, "system_confidence", who="Ann", link=LINK, value=0.96)
    found = [goal_of(store, "system_confidence", phase) for phase in (1, 2, 3, 4)]
    assert [goal.verdict for goal in found] == ["pass", "pass", "fail", "fail"]
    assert "96 % meets >= 92 %; stated by Ann" in found[0].reason
    strict = goal_of(store, "system_confidence", 1, "strict")
    assert strict.verdict == "no_data" and "needs an interval" in strict.reason


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "ftp://x.org/a", "x.org", "http://", "https://a b.org", "file:///etc", "https://[::1"],
)
def test_a_link_that_is_no_address_of_the_web_is_refused(store: Store, link: str) -> None:
    with pytest.raises(InputError, match="begins with http"):
        tick_item(store, SHOP, "order_flow", who="Ann", link=link)
    assert goal_of(store, "order_flow", 2).verdict == "no_data"


def test_a_tick_that_counts_needs_a_link_and_one_that_does_not_needs_none(store: Store) -> None:
    with pytest.raises(InputError, match="needs a link"):
        tick_item(store, SHOP, "order_flow", who="Ann")
    item = next(row.item for row in list_tickable(OPERATIONS, store) if not row.counts)
    assert tick_item(store, OPERATIONS, item, who="Ann").link == ""


@pytest.mark.parametrize(
    ("roadmap", "item", "value", "words"),
    [(SHOP, "order_flow", 0.5, "no meaning"), (OPERATIONS, "system_confidence", None, "must state it")],
)
def test_a_figure_is_stated_where_the_goal_is_a_number_and_nowhere_else(
    store: Store, roadmap: object, item: str, value: float | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        tick_item(store, roadmap, item, who="Ann", link=LINK, value=value)  # type: ignore[arg-type]


def test_what_a_run_measures_cannot_be_ticked(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="order_flow"):
        tick_item(store, SHOP, "answer_accuracy", who="Ann", link=LINK)
