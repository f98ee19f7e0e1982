from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.calibration import calibrate
from engine.calibration.contexts import fit_contexts
from engine.calibration.pools import find_sets, is_held_out, load_set, pool_questions
from engine.context.coefficients import BoostedTrees
from engine.context.evidence import FEATURES
from engine.errors import InputError, UnknownNameError
from engine.settings import PipelineSettings

THINGS = ("bakery", "museum", "library", "harbour", "theatre", "market", "garden", "tower", "cinema", "station")
TOWNS = ("Oslo", "Bergen", "Molde", "Bodo")


def write_set(folder: Path, *, unanswerable: bool = False, answerable: bool = True) -> Path:
    """Forty documents of three sentences, one question to the second of each."""
    folder.mkdir(parents=True)
    documents, queries = [], []
    for i, (town, thing) in enumerate((town, thing) for town in TOWNS for thing in THINGS):
        first = f"The {thing} of {town} stands near the water."
        answer = f"{100 + i} steps"
        second = f"To reach the {thing} of {town} a visitor climbs {answer}."
        text = f"{first} {second} Nobody remembers who built it."
        start = text.index(answer)
        documents.append({"id": f"d{i}", "title": "", "text": text})
        question = f"How many steps does a visitor climb to the {thing} of {town}?"
        if answerable:
            gold = [{"doc_id": f"d{i}", "start": start, "end": start + len(answer)}]
            queries.append({"id": f"q{i}", "question": question, "answers": [answer], "relevant": gold})
        if unanswerable:
            other = f"Which painter restored the {thing} of {town} in winter?"
            queries.append(
                {
                    "id": f"u{i}",
                    "question": other,
                    "answers": [],
                    "relevant": [],
                    "answerable": False,
                    "source_doc": f"d{i}",
                }
            )
    for name, rows in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_set_is_a_folder_or_one_of_several_and_conversations_are_left_out(tmp_path: Path) -> None:
    write_set(tmp_path / "a")
    write_set(tmp_path / "b", unanswerable=True)
    talk = tmp_path / "talk"
    talk.mkdir()
    (talk / "corpus.jsonl").write_text('{"id": "d", "text": "x"}\n')
    row = {"id": "q", "question": "And then?", "history": ["x"], "relevant": [{"doc_id": "d", "start": 0, "end": 1}]}
    (talk / "queries.jsonl").write_text(json.dumps(row) + "\n")
    assert [found.name for found in find_sets(tmp_path)] == ["a", "b"]
    assert [found.name for found in find_sets(tmp_path / "a")] == ["a"]
    assert load_set(talk) is None
    with pytest.raises(InputError, match="no set with gold spans"):
        find_sets(talk)


def test_gold_documents_are_left_out_for_half_of_the_questions_and_for_no_unanswerable_set(
    home: Path, tmp_path: Path
) -> None:
    plain = load_set(write_set(tmp_path / "plain"))
    mixed = load_set(write_set(tmp_path / "mixed", unanswerable=True))
    assert plain and mixed
    kinds = [q.kind for q in pool_questions(plain, PipelineSettings(), 100)]
    assert len(kinds) == 40 and 10 < kinds.count("gold left out") < 30
    found = list(pool_questions(mixed, PipelineSettings(), 40))
    assert sorted({q.kind for q in found}) == ["answerable", "unanswerable"] and len(found) == 40
    both = list(pool_questions(plain, PipelineSettings(), 100, both=True))
    assert [q.gold.any() for q in both if q.kind == "answerable"] == [True] * 40
    assert not any(q.gold.any() for q in both if q.kind != "answerable")


def test_what_is_fitted_is_written_with_how_it_does_on_the_other_half(home: Path, tmp_path: Path) -> None:
    data = write_set(tmp_path / "steps", unanswerable=True)
    report = fit_contexts(data, PipelineSettings(), tmp_path / "out.json", code="abc")
    content: Mapping[str, Any] = json.loads((tmp_path / "out.json").read_text())
    assert tuple(content["sentence"]) == FEATURES and content["provenance"] == report
    assert report["code"] == "abc" and report["data"] == ["steps"] and report["questions"] == 80
    held_out = report["held_out"]
    assert held_out["n"] == 80 and held_out["auc"] > 0.9 and held_out["sets"]["steps"]["n"] == 80
    assert np.isfinite(
        BoostedTrees.from_json(content["trees"]).predict(np.zeros((3, len(content["quality"]) - 1)))
    ).all()
    assert {is_held_out(f"d{i}") for i in range(40)} == {True, False}


def test_data_of_one_class_only_is_refused_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    data = write_set(tmp_path / "one", unanswerable=False)
    rows = [json.loads(line) for line in (data / "queries.jsonl").open()]
    for row in rows:
        row["relevant"] = [{"doc_id": "nowhere", "start": 0, "end": 5}]
    (data / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match="needs both kinds"):
        fit_contexts(data, PipelineSettings(), tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_data_that_suits_no_model_says_why_for_each(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text('{"text": "x"}\n')
    with pytest.raises(InputError, match="suits none of the models") as caught:
        calibrate(tmp_path, PipelineSettings())
    assert all(name in caught.value.message for name in ("retrieval", "quality", "groundedness", "content-types"))
    with pytest.raises(UnknownNameError, match="quality"):
        calibrate(tmp_path, PipelineSettings(), "nothing")
