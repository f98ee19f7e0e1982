"""Fitting groundedness on labelled sets: what it learns, what it reports, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.evaluation.measures.fit_groundedness import fit_groundedness
from engine.evaluation.measures.groundedness_data import find_response_sets, is_fitted_half
from engine.grounding.scoring import COEFFICIENTS

PLACES = ("Larkham", "Alder", "Norrey", "Weston", "Harrow", "Selby", "Thirsk", "Oakham")
pytestmark = pytest.mark.usefixtures("home")


def make_answers(count: int, all_right: bool = False) -> list[dict[str, Any]]:
    """Answers from a passage of their own; every second adds a sentence of which the passage knows nothing."""
    items = []
    for i in range(count):
        place = PLACES[i % len(PLACES)]
        context = f"The depot in {place} stores {i + 20} crates of apples. It opened in {1900 + i}."
        right = f"The {place} depot keeps {i + 20} crates."
        wrong = "Penguins of Antarctica sing opera."
        bad = i % 2 == 1 and not all_right
        response = f"{right} {wrong}" if bad else f"{right} It opened in the year {1900 + i}."
        items.append({
            "source_id": f"a{i}",
            "question": f"What does depot {i} keep?",
            "context": [context],
            "response": response,
            "labels": [{"start": len(right) + 1, "end": len(response)}] if bad else [],
            "hallucinated": bad,
        })  # fmt: skip
    return items


def make_summaries(count: int) -> list[dict[str, Any]]:
    """Summaries with the number right or changed."""
    return [
        {
            "source_id": f"s{i}",
            "question": "Summarise the document.",
            "context": [f"In all, the depot in {PLACES[i % len(PLACES)]} stores {i + 20} crates of apples."],
            "response": f"{PLACES[i % len(PLACES)]} stores {i + 20 + 300 * (i % 2)} crates.",
            "hallucinated": i % 2 == 1,
        }
        for i in range(count)
    ]


@pytest.fixture
def write_sets(tmp_path: Path) -> Callable[..., Path]:
    def write(**sets: list[dict[str, Any]]) -> Path:
        for name, items in sets.items():
            (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
            text = "".join(json.dumps(item) + "\n" for item in items)
            (tmp_path / "data" / name / "items.jsonl").write_text(text, encoding="utf-8")
        return tmp_path / "data"

    return write


def test_a_fit_learns_what_is_added_and_what_is_changed_and_reports_the_other_half(
    write_sets: Callable[..., Path], tmp_path: Path
) -> None:
    data, out = write_sets(answers=make_answers(60), summaries=make_summaries(60)), tmp_path / "fit.json"
    before = COEFFICIENTS.read_bytes()
    provenance = fit_groundedness(data, out, code="abc")
    assert COEFFICIENTS.read_bytes() == before
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["provenance"] == provenance and provenance["code"] == "abc"
    held = provenance["held_out"]["sets"]
    assert held["answers"]["auroc_response"] > 0.95 and held["summaries, words alone"]["auroc_response"] > 0.95
    changed = content["modes"]["words"]["changed"]
    assert dict(zip(changed["signs"], changed["coefficients"], strict=True))["numbers_missing"] > 0
    groups = {item.group for items in find_response_sets(data).values() for item in items}
    fitted = set(provenance["fitted_groups"].split())
    assert fitted == {group for group in groups if is_fitted_half(group)}
    assert held["answers"]["groups"] + held["summaries"]["groups"] == len(groups - fitted)


def test_one_class_or_a_missing_kind_is_refused_and_nothing_is_written(
    write_sets: Callable[..., Path], tmp_path: Path
) -> None:
    data = write_sets(answers=make_answers(20))
    with pytest.raises(InputError, match="unsupported summaries"):
        fit_groundedness(data, tmp_path / "fit.json")
    write_sets(answers=make_answers(20, all_right=True), summaries=make_summaries(20))
    with pytest.raises(InputError, match="unsupported answers"):
        fit_groundedness(data, tmp_path / "fit.json")
    assert not (tmp_path / "fit.json").exists()
