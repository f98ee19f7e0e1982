from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.evaluation.content_type_fit import fit_content_types, is_held_out, name_document

_TALK = [
    "“Where is the key?” he asked.",
    "“I gave it to you,” she said.",
    "“No!”",
    "“Yes, on Monday, I am sure of it.”",
]
_TOLD = [
    "He walked down to the river.",
    "She had gone ahead of him.",
    "It was cold, and he thought of her.",
    "They slept.",
]
_STEPS = ["Set `max_nodes` to 5.", "Run the `kubectl` command.", "The API returns an error.", "- Check the metrics."]


def write_items(folder: Path, labels: tuple[str, ...]) -> Path:
    draw = random.Random(3)
    lines = {
        "dialogue": lambda: draw.choices(_TALK, k=12),
        "narrative": lambda: draw.choices(_TOLD, k=12),
        "mixed": lambda: draw.choices(_TOLD, k=8) + draw.choices(_TALK, k=3),
        "technical": lambda: draw.choices(_STEPS, k=12),
    }
    items = [
        {"id": f"{label}-{i}@0-1", "text": "\n\n".join(lines[label]()), "label": label}
        for label in labels
        for i in range(30)
    ]
    (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


def test_it_fits_on_one_half_of_the_documents_and_reports_on_the_other(tmp_path: Path) -> None:
    weights = tmp_path / "weights.json"
    data = write_items(tmp_path, ("dialogue", "narrative", "mixed", "technical"))
    found = fit_content_types(data, weights)
    items = [json.loads(line) for line in (data / "items.jsonl").open()]
    held_out = sum(is_held_out(name_document(item)) for item in items)
    assert found["fitted_on"] == 120 - held_out and found["held_out"]["n"] == held_out and 40 < held_out < 80
    assert found["held_out"]["accuracy"] > 0.9
    content = json.loads(weights.read_text())
    assert content["provenance"] == found
    assert content["weights"]["dialogue"]["speech"] > 0 > content["weights"]["technical"]["past"]


def test_a_type_without_texts_cannot_be_fitted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="technical"):
        fit_content_types(write_items(tmp_path, ("dialogue", "narrative", "mixed")))


def test_windows_of_one_document_stay_on_one_side() -> None:
    assert name_document({"id": "book@0-9", "text": "a"}) == name_document({"id": "book@50-99", "text": "b"}) == "book"
    assert name_document({"text": "a text without an id"}) == "a text without an id"
