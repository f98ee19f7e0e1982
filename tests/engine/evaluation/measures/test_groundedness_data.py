"""Labelled responses: the four kinds are told apart, what is left out, and broken files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FileFormatError, InputError
from engine.evaluation.measures.groundedness_data import find_response_sets


def write(folder: Path, items: Sequence[Mapping[str, Any]], corpus: Mapping[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    if corpus is not None:
        rows = [json.dumps({"id": i, "text": text}) + "\n" for i, text in corpus.items()]
        (folder / "corpus.jsonl").write_text("".join(rows), encoding="utf-8")
    return folder


ANSWER = {
    "source_id": "s1",
    "question": "Who?",
    "context_ids": ["p1"],
    "response": "Anna did it. Then Bob left.",
    "labels": [{"start": 13, "end": 21, "implicit_true": True}],
    "hallucinated": True,
    "quality": "good",
}


def test_answers_have_labels_by_sentence_and_true_but_absent_counts_as_unsupported(tmp_path: Path) -> None:
    write(tmp_path, [ANSWER, {**ANSWER, "quality": "truncated"}, {**ANSWER, "question": "What?"}], {"p1": "Anna."})
    [items] = find_response_sets(tmp_path).values()
    assert [item.question for item in items] == ["Who?", "What?"], "only quality good"
    assert items[0].kind == "answers" and items[0].contexts == ("Anna.",)
    assert items[0].sentences == ("Anna did it.", "Then Bob left.")
    assert items[0].sentence_labels.tolist() == [0, 1]
    assert items[0].group == items[1].group, "the source, not the question"


def test_one_question_for_all_is_a_task_and_edits_are_found_by_the_original(tmp_path: Path) -> None:
    item = {
        "question": "Summarise the document.",
        "context_ids": ["p1"],
        "response": "Anna did it. Then Bob stayed.",
        "original_response": "Anna did it. Then Bob left.",
        "hallucinated": True,
    }
    write(tmp_path, [item] * 10, {"p1": "Anna."})
    [items] = find_response_sets(tmp_path).values()
    assert items[0].kind == "summaries" and items[0].question == ""
    assert items[0].sentence_labels.tolist() == [0, 1]


def test_graded_answers_and_claims_in_one_folder_of_sets(tmp_path: Path) -> None:
    graded = {
        "task_id": "conversation<::>3",
        "question": "Why?",
        "context": [{"text": "Because."}],
        "response": "Because.",
        "human": {"faithfulness": [4, 3]},
        "model": "reference",
    }
    write(tmp_path / "a", [graded, {**graded, "task_id": "conversation<::>4", "human": {"faithfulness": [1, 1]}}])
    claim = {"question": "Why?", "claim": "Because. So.", "evidence": [{"text": "x"}], "support": "Partial"}
    write(tmp_path / "b", [claim, {**claim, "support": "Complete", "question": "How?"}])
    write(tmp_path / "c", [{"id": "1", "text": "no response", "label": "dialogue"}])
    sets = find_response_sets(tmp_path)
    assert list(sets) == ["a", "b"]
    assert [(i.grade, i.unsupported) for i in sets["a"]] == [(3.5, 0.0), (1.0, 1.0)]
    assert sets["a"][0].group == sets["a"][1].group, "turns of one conversation stay together"
    assert [(i.kind, i.unsupported, len(i.sentences)) for i in sets["b"]] == [("claims", 1.0, 1), ("claims", 0.0, 1)]


def test_nothing_labelled_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no labelled responses"):
        find_response_sets(tmp_path)
    write(tmp_path / "lost", [ANSWER], {"p2": "Bob."})
    with pytest.raises(FileFormatError, match="p1"):
        find_response_sets(tmp_path)
    (tmp_path / "lost" / "items.jsonl").write_text("{}\n{", encoding="utf-8")
    with pytest.raises(FileFormatError, match="line 2"):
        find_response_sets(tmp_path)
