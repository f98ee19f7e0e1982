from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.bench import content_types
from engine.bench.content_types import measure
from engine.errors import InputError
from engine.evaluation.content_type_fit import hash_document

TALK = "\n\n".join(["“Where is the key, Anna?”", "“I gave it to you,” she said, “on Monday.”"] * 6)
STORY = "He walked down to the river before it was light. She had gone ahead, and he thought of what she told him. " * 8
STEPS = (
    "Set `max_nodes` to 5 in the configuration file and restart the server. The API returns an error otherwise. " * 8
)
ITEMS = [
    {"id": "a@0-9", "text": TALK, "label": "dialogue", "kind": "fiction"},
    {"id": "b@0-9", "text": STORY, "label": "narrative", "kind": "fiction"},
    {"id": "c@0-9", "text": STORY, "label": "technical", "kind": "docs"},
    {"id": "d@0-9", "text": STEPS, "label": "expository", "kind": "encyclopedia"},
]


@pytest.fixture
def write_items(tmp_path: Path) -> Callable[..., Path]:
    def write(items: list[dict[str, str]], name: str = "set") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
        return folder

    return write


def test_figures_count_what_is_right_and_where_it_goes_wrong(write_items: Callable[..., Path]) -> None:
    figures = measure(write_items(ITEMS), {})["set"]
    assert (figures["rows"], figures["labelled"], figures["fitted_on_and_left_out"]) == (4, 3, 0)
    assert figures["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["types"]["narrative"] == {"rows": 1, "f1": 0.6667, "precision": 0.5, "recall": 1.0}
    assert figures["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3, abs=1e-3)
    assert figures["confusion"]["technical"] == {"narrative": 1}
    assert figures["accuracy_by_kind"] == {
        "docs": {"rows": 1, "accuracy": 0.0},
        "fiction": {"rows": 2, "accuracy": 1.0},
    }
    assert figures["expository"] == {"rows": 1, "called_dialogue": 0.0, "called_mixed": 0.0, "called_technical": 1.0}
    assert 0.2 < figures["ece"] < 0.5 and figures["accuracy_low"] < figures["accuracy"] < figures["accuracy_high"]


def test_a_folder_of_sets_is_measured_set_by_set_and_other_items_are_left_alone(
    write_items: Callable[..., Path],
) -> None:
    write_items(ITEMS, "one")
    write_items(ITEMS[:2], "two")
    folder = write_items([{"id": "x", "text": "t", "label": "injection"}], "other").parent
    figures = measure(folder, {})
    assert set(figures) == {"one", "two", "published"} and figures["two"]["accuracy"] == 1.0


def test_texts_of_documents_that_were_fitted_on_are_left_out(
    write_items: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights.json"
    weights.write_text(json.dumps({"provenance": {"documents": [hash_document("c")]}}))
    monkeypatch.setattr(content_types, "PATH", weights)
    figures = measure(write_items(ITEMS), {})["set"]
    assert (figures["fitted_on_and_left_out"], figures["labelled"], figures["accuracy"]) == (1, 2, 1.0)


@pytest.mark.parametrize("item", [{"text": "a"}, {"text": "a", "label": "poem"}, {"label": "dialogue"}])
def test_a_row_without_text_or_label_is_named(write_items: Callable[..., Path], item: dict[str, str]) -> None:
    with pytest.raises(InputError, match="line 5"):
        measure(write_items([*ITEMS, item]), {})


def test_no_data_and_no_items_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs --data"):
        measure(None, {})
    with pytest.raises(InputError, match=r"no items\.jsonl"):
        measure(tmp_path, {})
