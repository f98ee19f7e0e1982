"""The screens of runs and cases: filters in the address, labels, marks, and what they say when something is gone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine.evaluation.suites import load_suite
from engine.store import RunStore, Store, open_store
from engine.store.labels import LabelStore
from engine.store.run_marks import RunMarkStore
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def home(seeded_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the home with one run, which a test may change."""
    shutil.copytree(seeded_home, tmp_path / "home", ignore=shutil.ignore_patterns("*.lock", "owner*"))
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PHASEGATE_USER", "ann")
    return tmp_path / "home"


def said(app: AppTest) -> str:
    assert not app.exception
    return words_of(app).replace("\\", "")


def labels_of(case_id: str) -> list[tuple[str, str, str]]:
    with open_store() as store:
        return [(r["author"], r["label"], r["note"]) for r in LabelStore(store).labels_of("run-seeded", case_id)]


def copy_run(store: Store, run_id: str, **changes: Any) -> None:
    """Another run with the same cases."""
    row = store.query("SELECT * FROM runs WHERE run_id = 'run-seeded'")[0]
    store.insert("runs", [row | {"run_id": run_id} | changes])
    for table in ("cases", "scores"):
        rows = store.query(f"SELECT * FROM {table} WHERE run_id = 'run-seeded'")
        store.insert(table, [row | {"run_id": run_id} for row in rows])


def test_the_address_filters_the_cases_and_a_chip_writes_it(home: Path) -> None:
    app = open_page("runs", run="run-seeded", find="depot")
    assert "1 to 2 of 2 cases with “depot”" in said(app)
    chips = next(group for group in app.button_group if group.key == "case-flags")
    chips.set_value(["failing"])
    app.run()
    assert "1 to 1 of 1 case failing, with “depot”" in said(app)
    assert app.query_params["flags"] in ("failing", ["failing"])
    assert list(app.dataframe[0].value["case"]) == ["wrong"]


def test_an_empty_filter_offers_the_way_back(home: Path) -> None:
    app = open_page("runs", run="run-seeded", flags="disagreeing")
    assert "No case is disagreeing." in said(app)
    assert "The run has 5 ended cases." in said(app)


def test_a_label_is_given_changed_and_taken_back_on_the_screen_of_a_case(home: Path) -> None:
    app = open_page("runs", run="run-seeded", case="wrong", flags="failing")
    assert "1 of 2 failing" in said(app)
    app.button(key="label-right").click()
    app.run()
    assert labels_of("wrong") == [("ann", "right", "")]
    app.text_input(key="note-run-seeded-wrong").set_value("the leaflet says so")
    app.run()
    app.button(key="label-unsure").click()
    app.run()
    assert labels_of("wrong") == [("ann", "unsure", "the leaflet says so")]
    assert "the leaflet says so" in said(app)
    app.button(key="label-none").click()
    app.run()
    assert labels_of("wrong") == []


def test_next_and_previous_follow_the_filter(home: Path) -> None:
    app = open_page("runs", run="run-seeded", case="wrong", sort="position", tag="times")
    assert "1 of 2 with the tag times" in said(app)
    assert app.button(key="step-Previous").disabled
    app.button(key="step-Next").click()
    app.run()
    assert "Case unknown" in said(app)
    assert "2 of 2 with the tag times" in said(app)


def test_a_flipped_case_stands_beside_its_other_self(home: Path) -> None:
    with open_store() as store:
        copy_run(store, "run-later", started_at=store.query("SELECT now()::TIMESTAMP AS t")[0]["t"])
        store.execute(
            "UPDATE cases SET status = 'failed', answer = 'No.' WHERE run_id = 'run-later' AND case_id = 'refund'"
        )
    app = open_page("runs", run="run-later", case="refund", flags="flipped")
    assert "1 of 1 flipped" in said(app)
    assert "This run" in said(app) and "The other run" in said(app)
    assert any("The same case in run-seeded: flipped" in e.label.replace("\\", "") for e in app.expander)


def test_the_section_on_labels_says_how_the_verdict_agrees(home: Path) -> None:
    assert "Nobody has labelled" in said(open_page("runs", run="run-seeded", show="Labels"))
    with open_store() as store:
        LabelStore(store).save_labels("run-seeded", ["refund", "wrong"], "ann", "right")
    app = open_page("runs", run="run-seeded", show="Labels")
    assert "agrees with people on 1 of 2 cases" in said(app)
    assert "Where a person contradicts the verdict" in said(app)


def test_the_form_that_saves_a_selection_says_what_it_saves(home: Path) -> None:
    app = open_page("runs", run="run-seeded", flags="failing")
    app.button(key="save-suite").click()
    app.run()
    assert "2 cases (failing), with the run's corpus, settings and pass rules." in said(app)
    assert app.text_input(key="save-name").value == ""


def test_one_label_is_given_to_all_that_the_filter_finds(home: Path) -> None:
    app = open_page("runs", run="run-seeded", flags="failing")
    app.button(key="label-all").click()
    app.run()
    assert "One label for 2 cases (failing), as **ann**." in said(app)


def test_marks_are_shown_and_a_tag_filters_the_list(home: Path) -> None:
    with open_store() as store:
        copy_run(store, "run-other")
        RunMarkStore(store).save_mark("run-seeded", "ann", pinned=True, tags=["baseline"], note="for the *review*")
    app = open_page("runs", run="run-seeded")
    assert "Pinned" in said(app) and "baseline" in said(app) and "for the *review*" in said(app)
    listed = open_page("runs")
    assert "Runs 1 to 2 of 2." in said(listed)
    assert listed.dataframe[0].value["run"].tolist() == ["run-seeded", "run-other"]
    assert "Runs 1 to 1 of 1." in said(open_page("runs", tag="baseline"))


def test_a_run_deleted_while_it_is_open_is_said_to_be_gone_and_nothing_is_written(home: Path) -> None:
    table, opened = open_page("runs", run="run-seeded"), open_page("runs", run="run-seeded", case="wrong")
    with open_store() as store, RunStore(store) as runs:
        runs.delete_run("run-seeded")
    opened.button(key="label-right").click()
    opened.run()
    table.run()
    for app in (opened, table):
        assert "This run is gone" in said(app)
        assert "There is no run called 'run-seeded'" in said(app)
    with open_store() as store:
        assert store.query("SELECT * FROM labels") == []


def test_a_case_that_is_gone_leads_back_to_its_run(home: Path) -> None:
    app = open_page("runs", run="run-seeded", case="nope")
    assert "This case is gone" in said(app)


def test_a_running_run_offers_the_cases_that_ended_since(home: Path) -> None:
    import os

    with open_store() as store:
        copy_run(store, "run-live", status="running", pid=os.getpid())
        store.execute("UPDATE runs SET heartbeat_at = now()::TIMESTAMP + INTERVAL 1 HOUR WHERE run_id = 'run-live'")
        store.execute("DELETE FROM cases WHERE run_id = 'run-live'")
    app = open_page("runs", run="run-live")
    assert "No case has ended yet." in said(app)


def test_a_suite_that_was_saved_opens_by_its_name(home: Path) -> None:
    from engine.case_selection import save_cases

    with open_store() as store:
        save_cases(store, "run-seeded", ["wrong", "talk"], "regressions", "ann")
    assert [case.id for case in load_suite("regressions").cases] == ["wrong", "talk"]
    assert "regressions" in said(open_page("suites", suite="regressions"))
