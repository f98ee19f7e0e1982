"""What judges made of a run, from scores in the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, UnknownNameError
from engine.judgements import PEOPLE, compare_raters, list_raters, read_labels, summarise_judges
from engine.store import RunStore, Store, open_store
from engine.store.labels import LabelStore

VALUES = {"a": 1.0, "b": 0.0, "c": 0.8, "d": 0.2}


def _score(case: str, measure: str, value: float | None, judge: str, **more: Any) -> dict[str, Any]:
    row = {"run_id": "r", "case_id": case, "measure": measure, "status": "scored" if value is not None else "failed"}
    row |= {"value": value, "reason": more.get("reason"), "judge": judge, "prompt_hash": "p"}
    return row | {"repeats": more.get("repeats"), "cost_usd": more.get("cost_usd")}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        with RunStore(opened) as runs:
            runs.create_run(
                run_id="r",
                suite="s",
                suite_path="/s",
                suite_hash="h",
                target="pipeline",
                preset=None,
                settings={},
                provenance={},
                cases=5,
                suite_cases=5,
            )
            for position, case in enumerate([*VALUES, "e"]):
                row = {"position": position, "kind": "qa", "tags": [], "question": "q", "status": "passed"}
                row |= {
                    "answer": "x",
                    "abstained": False,
                    "context_quality": 0.5,
                    "latency_ms": 1.0,
                    "checks": {},
                    "detail": {},
                }
                runs.record_case("r", {"case_id": case, **row}, [])
            runs.flush()
        opened.insert(
            "scores",
            [_score(c, "rubric.x", v, "one", repeats=[v, 1 - v], cost_usd=0.25) for c, v in VALUES.items()]
            + [_score("e", "rubric.x", None, "one", reason="repetition 2: the judge failed: no JSON")]
            + [_score(c, "rubric.x[two]", v, "two") for c, v in VALUES.items()],
        )
        yield opened


def test_each_judge_is_counted_by_itself(store: Store) -> None:
    one, two = summarise_judges(store, "r")
    assert (one.judge, one.scored, one.failed, one.cost_usd) == ("one", 4, 1, 1.0)
    assert one.failures == {"the judge failed: no JSON": 1}
    assert one.noise.flipped == 4
    assert (two.judge, two.scored, two.cost_usd, two.noise.cases) == ("two", 4, None, 0)
    assert list_raters([one, two], labelled=True) == ["one", "two", PEOPLE]


def test_two_judges_are_compared_on_the_cases_that_both_scored(store: Store) -> None:
    (rated,) = compare_raters(store, "r", "one", "two")
    assert (rated.measure, rated.agreement.n, rated.agreement.distance.value) == ("rubric.x", 4, 0.0)
    assert rated.disagreements == ()


def test_people_are_raters_by_their_labels(store: Store) -> None:
    with pytest.raises(UnknownNameError, match=PEOPLE):
        compare_raters(store, "r", "one", PEOPLE)
    labels = LabelStore(store)
    for case, label in (("a", "right"), ("b", "right"), ("c", "right"), ("d", "unsure")):
        labels.save_label("r", case, "Ada", label)
    (rated,) = compare_raters(store, "r", "one", PEOPLE)
    assert (rated.agreement.n, rated.agreement.kappa.agreed) == (3, 2)
    assert rated.disagreements[0]["case_id"] == "b"


def test_people_decide_by_majority_and_a_tie_says_nothing() -> None:
    rows = [("a", "right"), ("a", "right"), ("a", "wrong"), ("b", "right"), ("b", "wrong"), ("c", "unsure")]
    assert read_labels([{"case_id": c, "label": label} for c, label in rows]) == {"a": 1.0}


def test_a_judge_is_not_compared_with_itself(store: Store) -> None:
    with pytest.raises(InputError):
        compare_raters(store, "r", "one", "one")
