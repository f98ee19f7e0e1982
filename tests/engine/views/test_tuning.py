"""What the Tuning lab offers, and the labs that an app keeps open."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from engine.errors import InputError, UnknownNameError
from engine.evaluation.suites import list_suites
from engine.settings import PipelineSettings
from engine.store import PreferenceStore, open_store
from engine.tuning import Faithfulness
from engine.views.labs import LabShelf, LabState, OpenLab
from engine.views.tuning import list_run_overrides, list_targets, load_tuning
from engine.views.tuning_trust import build_trust_panel
from engine.views.work import Report, Work

SETTINGS = PipelineSettings()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))


def write_suite(folder: Path, text: str = "The depot opens at seven in the morning.\n", settings: str = "") -> str:
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "a.txt").write_text(text)
    (folder / "suite.yaml").write_text(
        f"name: tiny\ntitle: Tiny\ndescription: One case.\nlicence: CC0-1.0\ncorpus: docs\n{settings}"
    )
    case = {"id": "one", "kind": "qa", "question": "When does the depot open?", "answers": ["seven"],
            "relevant": [{"document": "a.txt", "start": 0, "end": 40}]}  # fmt: skip
    (folder / "cases.jsonl").write_text(json.dumps(case) + "\n")
    return str(folder)


def await_end(shelf: LabShelf, suite: str) -> LabState:
    deadline = time.monotonic() + 60
    state = shelf.find(suite, SETTINGS)
    while not (state.opened or state.error) and time.monotonic() < deadline:
        time.sleep(0.02)
        state = shelf.find(suite, SETTINGS)
    return state


def test_every_suite_is_offered_and_the_one_that_a_link_names(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "tiny")
    with open_store() as store:
        choices = load_tuning(store, suite)
        assert list(choices.suites) == [*list_suites(), suite]
        assert choices.suites[suite] == "Tiny (1 case)" and choices.saved == SETTINGS
        assert set(load_tuning(store, "/nowhere").suites) == {*list_suites(), "/nowhere"}


def test_saved_defaults_that_cannot_be_used_are_said() -> None:
    with open_store() as store:
        PreferenceStore(store).save_preference("pipeline", {"top_k": -4})
        choices = load_tuning(store, None)
    assert choices.saved == SETTINGS and "top_k" in choices.note


def test_settings_can_be_applied_to_the_suites_own_corpus_first() -> None:
    with open_store() as store:
        targets = list_targets(store, "stories")
    assert next(iter(targets)) == "stories"
    assert all(Path(source).is_dir() for target in targets.values() for source in target.sources)


def test_a_run_gets_the_settings_of_the_lab_whatever_the_suite_sets(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "tiny", settings="settings: {top_k: 5}\n")
    assert list_run_overrides(suite, SETTINGS) == {"top_k": SETTINGS.top_k}
    assert list_run_overrides(suite, SETTINGS.with_values({"top_k": 5, "mode": "dense"})) == {"mode": "dense"}


def test_a_lab_is_opened_once_and_answers(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "tiny")
    shelf = LabShelf()
    state = await_end(shelf, suite)
    assert state.opened is not None and state.error is None
    assert shelf.find(suite, SETTINGS).opened is state.opened
    assert state.opened.evaluate(SETTINGS).figures["recall"].mean == 1.0
    assert state.opened.explain("one", SETTINGS).document == "a.txt"
    asked = state.opened.ask("When does the depot close?", SETTINGS)
    assert asked.case.id == "" and asked.retrieved and not asked.case.gold
    with pytest.raises(InputError):
        state.opened.ask("  ", SETTINGS)


def await_work(opened: OpenLab) -> None:
    deadline = time.monotonic() + 60
    while opened.look() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_figures_become_exact_in_the_background(tmp_path: Path) -> None:
    opened = await_end(LabShelf(), write_suite(tmp_path / "tiny")).opened
    assert opened is not None and not opened.evaluate(SETTINGS).exact and opened.look() is None
    smaller = SETTINGS.with_values({"chunk_size": 512})
    opened.begin_exact(SETTINGS, smaller)
    await_work(opened)
    assert opened.evaluate(SETTINGS).exact and opened.evaluate(smaller).exact


def test_the_quick_view_is_held_against_chunks_embedded_one_by_one(tmp_path: Path) -> None:
    opened = await_end(LabShelf(), write_suite(tmp_path / "tiny")).opened
    assert opened is not None and opened.faithfulness is None
    opened.begin_faithfulness()
    await_work(opened)
    assert opened.faithfulness is not None
    panel = build_trust_panel(opened.faithfulness)
    assert len(panel.rows) == len(opened.faithfulness.chunkings) and "same in one of the views" in panel.finding


@pytest.mark.parametrize(("tau", "word"), [(0.9, "alike"), (0.6, "partly alike"), (0.1, "differently")])
def test_the_finding_on_faithfulness_follows_the_order(tau: float, word: str) -> None:
    measured = Faithfulness(
        chunkings=((256, 0), (512, 0)), pooled=(0.5, 0.6), separate=(0.4, 0.7), pooled_iou=(0.1, 0.1),
        separate_iou=(0.1, 0.1), tau=tau, tau_iou=None, difference=0.1,
    )  # fmt: skip
    panel = build_trust_panel(measured)
    assert f"2 chunkings {word} (Kendall's tau {tau:.2f}" in panel.finding
    assert panel.rows[0] == {"chunk size": "256", "overlap": "0", "recall, quick": "0.500", "recall, exact": "0.400"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_fails_says_why_and_a_crash_is_a_failure() -> None:
    def fail(report: Report) -> bool:
        report(1, 4, "a quarter")
        raise InputError("It went wrong.")

    def crash(report: Report) -> bool:
        raise SystemExit

    failed, crashed = Work("w", fail), Work("w", crash)
    failed.join()
    crashed.join()
    state = failed.look()
    assert (state.fraction, state.message, state.active) == (0.25, "a quarter", False)
    assert state.error is not None and state.error.message == "It went wrong."
    assert crashed.look().error is not None


def test_changed_documents_open_the_lab_anew(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "tiny")
    shelf = LabShelf()
    before = await_end(shelf, suite).opened
    write_suite(tmp_path / "tiny", "The depot opens at seven in the morning.\nIt closes at six in the evening.\n")
    after = await_end(shelf, suite).opened
    assert before is not None and after is not None and before is not after
    assert len(after.explain("one", SETTINGS).text) > len(before.explain("one", SETTINGS).text)


def test_the_lab_that_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    suites = [write_suite(tmp_path / name) for name in ("a", "b", "c")]
    shelf = LabShelf(limit=2)
    opened = [await_end(shelf, suite).opened for suite in suites]
    assert shelf.find(suites[2], SETTINGS).opened is opened[2]
    assert shelf.find(suites[1], SETTINGS).opened is opened[1]
    assert await_end(shelf, suites[0]).opened is not opened[0]


def test_an_empty_corpus_is_an_error_once_and_then_tried_again(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "tiny", "")
    (tmp_path / "tiny" / "docs" / "a.txt").unlink()
    shelf = LabShelf()
    state = await_end(shelf, suite)
    assert isinstance(state.error, InputError) and state.opened is None
    write_suite(tmp_path / "tiny")
    assert await_end(shelf, suite).opened is not None


def test_an_unknown_suite_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        LabShelf().find("nowhere", SETTINGS)
