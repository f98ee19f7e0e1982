"""What the Calibration screen says of shipped fits and of a team's own runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.calibration.recalibration import recalibrate, reset_calibration
from engine.errors import FileFormatError
from engine.store import RunStore, open_store
from engine.views.calibration import MEANINGS, QUALITY, build_reliability, load_calibrations
from engine.views.calibration_runs import list_labelled_runs, load_applied, load_run_reliability

BINS = [
    {"from": 0.0, "to": 0.1, "n": 40, "predicted": 0.05, "observed": 0.1},
    {"from": 0.9, "to": 1.0, "n": 60, "predicted": 0.95, "observed": 0.9},
]


def write(root: Path, name: str, content: Any) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_the_shipped_fits_say_where_they_come_from() -> None:
    fits = load_calibrations()
    assert fits[0].title == "Context quality"
    for fit in fits:
        assert {"Fitted on", "Split", "Date", "File"} <= set(fit.facts), fit.title
        if not fit.tiles:
            assert len(fit.table) > 1 and "no probability" in fit.lead
            continue
        values = {tile.label: tile.value for tile in fit.tiles}
        assert float(values.get("AUC") or values["Accuracy"]) > 0.5 and 0 <= float(values["Calibration error"]) < 0.5


def test_a_fit_with_bins_has_a_diagram_and_one_without_says_what_is_missing(tmp_path: Path) -> None:
    sets = {"squad2": {"n": 50, "auc": 0.7, "ece": 0.1, "bins": BINS}, "nq": {"n": 50, "auc": 0.8, "ece": 0.04}}
    held = {"n": 100, "auc": 0.9, "ece": 0.05, "bins": BINS, "sets": sets}
    write(tmp_path, QUALITY, {"provenance": {"data": ["squad2", "nq"], "split": "by document", "held_out": held}})
    write(
        tmp_path,
        "engine/other.json",
        {"date": "2026-01-01", "held_out": {"sentences": 7, "auroc_sentence": 0.8, "ece_sentence": 0.02}},
    )
    write(tmp_path, "engine/third.json", {"no": "fit"})
    quality, other = load_calibrations(tmp_path)
    assert quality.reliability and len(quality.reliability.bins) == 2 and quality.note == ""
    assert [(s.name, s.auc, s.reliability is not None) for s in quality.sets] == [
        ("squad2", "0.700", True),
        ("nq", "0.800", False),
    ]
    assert other.title == "Other" and [tile.value for tile in other.tiles] == ["0.800", "0.020", "7"]
    assert other.reliability is None and "no diagram" in other.note
    assert quality.table[0] == {"set": "squad2", "cases": "50", "AUC": "0.700", "ECE": "0.100"}


def test_a_fit_that_predicts_no_probability_shows_what_it_was_compared_with(tmp_path: Path) -> None:
    held = {"squad2": {"n": 99, "rrf": 0.93, "fitted": 0.95}, "nq": {"n": 9, "rrf": 0.9, "fitted": 0.91}}
    write(
        tmp_path,
        "engine/retrieval/fusion.json",
        {"provenance": {"data": ["a"], "measure": "nDCG@10", "held_out": held}},
    )
    fit = load_calibrations(tmp_path)[0]
    assert fit.title == "Search mix" and "nDCG@10" in fit.lead and not fit.tiles
    assert fit.table[0] == {"set": "squad2", "cases": "99", "rrf": "0.930", "fitted": "0.950"}


def test_a_fit_without_auc_shows_its_accuracy(tmp_path: Path) -> None:
    write(tmp_path, "engine/kinds.json", {"held_out": {"n": 9, "accuracy": 0.97, "ece": 0.02}})
    first = load_calibrations(tmp_path)[0].tiles[0]
    assert (first.label, first.value) == ("Accuracy", "0.970")


def test_a_broken_file_of_coefficients_is_named(tmp_path: Path) -> None:
    write(tmp_path, QUALITY, "{")
    with pytest.raises(FileFormatError, match="coefficients.json"):
        load_calibrations(tmp_path)


def test_bins_carry_intervals_around_what_was_observed() -> None:
    reliability = build_reliability({"bins": BINS, "ece": 0.05}, MEANINGS[QUALITY])
    assert reliability is not None
    for row in reliability.bins:
        assert row.low <= row.observed <= row.high
    assert "4 of 40" in reliability.bins[0].words
    assert (
        reliability.finding
        == "Context quality is off by 5.0 % on average over 100 cases: it is sure as often as it is right"
    )


@pytest.mark.parametrize(("shift", "lean"), [(0.1, "too careful"), (-0.1, "too sure")])
def test_the_finding_says_which_way_it_leans(shift: float, lean: str) -> None:
    rows = [
        {**row, "observed": row["observed"] + shift}
        for row in ({**BINS[0], "observed": 0.1}, {**BINS[1], "observed": 0.9})
    ]
    reliability = build_reliability({"bins": rows, "ece": 0.1}, MEANINGS[QUALITY])
    assert reliability is not None and lean in reliability.finding


def record_run(runs: RunStore, run_id: str, cases: list[dict[str, Any]]) -> None:
    runs.create_run(
        run_id=run_id, suite="s", suite_path="/s", suite_hash="h", suite_cases=len(cases), target="pipeline", preset=None,
        settings={}, provenance={}, cases=len(cases),
    )  # fmt: skip
    for i, case in enumerate(cases):
        detail = {"contexts": case["contexts"], "expected": case["expected"]}
        runs.record_case(
            run_id,
            {
                "case_id": f"c{i}", "position": i, "kind": "qa", "status": "passed", "question": f"q{i}", "answer": "a",
                "abstained": False, "context_quality": case["quality"], "latency_ms": 1.0, "tags": [], "checks": {}, "detail": detail,
            },
            [],
        )  # fmt: skip
    runs.finish_run(run_id, "finished", seconds=1.0)


def labelled(quality: float | None, hit: bool | None) -> dict[str, Any]:
    """A case that holds its gold span, one that does not, one that is unanswerable (None)."""
    gold = [] if hit is None else [{"document": "d", "start": 5, "end": 9}]
    part = {"document": "d" if hit else "e", "start": 0, "end": 12, "text": "", "score": 1.0}
    return {"quality": quality, "contexts": [part], "expected": {"relevant": gold, "unanswerable": hit is None}}


def test_a_run_is_held_against_its_own_gold_spans(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with RunStore(store) as runs:
            record_run(
                runs, "one", [labelled(0.9, True), labelled(0.8, True), labelled(0.2, False), labelled(0.1, None)]
            )
            record_run(runs, "two", [labelled(None, True), {**labelled(0.5, True), "expected": {}}])
            record_run(runs, "three", [labelled(0.9, True)])
        assert set(list_labelled_runs(store)) == {"one", "two", "three"}
        found = load_run_reliability(store, ["one"])
        assert (found.n, found.positives, found.tiles[0].value) == (4, 2, "1.000")
        assert found.reliability is not None and "few" in found.advice
        assert load_run_reliability(store, ["two"]).n == 0
        assert "nothing says" in load_run_reliability(store, ["two"]).advice
        assert "one class only" in load_run_reliability(store, ["three"]).advice


def test_enough_cases_are_told_whether_the_shipped_fit_holds(tmp_path: Path) -> None:
    good = [labelled(0.95, i % 20 != 0) for i in range(100)] + [labelled(0.05, i % 20 == 0) for i in range(100)]
    bad = [labelled(0.95, i % 2 == 0) for i in range(200)]
    with open_store(tmp_path) as store:
        with RunStore(store) as runs:
            record_run(runs, "good", good)
            record_run(runs, "bad", bad)
        assert "holds on your data" in load_run_reliability(store, ["good"]).advice
        assert "may serve you better" in load_run_reliability(store, ["bad"]).advice


def test_a_correction_in_use_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    assert load_applied() is None
    with open_store() as store:
        with RunStore(store) as runs:
            record_run(runs, "bad", [labelled(0.9, i % 3 == 0) for i in range(60)])
        recalibrate(store, ["bad"])
    applied = load_applied()
    assert applied is not None and "corrected by 1 run since" in applied.words
    assert reset_calibration() and load_applied() is None
