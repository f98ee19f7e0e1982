"""The Judges screen: empty, set up, tried, and what judges made of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.judge_setup import save_judge
from engine.store import open_store
from engine.store.judges import JudgeStore
from tests.engine.evaluation.judging.judge import JudgeServer
from tests.engine.providers.scripted import serve
from tests.pages.conftest import open_page, words_of


def test_without_a_judge_the_screen_says_how_to_set_one_up(empty_home: Path) -> None:
    app = open_page("judges")
    assert not app.exception
    words = words_of(app)
    assert "No judge yet" in words and "Ollama" in words and "environment variable" in words


def test_a_judge_is_set_up_by_the_form_and_a_wrong_setting_is_explained(empty_home: Path) -> None:
    app = open_page("judges")
    fields = {field.label: field for field in app.text_input}
    fields["Name"].set_value("local")
    fields["Model"].set_value("not a model")
    press(app, "Save").run()
    assert "is no model" in words_of(app)
    {field.label: field for field in app.text_input}["Model"].set_value("ollama/llama3.1")
    press(app, "Save").run()
    with open_store() as store:
        assert JudgeStore(store).load_judges()["local"]["model"] == "ollama/llama3.1"
    assert "llama3" in words_of(app)


def test_a_trial_shows_score_reason_and_cost(empty_home: Path) -> None:
    with serve(JudgeServer(), "SCRIPTED") as server, open_store() as store:
        address = f"http://127.0.0.1:{server.server_port}"
        save_judge(store, "local", {"model": "hosted_vllm/judge", "api_base": address}, "Ada")
        app = open_page("judges")
        press(app, "Try").run()
        assert not app.exception
        words = words_of(app)
        assert "0.500" in words and "no: It takes 42 days" in words.replace("\\", "")
        assert "2 calls" in words.replace("\\", "")


def test_a_judge_whose_key_is_missing_says_so(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with open_store() as store:
        save_judge(store, "remote", {"model": "openai/gpt-4o-mini", "api_key_env": "JUDGE_KEY"}, "Ada")
    assert "JUDGE\\_KEY is not set" in words_of(open_page("judges"))


def test_without_judged_runs_the_second_section_says_how_to_get_one(empty_home: Path) -> None:
    app = open_page("judges")
    app.segmented_control[0].set_value("trust").run()
    assert "No run was judged yet" in words_of(app)


def test_a_run_that_two_judged_shows_counts_noise_and_agreement(
    seeded_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(seeded_home, tmp_path / "home")
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    with open_store() as store:
        cases = [r["case_id"] for r in store.query("SELECT case_id FROM cases WHERE run_id = 'run-seeded'")]
        rows = []
        for i, case in enumerate(cases):
            for measure, judge, value in (("rubric.x", "one", i / 5), ("rubric.x[two]", "two", 1 - i / 5)):
                row = {"run_id": "run-seeded", "case_id": case, "measure": measure, "status": "scored", "value": value}
                rows.append({**row, "judge": judge, "repeats": [value, value], "cost_usd": 0.01})
        store.insert("scores", rows)
    app = open_page("judges", run="run-seeded")
    assert not app.exception
    assert "one and two give the same verdict in" in words_of(app)
    assert {"one", "two"} <= set(app.selectbox(key="rater-a").options)


def press(app, label):  # type: ignore[no-untyped-def]
    """The button of this name, pressed."""
    return next(button for button in app.button if button.label == label).click()
