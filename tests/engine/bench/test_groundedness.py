"""``bench groundedness``: any folder of the format, held-out items apart, published rows beside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.bench.groundedness import PUBLISHED, measure
from engine.errors import InputError

pytestmark = pytest.mark.usefixtures("home")


def write(folder: Path, count: int = 12) -> Path:
    folder.mkdir(parents=True)
    rows = []
    for i in range(count):
        right = i % 2 == 0
        rows.append({
            "source_id": f"of this test {i}",
            "question": f"How many crates are in depot {i}?",
            "context": [{"text": f"Depot {i} holds {i + 20} crates of apples."}],
            "response": f"Depot {i} has {i + 20} crates." if right else "Penguins of Antarctica eat fish.",
            "labels": [] if right else [{"start": 0, "end": 5}],
            "hallucinated": not right,
            "quality": "good",
        })  # fmt: skip
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_a_set_that_was_never_fitted_on_is_held_out_as_a_whole(tmp_path: Path) -> None:
    figures = measure(write(tmp_path / "mine"), {})
    mine = figures["mine"]
    assert figures["mode"] == "vectors" and mine["kind"] == "answers" and mine["fitted_on"] == 0
    assert "held_out" not in mine, "it would be the same as all"
    assert mine["all"]["auroc_response"] == 1.0 and mine["words_alone"]["auroc_response"] == 1.0
    assert mine["all"]["responses"] == 12 and mine["published"] == PUBLISHED["answers"]


def test_a_part_that_was_fitted_on_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.evaluation.measures.groundedness_data import find_response_sets
    from engine.grounding.scoring import load_calibration

    data = write(tmp_path / "several" / "mine").parent
    known = [item.group for item in find_response_sets(data)["mine"]][:4]
    content = load_calibration()
    stored = {**content, "provenance": {**content["provenance"], "fitted_groups": " ".join(known)}}
    monkeypatch.setattr("engine.bench.groundedness.load_calibration", lambda: stored)
    mine = measure(data, {})["mine"]
    assert mine["fitted_on"] == 4 and mine["held_out"]["responses"] == 8 and mine["all"]["responses"] == 12


def test_wrong_use_is_told() -> None:
    with pytest.raises(InputError, match="--data"):
        measure(None, {})
    with pytest.raises(InputError, match="no settings"):
        measure(Path("x"), {"top_k": 3})
