from __future__ import annotations

import pytest

from engine.errors import UnknownNameError
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import Evidence
from engine.store import Store
from tests.engine.roadmap.seeded import AddRun, case


def run_evidence(measure: str, *suites: str, kinds: tuple[str, ...] = (), baseline: float | None = None) -> Evidence:
    return Evidence(kind="run", suites=suites or ("stories",), measure=measure, kinds=kinds, baseline=baseline)


def test_success_rate_counts_an_error_as_a_failure(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(), case(), case("failed"), case("error", quality=None, latency=None)])
    found = EvidenceReader(store).measure(run_evidence("success_rate"))
    assert (found.value, found.n, found.scored, found.total) == (0.5, 4, 4, 4)
    assert [run.run_id for run in found.runs] == ["r1"]


def test_error_rate_and_answered_rate_add_up(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(), case("failed"), case("error"), case(kind="content")])
    reader = EvidenceReader(store)
    assert reader.measure(run_evidence("error_rate")).value == 0.25
    assert reader.measure(run_evidence("answered_rate")).value == 0.75


def test_content_cases_have_no_quality_and_no_latency_to_miss(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(quality=0.8, latency=10), case(quality=0.6, latency=30), case(kind="content")])
    reader = EvidenceReader(store)
    quality = reader.measure(run_evidence("context_quality"))
    assert (quality.value, quality.scored, quality.total) == (pytest.approx(0.7), 2, 2)
    assert reader.measure(run_evidence("latency_mean")).value == 20


def test_kinds_keep_some_cases_only(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(), case("failed", kind="conversation"), case("failed", kind="conversation")])
    reader = EvidenceReader(store)
    assert reader.measure(run_evidence("success_rate", kinds=("qa",))).value == 1.0
    assert reader.measure(run_evidence("success_rate", kinds=("conversation",))).value == 0.0


def test_cases_that_a_run_does_not_put_to_the_target_do_not_count(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(), case("unscored", kind="security", quality=None, latency=None)])
    found = EvidenceReader(store).measure(run_evidence("success_rate"))
    assert (found.value, found.total) == (1.0, 1)


def test_a_measure_is_averaged_where_it_applies(store: Store, add_run: AddRun) -> None:
    cases = [
        case(kind="content", content_type_correct=1.0),
        case(kind="content", content_type_correct=0.0),
        case(kind="content", content_type_correct="failed"),
        case(content_type_correct="not_applicable"),
    ]
    add_run("r1", "stories", cases)
    found = EvidenceReader(store).measure(run_evidence("content_type_correct", kinds=("content",)))
    assert (found.value, found.scored, found.total, found.missing) == (0.5, 2, 3, 1)


def test_a_measure_that_the_run_did_not_score_is_no_data(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()])
    found = EvidenceReader(store).measure(run_evidence("content_type_correct"))
    assert found.value is None and "content_type_correct" in found.reason and "r1" in found.reason


def test_an_answer_below_even_odds_of_support_is_unsupported(store: Store, add_run: AddRun) -> None:
    values: list[float | str] = [0.9, 0.49, 0.5, "not_applicable"]
    add_run("r1", "stories", [case(groundedness=value) for value in values])
    found = EvidenceReader(store).measure(run_evidence("unsupported_rate"))
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)


def test_improvement_is_relative_to_the_baseline(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case(latency=10), case(latency=15)])
    found = EvidenceReader(store).measure(run_evidence("processing_time_improvement", baseline=25))
    assert found.value == pytest.approx(0.5)


def test_memory_figures_come_from_the_run_and_the_worst_run_counts(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()], memory={"accuracy": 0.99, "accuracy_samples": 7, "growth_mb": 3.0})
    add_run("r2", "runbooks", [case()], memory={"accuracy": 0.97, "accuracy_samples": 5, "growth_mb": 9.0})
    reader = EvidenceReader(store)
    accuracy = reader.measure(run_evidence("memory_accuracy", "stories", "runbooks"))
    assert (accuracy.value, accuracy.low, accuracy.high, accuracy.n) == (0.97, None, None, 12)
    assert reader.measure(run_evidence("memory_growth_mb", "stories", "runbooks")).value == 9.0


def test_memory_that_could_not_be_checked_is_no_data_with_its_reason(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()], memory={"accuracy": None, "reason": "smaps_rollup cannot be read"})
    found = EvidenceReader(store).measure(run_evidence("memory_accuracy"))
    assert found.value is None and found.reason == "smaps_rollup cannot be read"


def test_several_suites_are_pooled_by_case(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()] * 1)
    add_run("r2", "runbooks", [case("failed")] * 3)
    found = EvidenceReader(store).measure(run_evidence("success_rate", "stories", "runbooks"))
    assert (found.value, found.n) == (0.25, 4)


def test_the_newest_complete_run_counts(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", [case("failed")])
    add_run("new", "stories", [case()])
    add_run("limited", "stories", [case("failed")], asked=1, suite_cases=112)
    add_run("killed", "stories", [case("failed")], status="interrupted")
    found = EvidenceReader(store).measure(run_evidence("success_rate"))
    assert [run.run_id for run in found.runs] == ["new"] and found.value == 1.0


def test_a_limited_run_alone_is_no_data_that_says_how_much_is_missing(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()] * 30, suite_cases=112)
    found = EvidenceReader(store).measure(run_evidence("success_rate"))
    assert found.value is None and found.missing == 82
    assert "only 30 of 112 cases were scored" in found.reason and "limited" in found.reason
    assert found.command == "python -m engine run stories"


def test_an_interrupted_run_alone_is_no_data(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()] * 5, status="interrupted", asked=112)
    found = EvidenceReader(store).measure(run_evidence("success_rate"))
    assert found.value is None and "only 5 of 112" in found.reason and "interrupted" in found.reason


def test_a_run_called_finished_without_all_its_cases_is_no_data(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()] * 5, asked=6)
    assert EvidenceReader(store).measure(run_evidence("success_rate")).value is None


def test_one_missing_suite_of_two_is_no_data_and_its_command_is_named(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()])
    found = EvidenceReader(store).measure(run_evidence("success_rate", "stories", "runbooks"))
    assert found.value is None and found.reason == "no run of suite runbooks yet"
    assert found.command == "python -m engine run runbooks"


def test_a_given_run_is_read_alone(store: Store, add_run: AddRun) -> None:
    add_run("old", "stories", [case("failed")])
    add_run("new", "stories", [case()])
    found = EvidenceReader(store, "old").measure(run_evidence("success_rate", "stories", "runbooks"))
    assert found.value == 0.0 and [run.run_id for run in found.runs] == ["old"]


def test_a_given_run_of_another_suite_is_no_data(store: Store, add_run: AddRun) -> None:
    add_run("r1", "runbooks", [case()])
    found = EvidenceReader(store, "r1").measure(run_evidence("success_rate"))
    assert found.value is None and "runbooks" in found.reason and "stories" in found.reason


def test_a_run_that_does_not_exist_is_named(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", [case()])
    with pytest.raises(UnknownNameError, match="'r9'.*r1"):
        EvidenceReader(store, "r9")


def test_what_a_person_has_to_tick_is_no_data_with_its_reason(store: Store) -> None:
    found = EvidenceReader(store).measure(Evidence(kind="checklist", reason="nobody has yet"))
    assert found.value is None and found.reason == "nobody has yet"


def test_a_run_of_other_cases_under_a_shipped_suites_name_is_no_evidence(store: Store, add_run: AddRun) -> None:
    add_run("copy", "stories", [case()], cases_hash="f" * 64)
    found = EvidenceReader(store).measure(run_evidence("success_rate", "stories"))
    assert found.value is None and "copy asked other cases" in found.reason
    add_run("real", "stories", [case("failed")])
    assert EvidenceReader(store).measure(run_evidence("success_rate", "stories")).value == 0.0


def test_scores_of_two_judges_are_never_pooled(store: Store, add_run: AddRun) -> None:
    measure = "ragas.faithfulness"
    for run_id, suite in (("a", "stories"), ("b", "runbooks")):
        add_run(run_id, suite, [case(**{measure: 0.9})] * 20)
    store.execute("UPDATE scores SET judge = 'first' WHERE measure = ?", (measure,))
    both = run_evidence(measure, "stories", "runbooks")
    assert EvidenceReader(store).measure(both).value == pytest.approx(0.9)
    store.execute("UPDATE scores SET judge = 'second' WHERE measure = ? AND run_id = 'b'", (measure,))
    found = EvidenceReader(store).measure(both)
    assert found.value is None and "scored by 2 judges, first and second" in found.reason
    assert EvidenceReader(store).measure(run_evidence(measure, "stories")).value == pytest.approx(0.9)


def test_only_runs_of_the_target_are_evidence(store: Store, add_run: AddRun) -> None:
    add_run("ours", "stories", [case()] * 20)
    add_run("theirs", "stories", [case("failed")] * 20, target="my-service")
    evidence = run_evidence("success_rate", "stories")
    found = {name: EvidenceReader(store, target=name).measure(evidence) for name in ("pipeline", "my-service", "none")}
    assert (found["pipeline"].value, found["my-service"].value, found["none"].value) == (1.0, 0.0, None)
    assert "no run of suite stories yet with target none" in found["none"].reason
    assert found["none"].command == "python -m engine run stories --target none"
    given = EvidenceReader(store, "theirs", target="pipeline").measure(evidence)
    assert given.value is None and "is of target my-service; this gate judges pipeline" in given.reason
