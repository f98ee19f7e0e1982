from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.serving.question_pairs import QuestionPair, build_pairs
from engine.serving.semantic import PATH, QuestionIndex, load_figures, load_threshold
from engine.serving.semantic_fit import choose_threshold, fit_threshold, report_pairs
from tests.conftest import WriteFiles


def embed(texts: list[str]) -> np.ndarray:
    """Vectors of the words that a text has."""
    made = np.zeros((len(texts), 512), np.float32)
    for row, text in zip(made, texts, strict=True):
        for word in text.lower().split():
            row[sum(map(ord, word)) % 512] += 1
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def pair(a: str, b: str, same: bool, document: str = "d") -> QuestionPair:
    return QuestionPair(a=a, b=b, same=same, kind="rewrite" if same else "name", source="s", document=document)


def write_set(folder: Path, write_files: WriteFiles, questions: int) -> Path:
    rows = [
        {"question": f"What is the price of {name} number {i} in Berlin?", "answers": [f"{i} {name}"], "source_doc": f"{name}{i // 4}#{i}"}
        for i in range(questions) for name in ("tea", "hats")
    ]  # fmt: skip
    return write_files(folder / "set", {"queries.jsonl": "\n".join(map(json.dumps, rows))})


def test_the_shipped_threshold_keeps_false_hits_under_one_per_cent_on_questions_kept_apart() -> None:
    figures = load_figures()
    held_out = figures["held_out"]
    assert held_out["false_hits"]["high"] < 0.01 and held_out["false_hits"]["n"] > 1000
    assert held_out["paraphrases_by_rule"]["value"] > 0.9 and held_out["paraphrases_by_people"]["n"] > 0
    assert figures["data"] and figures["code"] and figures["split"].startswith("by document")
    assert all(cosine["false_hits"]["value"] > 0.1 for cosine in held_out["cosine_alone"].values())


def test_a_threshold_is_raised_until_false_hits_are_rare_enough() -> None:
    wrong = [pair("When does it open?", "When does it open", False, str(i)) for i in range(30)]
    right = [pair("Who came?", "who came", True, str(i)) for i in range(200)]
    told = [pair("Who came?", "Who left?", False, str(i)) for i in range(970)]
    cosines = np.concatenate([np.linspace(0.6, 0.89, 30), np.linspace(0.5, 0.99, 200), np.full(970, 0.99)])
    threshold = choose_threshold([*wrong, *right, *told], cosines)
    kept = int((cosines[:30] >= threshold).sum())
    assert 0 < kept < 10 and 0.8 < threshold < 0.9
    figures = report_pairs([*wrong, *right, *told], cosines, threshold)
    assert figures["false_hits"]["hits"] == kept and figures["false_hits"]["n"] == 1000
    assert 0 < figures["paraphrases_by_people"]["value"] < 0.5


def test_fitting_writes_the_threshold_with_its_sources_and_leaves_the_shipped_one(
    tmp_path: Path, write_files: WriteFiles
) -> None:
    shipped = PATH.read_bytes()
    folder = write_set(tmp_path, write_files, 500)
    path = tmp_path / "semantic.json"
    figures = fit_threshold(folder, embed, path, code="abc")
    assert json.loads(path.read_text()) == figures and PATH.read_bytes() == shipped
    assert figures["data"] == ["set"] and figures["code"] == "abc"
    assert figures["held_out"]["false_hits"]["high"] < 0.01
    assert load_threshold() == load_figures()["threshold"]


def test_sets_too_small_to_tell_one_per_cent_are_refused(tmp_path: Path, write_files: WriteFiles) -> None:
    with pytest.raises(InputError, match="too few to tell"):
        fit_threshold(write_set(tmp_path, write_files, 10), embed, tmp_path / "semantic.json")
    with pytest.raises(InputError, match=r"no queries\.jsonl"):
        fit_threshold(tmp_path / "nothing", embed, tmp_path / "semantic.json")


def test_pairs_never_hold_one_text_twice_and_every_pair_has_one_half(tmp_path: Path, write_files: WriteFiles) -> None:
    pairs = build_pairs([write_set(tmp_path, write_files, 60)], embed)
    near = [p for p in pairs if p.kind == "nearest other answer"]
    assert near and all(p.a != p.b and not p.same for p in near)
    assert len({tuple(sorted((p.a, p.b))) for p in pairs}) == len(pairs)
    halves: dict[str, set[bool]] = {}
    for p in pairs:
        halves.setdefault(p.document, set()).add(p.held_out)
    assert all(len(half) == 1 for half in halves.values())


def test_an_index_forgets_and_grows_without_losing_a_question() -> None:
    index = QuestionIndex()
    texts = [f"What is the price of tea number {number}?" for number in range(200)]
    for number, (text, vector) in enumerate(zip(texts, embed(texts), strict=True)):
        assert index.add(str(number), text, vector)
        assert not index.add(str(number), text, vector)
    for number in range(0, 200, 2):
        index.remove(str(number))
    index.remove("nothing")
    assert len(index) == 100
    found = [index.find(text, vector, 0.5) for text, vector in zip(texts, embed(texts), strict=True)]
    assert found == [[str(number)] if number % 2 else [] for number in range(200)]
    assert not index.add("x", "What?", np.zeros(3, np.float32))
    assert not index.add("x", "word " * 200, embed(["word"])[0])
