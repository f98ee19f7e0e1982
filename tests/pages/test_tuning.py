"""The Tuning lab over a small suite: what its controls do to the screen, to the address and to what is saved."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.settings import PipelineSettings
from engine.store import PreferenceStore, open_store
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def suite(full_home: Path) -> str:
    """The folder of the seeded suite: five questions over two documents."""
    return str(full_home.parent / "suite")


def open_lab(suite: str, query: Mapping[str, str] | None = None) -> AppTest:
    """The lab, once it has been opened."""
    app = open_page("tuning", suite=suite, **(query or {}))
    for thread in threading.enumerate():
        if thread.name.startswith("open-lab-"):
            thread.join()
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return words_of(app).replace("\\", "")


def slide(app: AppTest, name: str, value: float) -> AppTest:
    app.slider(key=f"tuning-{name}").set_value(value).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def query_of(app: AppTest) -> dict[str, str]:
    return {name: values[0] if isinstance(values, list) else values for name, values in app.query_params.items()}


def test_opening_says_what_is_being_done(suite: str) -> None:
    assert "Opening the lab" in said(open_page("tuning", suite=suite))


def test_the_suite_and_one_question_stand_side_by_side(suite: str) -> None:
    app = open_lab(suite)
    assert "These are the baseline's settings." in said(app)
    assert "Within how many days is a defective item refunded?" in app.selectbox(key="tuning-case").options[0] or (
        len(app.selectbox(key="tuning-case").options) == 5
    )
    table = app.table[0].value
    assert list(table["measure"])[:3] == ["Recall", "Precision", "IoU"]
    assert "quick view" in said(app)
    assert ":orange-background[" in said(app) or ":green-background[" in said(app)


def test_a_slider_changes_figures_and_address(suite: str) -> None:
    app = slide(open_lab(suite), "chunk_size", 96)
    assert "chunk_size 1024 → 96" in said(app)
    assert query_of(app)["chunk_size"] == "96"
    assert int(query_of(app)["chunk_overlap"]) < 96


def test_an_overlap_as_large_as_the_size_is_lowered_and_said(suite: str) -> None:
    app = slide(open_lab(suite, {"chunk_size": "160", "chunk_overlap": "20"}), "chunk_overlap", 500)
    assert app.slider(key="tuning-chunk_overlap").value == 80
    assert "smaller than the chunk size of 160" in app.toast[0].value
    assert app.slider(key="tuning-chunk_size").value == 160


def test_a_larger_size_gives_the_overlap_back(suite: str) -> None:
    app = open_lab(suite)
    assert slide(app, "chunk_size", 96).slider(key="tuning-chunk_overlap").value < 96
    assert slide(app, "chunk_size", 512).slider(key="tuning-chunk_overlap").value == PipelineSettings().chunk_overlap


def test_a_link_restores_settings_baseline_and_question(suite: str) -> None:
    query = {"chunk_size": "512", "mode": "dense", "baseline": "top_k=3", "case": "unknown"}
    app = open_lab(suite, query)
    assert app.slider(key="tuning-chunk_size").value == 512
    assert app.selectbox(key="tuning-mode").value == "dense"
    assert "against the pinned baseline" in said(app) and "top_k 3 → 20" in said(app)
    assert app.selectbox(key="tuning-case").value == "unknown"
    assert "do not answer this question" in said(app)
    assert {name: query_of(app)[name] for name in query} == query


def test_a_broken_link_keeps_what_can_be_used(suite: str) -> None:
    app = open_page("tuning", suite=suite, chunk_size="512", top_k="many")
    assert "In the link: top_k: expected a whole number" in said(app)
    app = open_lab(suite, {"chunk_size": "512", "top_k": "many"})
    assert app.slider(key="tuning-chunk_size").value == 512
    assert app.slider(key="tuning-top_k").value == PipelineSettings().top_k
    assert query_of(app).get("top_k") is None


def test_a_preset_is_chosen_and_taken_back(suite: str) -> None:
    app = open_lab(suite)
    app.segmented_control(key="tuning-preset").set_value("accurate").run()
    assert app.slider(key="tuning-top_k").value == 40
    assert press(app, "Reset").slider(key="tuning-top_k").value == PipelineSettings().top_k


def test_a_pinned_baseline_is_what_later_changes_are_held_against(suite: str) -> None:
    app = press(slide(open_lab(suite), "top_k", 5), "Pin as baseline")
    assert "Nothing is changed." in said(app) and query_of(app)["baseline"] == "top_k=5"
    assert "top_k 5 → 9" in said(slide(app, "top_k", 9))
    assert f"top_k {PipelineSettings().top_k} → 9" in said(press(app, "Unpin baseline"))


def test_settings_are_saved_as_defaults(suite: str) -> None:
    app = press(slide(open_lab(suite), "top_k", 7), "Save as defaults")
    try:
        assert "Nothing is changed." in said(app)
        with open_store() as store:
            assert PreferenceStore(store).load_preference("pipeline") == {"top_k": 7}
    finally:
        with open_store() as store:
            PreferenceStore(store).delete_preference("pipeline")


def test_next_goes_through_the_cases_failures_first(suite: str) -> None:
    app = open_lab(suite)
    first = app.selectbox(key="tuning-case").value
    second = press(app, "Next").selectbox(key="tuning-case").value
    assert first != second and query_of(app)["case"] == second
    assert press(app, "Previous").selectbox(key="tuning-case").value == first


def test_a_question_of_ones_own_is_answered_without_gold(suite: str) -> None:
    app = open_lab(suite)
    app.text_input(key="tuning-ask").set_value("When does the depot in Lindau open?").run()
    assert "A question of your own has no gold span" in said(app)
    assert query_of(app)["ask"] == "When does the depot in Lindau open?" and "case" not in query_of(app)


def test_a_top_k_beyond_the_chunks_is_explained(suite: str) -> None:
    assert "more than the corpus has chunks" in "".join(str(note.value) for note in open_lab(suite).info)


def test_a_setting_without_effect_is_disabled(suite: str) -> None:
    app = open_lab(suite, {"mode": "lexical"})
    assert app.slider(key="tuning-weight").disabled
    assert not slide(app, "top_k", 3).slider(key="tuning-top_k").disabled


def test_a_suite_without_a_question_is_refused_with_the_way_on(full_home: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Something.\n")
    (tmp_path / "suite.yaml").write_text("name: none\ntitle: None\ndescription: d\nlicence: CC0-1.0\ncorpus: docs\n")
    case = '{"id": "k", "kind": "content", "text": "“Who?” asked Ann.", "content_type": "dialogue"}\n'
    (tmp_path / "cases.jsonl").write_text(case)
    app = open_page("tuning", suite=str(tmp_path))
    if not app.error:  # it is told once, at once when the files were read before the page was drawn
        for thread in threading.enumerate():
            if thread.name.startswith("open-lab-"):
                thread.join()
        app.run()
    assert "has no question" in app.error[0].value
    assert any(button.label == "Try again" for button in app.button)
