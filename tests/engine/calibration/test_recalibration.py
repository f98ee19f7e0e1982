from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.calibration.recalibration import covers_gold_span, recalibrate, reset_calibration
from engine.context.coefficients import correction_path, load_coefficients, load_correction
from engine.errors import InputError, UnknownNameError
from engine.store import Store, open_store

NOW = datetime(2026, 1, 2, 3, 4, 5)
GOLD = [{"document": "a.md", "start": 10, "end": 20}]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def record(store: Store, cases: list[tuple[float, bool]]) -> None:
    """A finished run whose cases have a stated quality and a context that covers the gold span or does not."""
    store.insert("runs", [{"run_id": "r", "suite": "s", "suite_path": "s", "suite_hash": "h", "suite_cases": len(cases),
        "target": "pipeline", "settings": {}, "provenance": {}, "cases": len(cases), "status": "finished",
        "pid": 1, "started_at": NOW, "heartbeat_at": NOW}])  # fmt: skip
    rows: list[dict[str, Any]] = []
    for i, (quality, covered) in enumerate(cases):
        contexts = [{"document": "a.md", "start": 0, "end": 30 if covered else 12, "text": "", "score": 1.0}]
        detail = {"contexts": contexts, "expected": {"relevant": GOLD, "unanswerable": False}, "retrieved": []}
        rows.append({"run_id": "r", "case_id": f"c{i}", "position": i, "kind": "qa", "status": "passed", "question": f"q{i}",
            "answer": "", "abstained": False, "context_quality": quality, "latency_ms": 1.0, "tags": [], "checks": {}, "detail": detail, "ended_at": NOW})  # fmt: skip
    store.insert("cases", rows)


def overconfident(n: int = 400) -> list[tuple[float, bool]]:
    """Stated log odds are three times the true ones."""
    dice = np.random.default_rng(5)
    z = dice.normal(0, 1, n)
    covered = dice.random(n) < 1 / (1 + np.exp(-z))
    return [(float(1 / (1 + np.exp(-3 * a))), bool(b)) for a, b in zip(z, covered, strict=True)]


def test_overconfident_probabilities_are_drawn_in_and_their_error_falls(store: Store) -> None:
    record(store, overconfident())
    report = recalibrate(store, ["r"])
    assert 0.2 < report["scale"] < 0.5
    assert report["after"]["ece"] < 0.06 < report["before"]["ece"]
    assert report["after"]["auc"] == pytest.approx(report["before"]["auc"], abs=0.02), "the order of cases stays"


def test_the_correction_is_used_from_then_on_and_can_be_taken_back(store: Store) -> None:
    plain = load_coefficients()
    x = np.zeros((1, len(plain.quality) - 1))
    record(store, overconfident())
    recalibrate(store, ["r"])
    corrected = load_coefficients()
    odds = float(np.log(1 / plain.rate_quality(x)[0] - 1))
    assert float(np.log(1 / corrected.rate_quality(x)[0] - 1)) == pytest.approx(
        corrected.scale * odds - corrected.shift, rel=1e-4
    )
    assert reset_calibration() and load_coefficients().scale == 1 and not reset_calibration()


def test_runs_made_under_a_correction_are_not_corrected_twice(store: Store) -> None:
    record(store, overconfident())
    first = recalibrate(store, ["r"])
    z = [np.log(q / (1 - q)) for q, _ in overconfident()]
    again = [
        (float(1 / (1 + np.exp(-(first["scale"] * a + first["shift"])))), c)
        for a, (_, c) in zip(z, overconfident(), strict=True)
    ]
    store.execute("DELETE FROM cases")
    store.execute("DELETE FROM runs")
    record(store, again)
    assert recalibrate(store, ["r"])["scale"] == pytest.approx(first["scale"], rel=0.05)


@pytest.mark.parametrize("cases", [[(0.5, True)] * 100, [(0.5, False)] * 100, [(0.5, True), (0.4, False)] * 10])
def test_one_class_only_or_too_few_cases_are_refused(store: Store, cases: list[tuple[float, bool]]) -> None:
    record(store, cases)
    with pytest.raises(InputError, match="labelled cases"):
        recalibrate(store, ["r"])
    assert load_correction() is None


def test_one_question_asked_again_and_again_is_refused(store: Store) -> None:
    record(store, overconfident())
    store.execute("UPDATE cases SET question = 'the same'")
    with pytest.raises(InputError, match="of 1 questions"):
        recalibrate(store, ["r"])


def test_an_unknown_run_is_refused(store: Store) -> None:
    with pytest.raises(UnknownNameError):
        recalibrate(store, ["nowhere"])


def test_a_damaged_correction_is_named_with_what_to_do(home: Path) -> None:
    correction_path().write_text(json.dumps({"scale": "much"}))
    with pytest.raises(InputError, match="calibration.json") as caught:
        load_coefficients()
    assert "--reset" in caught.value.hint


@pytest.mark.parametrize(
    ("contexts", "covered"),
    [
        ([("a.md", 5, 25)], True), ([("a.md", 5, 15), ("a.md", 15, 25)], True), ([("a.md", 5, 19)], False),
        ([("b.md", 5, 25)], False), ([], False),
    ],
)  # fmt: skip
def test_a_context_covers_a_span_only_as_a_whole(contexts: list[tuple[str, int, int]], covered: bool) -> None:
    rows = [{"document": d, "start": a, "end": b} for d, a, b in contexts]
    assert covers_gold_span({"relevant": GOLD}, rows) is covered


def test_what_is_no_label_is_none_and_unanswerable_questions_are_never_covered() -> None:
    assert covers_gold_span({"relevant": []}, []) is None
    assert covers_gold_span({"unanswerable": True}, [{"document": "a", "start": 0, "end": 1}]) is False
    assert covers_gold_span({"relevant": [{"document": "a"}]}, [{"document": "a", "start": 0, "end": 1}]) is True
