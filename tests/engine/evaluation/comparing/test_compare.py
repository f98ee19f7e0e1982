"""Runs held against one another: pairing, verdicts, judges, noise, and what cannot be compared."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from engine.errors import InputError, UnknownNameError
from engine.evaluation.comparing import MeasureDifference, PairComparison, compare_runs
from engine.evaluation.statistics_paired import mcnemar_p
from engine.store import Store
from tests.engine.evaluation.comparing.seeded import add_run

RNG = np.random.default_rng(8)


def compare(store: Store, *runs: str, **options: object) -> PairComparison:
    return compare_runs(store, runs or ("a", "b"), **options).pairs[0]  # type: ignore[arg-type]


def measure(pair: PairComparison, name: str) -> MeasureDifference:
    return next(m for m in pair.measures if m.measure == name)


def test_a_clear_loss_is_a_regression_with_its_counts(store: Store) -> None:
    add_run(store, "a", [True] * 60 + [False] * 20)
    add_run(store, "b", [True] * 42 + [False] * 34 + [True] * 4)
    found = compare_runs(store, ["a", "b"])
    success = measure(found.pairs[0], "success_rate")
    assert (success.wins, success.ties, success.losses) == (4, 58, 18)
    assert success.difference == pytest.approx(-14 / 80)
    assert success.low < success.difference < success.high < 0  # type: ignore[operator]
    assert (success.verdict, found.outcome, found.exit_code) == ("worse", "worse", 1)
    assert found.pairs[0].flips == {"worse": 18, "better": 4}


def test_a_loss_within_the_tolerance_is_no_regression(store: Store) -> None:
    add_run(store, "a", [True] * 80)
    add_run(store, "b", [True] * 70 + [False] * 10)
    assert compare_runs(store, ["a", "b"], tolerance=0.1).exit_code == 1
    within = compare_runs(store, ["a", "b"], tolerance=0.13)
    assert (within.exit_code, within.outcome) == (0, "worse_within_tolerance")


def test_identical_runs_are_not_called_equal(store: Store) -> None:
    for run in "ab":
        add_run(store, run, [True] * 80 + [False] * 20, {"recall": [0.5] * 100}, latency=range(100, 200))
    found = compare_runs(store, ["a", "b"])
    assert (found.outcome, found.exit_code) == ("no_difference", 0)
    assert {m.verdict for m in found.pairs[0].measures} == {"no_difference"}
    success = measure(found.pairs[0], "success_rate")
    assert success.low < 0 < success.high and success.detectable  # type: ignore[operator]
    assert "equal" not in found.pairs[0].sentence
    assert "a smaller one may be there" in found.pairs[0].sentence


def test_the_json_keeps_its_contract_and_has_no_nan(store: Store) -> None:
    add_run(store, "a", [True, False, None, True], {"recall": [0.2, None, 0.4, 1.0]}, latency=[1, 2, 3, 4])
    add_run(store, "b", [True, True, None], {"recall": [0.3, 0.5, None]}, latency=[1, 2, 3])
    shown = json.loads(json.dumps(compare(store).as_json(), allow_nan=False))
    wanted = {"a", "b", "difference", "low", "high", "p", "p_adjusted", "wins", "ties", "losses"}
    assert all(wanted <= set(m) for m in shown["measures"].values())
    assert shown["only_a"] == shown["cases"]["only_a"] == ["case-3"]
    assert shown["only_b"] == []
    recall = shown["measures"]["recall"]
    assert (recall["n"], recall["wins"]) == (1, 1)
    assert recall["counts"]["a"] == {"scored": 3, "failed": 1, "unjudged": 0, "not_applicable": 0, "total": 4}


def test_pairs_are_made_by_id_and_reworded_questions_are_told(store: Store) -> None:
    add_run(store, "a", [True, False, True])
    add_run(store, "b", [True, True, True])
    store.execute("UPDATE cases SET question = 'Another?' WHERE run_id = 'b' AND case_id = 'case-1'")
    pair = compare(store)
    assert pair.paired == 3
    assert any("ask another question" in words for words in pair.warnings)


def test_runs_of_two_suites_pair_where_they_overlap_with_a_warning(store: Store) -> None:
    add_run(store, "a", [True] * 5)
    add_run(store, "b", [True] * 8, suite="other", suite_hash="hash-2")
    pair = compare(store)
    assert (pair.paired, len(pair.only_b)) == (5, 3)
    assert any("two suites" in words for words in pair.warnings)


def test_changed_documents_are_told(store: Store) -> None:
    add_run(store, "a", [True] * 5)
    add_run(store, "b", [True] * 5, suite_hash="hash-2")
    assert any("suite hash" in words for words in compare(store).warnings)


def test_runs_without_a_common_case_are_refused(store: Store) -> None:
    add_run(store, "a", [True] * 3)
    add_run(store, "b", [True] * 3, prefix="else")
    with pytest.raises(InputError, match="share no case id"):
        compare(store)


@pytest.mark.parametrize(
    ("runs", "options", "problem"),
    [
        (["a"], {}, "expected 2 to 5"),
        (["a", "a"], {}, "named twice"),
        (list("abcdef"), {}, "expected 2 to 5"),
        (["a", "b"], {"tolerance": -0.1}, "between 0 and 1"),
        (["a", "b"], {"tolerance": float("nan")}, "between 0 and 1"),
        (["a", "b"], {"measures": ["recal"]}, "neither run has it"),
        (["a", "going"], {}, "still running"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(
    store: Store, runs: list[str], options: dict[str, object], problem: str
) -> None:
    for run in "ab":
        add_run(store, run, [True, False], {"recall": [0.1, 0.2]})
    add_run(store, "going", [True])
    store.execute("UPDATE runs SET status = 'running', heartbeat_at = now()::TIMESTAMP WHERE run_id = 'going'")
    with pytest.raises(InputError, match=re.escape(problem)):
        compare_runs(store, runs, **options)  # type: ignore[arg-type]


def test_an_unknown_run_is_refused(store: Store) -> None:
    add_run(store, "a", [True])
    with pytest.raises(UnknownNameError):
        compare(store, "a", "nope")


def test_scores_of_two_judges_are_not_compared(store: Store) -> None:
    values = {"ragas.faithfulness": [0.5] * 30}
    add_run(store, "a", [True] * 30, values, judge=("small", "p1"))
    add_run(store, "b", [True] * 30, {"ragas.faithfulness": [0.9] * 30}, judge=("large", "p1"))
    add_run(store, "c", [True] * 30, {"ragas.faithfulness": [0.9] * 30}, judge=("small", "p2"))
    add_run(store, "d", [True] * 30, {"ragas.faithfulness": [0.9] * 30}, judge=("small", "p1"))
    for other in "bc":
        found = measure(compare(store, "a", other), "ragas.faithfulness")
        assert (found.verdict, found.difference, found.p) == ("not_comparable", None, None)
        assert "judged by small p1" in found.reason
    assert measure(compare(store, "a", "d"), "ragas.faithfulness").verdict == "better"


def test_what_was_not_judged_is_counted_and_not_paired(store: Store) -> None:
    add_run(store, "a", [True] * 6, {"rubric.kind": [0.5, None, None, 0.5, 0.5, 0.5]}, missing="unjudged")
    add_run(store, "b", [True] * 6, {"rubric.kind": [0.6, 0.6, None, 0.6, 0.6, 0.6]}, missing="unjudged")
    found = measure(compare(store), "rubric.kind")
    assert (found.n, found.counts_a.unjudged, found.counts_b.unjudged) == (4, 2, 1)


def test_a_measure_that_one_side_lacks_has_no_data(store: Store) -> None:
    add_run(store, "a", [True] * 6, {"recall": [0.5] * 6})
    add_run(store, "b", [True] * 6)
    assert measure(compare(store), "recall").verdict == "no_data"
    assert compare_runs(store, ["a", "b"], measures=["recall"]).exit_code == 3


def test_lower_is_better_for_errors_and_noise_sensitivity(store: Store) -> None:
    names = {"ragas.noise_sensitivity": [0.2] * 40}
    add_run(store, "a", [True] * 40, names, judge=("j", "p"))
    worse = {"ragas.noise_sensitivity": [0.6] * 40}
    add_run(store, "b", [True] * 40, worse, judge=("j", "p"), errors=range(12))
    pair = compare(store)
    for name in ("error_rate", "ragas.noise_sensitivity"):
        found = measure(pair, name)
        assert found.difference > 0 and found.verdict == "worse" and found.losses > 0  # type: ignore[operator]


def test_one_pair_and_all_ties_give_no_finding(store: Store) -> None:
    add_run(store, "a", [False], {"recall": [0.1]})
    add_run(store, "b", [True], {"recall": [0.9]})
    pair = compare(store)
    assert measure(pair, "success_rate").verdict == "no_difference"
    assert measure(pair, "recall").p == 1.0
    assert measure(pair, "recall").low is None


def test_tied_measures_do_not_count_in_the_family(store: Store) -> None:
    ties = {f"m{i}": [0.5] * 20 for i in range(30)}
    add_run(store, "a", [True] * 20, ties)
    add_run(store, "b", [False] * 8 + [True] * 12, ties)
    pair = compare(store)
    assert pair.family == 1
    success = measure(pair, "success_rate")
    assert success.p_adjusted == success.p < 0.05  # type: ignore[operator]


def test_each_run_is_held_against_the_first(store: Store) -> None:
    add_run(store, "a", [True] * 40)
    add_run(store, "b", [True] * 40)
    add_run(store, "c", [False] * 15 + [True] * 25)
    found = compare_runs(store, ["a", "b", "c"])
    assert [p.outcome for p in found.pairs] == ["no_difference", "worse"]
    assert (found.outcome, found.exit_code) == ("worse", 1)
    shown = found.as_json()
    assert (shown["baseline"], len(shown["comparisons"])) == ("a", 2)


def test_a_slower_run_is_undecided_until_runs_are_repeated(store: Store) -> None:
    base = RNG.lognormal(3, 0.4, 200)
    add_run(store, "a", [True] * 200, latency=base)
    add_run(store, "b", [True] * 200, latency=base * 1.5, settings={"top_k": 50}, minute=1)
    alone = measure(compare(store), "latency_p50_ms")
    assert (alone.verdict, alone.noise) == ("undecided", None)
    assert alone.p_adjusted < 0.05  # type: ignore[operator]
    for i, factor in enumerate((0.98, 1.02, 1.01)):
        add_run(store, f"again-{i}", [True] * 200, latency=base * factor, minute=2 + i)
    held = measure(compare(store), "latency_p50_ms")
    assert (held.verdict, held.beyond_noise, held.regression) == ("worse", True, True)
    assert held.noise is not None and held.noise.freedom == 3
    share = held.difference / held.a  # type: ignore[operator]
    assert compare_runs(store, ["a", "b"], tolerance=round(share + 0.01, 2)).exit_code == 0


def test_a_difference_within_what_repeats_differ_by_is_no_finding(store: Store) -> None:
    def draw(share: float) -> list[bool]:
        return [i < round(share * 400) for i in range(400)]

    for i, share in enumerate((0.80, 0.90, 0.70, 0.85, 0.75)):
        add_run(store, f"a{i}", draw(share), options={"group": "a0"}, minute=i)
    add_run(store, "b", draw(0.74), settings={"top_k": 3}, minute=9)
    found = measure(compare(store, "a0", "b"), "success_rate")
    assert mcnemar_p(found.losses, found.wins) < 0.001
    assert (found.verdict, found.beyond_noise) == ("no_difference", False)
    assert "repeated runs" in found.reason


def test_a_run_of_changed_code_is_no_repeat(store: Store) -> None:
    add_run(store, "a", [True] * 20)
    add_run(store, "b", [True] * 20, commit="other", minute=1)
    add_run(store, "c", [True] * 20, minute=2)
    assert not compare(store, "a", "b").same_setup
    assert compare(store, "a", "c").same_setup


def test_settings_that_differ_are_told(store: Store) -> None:
    add_run(store, "a", [True] * 5)
    add_run(store, "b", [True] * 5, settings={"top_k": 7})
    assert compare(store).as_json()["settings"] == {"top_k": {"a": 20, "b": 7}}


def test_an_interrupted_run_is_compared_over_what_has_ended(store: Store) -> None:
    add_run(store, "a", [True] * 20)
    add_run(store, "b", [True] * 20, status="interrupted")
    store.execute("DELETE FROM cases WHERE run_id = 'b' AND position > 11")
    pair = compare(store)
    assert (pair.paired, len(pair.only_a)) == (12, 8)
    assert any("interrupted: 12 of its 20" in words for words in pair.warnings)


def test_more_pairs_than_leave_the_database_give_the_same_as_all_values(store: Store) -> None:
    rng = np.random.default_rng(4)
    a = rng.random(3_000)
    b = np.clip(a + rng.normal(0.01, 0.1, 3_000), 0, 1)
    add_run(store, "a", [True] * 3_000, {"recall": a})
    add_run(store, "b", [True] * 3_000, {"recall": b})
    found = measure(compare(store), "recall")
    from scipy import stats

    peer = stats.ttest_rel(b, a)
    ends = peer.confidence_interval()
    assert found.difference == pytest.approx(np.mean(b - a))
    assert (found.low, found.high) == (pytest.approx(ends.low, abs=1e-5), pytest.approx(ends.high, abs=1e-5))
    assert found.p == pytest.approx(peer.pvalue, rel=0.05)
