"""The benchmarks of retrieval and of follow-up questions, and the fit of fusion, on a small set written here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.bench import multiturn, retrieval
from engine.bench.document_ranking import find_sets, load_queries, score_ranking, summarise
from engine.bench.multiturn import measure_gap, pair_turns
from engine.calibration.fusion import fit_retrieval
from engine.errors import FileFormatError, InputError
from engine.retrieval import load_balance
from engine.settings import PipelineSettings

THINGS = """kettle lamp chair carpet window ladder bucket hammer violin compass anchor blanket candle mirror basket helmet
saddle shovel pillow drawer whistle marble lantern feather""".split()  # noqa: SIM905
WriteSet = Callable[..., Path]


@pytest.fixture
def write_set(tmp_path: Path) -> WriteSet:
    def write(name: str = "things", **fields: Callable[[str], Any]) -> Path:
        folder = tmp_path / "sets" / name
        folder.mkdir(parents=True)
        documents = [
            {"id": f"doc-{thing}", "title": f"{thing.title()}Manual", "text": f"The {thing} is kept in room {i}."}
            for i, thing in enumerate(THINGS)
        ]
        queries = [
            {"question": f"Where is the {thing} kept?", "relevant": [{"doc_id": f"doc-{thing}"}]}
            | {field: value(thing) for field, value in fields.items()}
            for thing in THINGS
        ]
        queries.append({"question": "Who built it?", "relevant": []})
        for file, rows in (("corpus", documents), ("queries", queries)):
            (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder

    return write


def test_a_ranking_is_scored_by_hand_computed_values() -> None:
    assert score_ranking(["a", "x", "b"], {"a", "b"}) == pytest.approx((1.0, 1.0, 1.5 / 1.63093, 1.0), abs=1e-4)
    assert score_ranking([], {"a"}) == (0.0, 0.0, 0.0, 0.0)
    assert summarise([(1.0, 1.0, 1.0, 1.0), (0.0, 1.0, 0.5, 0.5)])["recall@5"]["mean"] == 0.5


def test_every_way_of_searching_is_measured_on_one_set(write_set: WriteSet, home: Path) -> None:
    figures = retrieval.measure(write_set(), {})["things"]
    assert (figures["documents"], figures["questions"]) == (24, 24) and "published" not in figures
    assert set(figures["by_question"]) == {"dense", "lexical", "rrf", "settings"}
    for measures in figures["by_question"].values():
        assert measures["recall@5"]["low"] <= measures["recall@5"]["mean"] == 1.0
    assert figures["by_question"]["lexical"]["MRR"]["mean"] == 1.0


def test_questions_with_names_are_asked_in_three_ways_and_known_sets_have_published_rows(
    write_set: WriteSet, home: Path
) -> None:
    folder = write_set(
        "runbooks_alerts", question=lambda _: "What is it?", alert_name=lambda thing: f"{thing.title()}Manual"
    )
    figures = retrieval.measure(folder.parent, {})["runbooks_alerts"]
    assert figures["published"]["RRF"]["nDCG@10"] == 0.819
    assert figures["by_description"]["settings"]["recall@5"]["mean"] < 0.5
    assert figures["by_name"]["settings"]["MRR"]["mean"] == 1.0
    assert figures["by_name_and_description"]["settings"]["MRR"]["mean"] == 1.0


def test_a_follow_up_is_asked_alone_resolved_and_rewritten(write_set: WriteSet, home: Path) -> None:
    folder = write_set(
        question=lambda _: "And where is it kept?",
        history=lambda thing: [
            {"role": "user", "text": f"What about the {thing}?"},
            {"role": "assistant", "text": "Yes."},
        ],
        rewrite=lambda thing: f"Where is the {thing} kept?",
    )
    figures = multiturn.measure(folder, {})["things"]
    assert figures["later_turns"]["questions"] == figures["questions"] == 24
    alone, resolved, rewritten = (figures[way]["recall@5"]["mean"] for way in ("last_turn", "resolved", "rewrite"))
    assert alone < 0.5 < resolved <= rewritten == 1.0
    closed = figures["gap_closed"]
    assert closed["value"] == pytest.approx((resolved - alone) / (rewritten - alone), abs=0.01) and closed["n"] == 24
    assert closed["low"] <= closed["value"] <= closed["high"]
    assert 0 < figures["held_out"]["questions"] < 24


def test_no_gap_between_the_last_turn_and_the_rewrite_is_no_share() -> None:
    same = [(1.0, 1.0, 1.0, 1.0)] * 3
    closed = measure_gap({"last_turn": same, "resolved": same, "rewrite": same}, ["a", "b", "c"])
    assert closed["value"] is None and closed["low"] is None


def test_turns_become_pairs() -> None:
    turns = [
        ("assistant", "Hello."),
        ("user", "A?"),
        ("assistant", "a"),
        ("user", "B?"),
        ("user", "C?"),
        ("assistant", "c"),
    ]
    history = [{"role": role, "text": text} for role, text in turns]
    assert pair_turns(history) == [("A?", "a"), ("B?", ""), ("C?", "c")]


def test_a_folder_of_several_sets_gives_those_that_fit(write_set: WriteSet, tmp_path: Path) -> None:
    write_set("plain")
    write_set("turns", history=lambda _: [{"role": "user", "text": "A?"}], rewrite=lambda _: "B?")
    small = write_set("small")
    (small / "corpus.jsonl").write_text('{"id": "a", "title": "", "text": "One."}\n')
    (tmp_path / "sets" / "empty").mkdir()
    sets = tmp_path / "sets"
    assert [name for name, _ in find_sets(sets, "retrieval")] == ["plain", "turns"]
    assert [name for name, _ in find_sets(sets, "multiturn", ("history", "rewrite"))] == ["turns"]
    assert [name for name, _ in find_sets(small, "retrieval")] == ["small"]


def test_no_data_and_no_set_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bench retrieval needs --data"):
        retrieval.measure(None, {})
    with pytest.raises(InputError, match="no set whose queries have history, rewrite"):
        multiturn.measure(tmp_path, {})


def test_a_broken_line_is_named(write_set: WriteSet) -> None:
    folder = write_set()
    with (folder / "queries.jsonl").open("a") as file:
        file.write('{"question": "no gold"}\n')
    with pytest.raises(FileFormatError, match=r"queries\.jsonl, line 26"):
        load_queries(folder)


def test_fusion_is_fitted_on_one_half_and_reported_on_the_other(
    write_set: WriteSet, home: Path, tmp_path: Path
) -> None:
    before = load_balance()
    sets = write_set("one").parent
    write_set("two", alert_name=lambda thing: f"{thing.title()}Manual")
    out = tmp_path / "fusion.json"
    provenance = fit_retrieval(sets, PipelineSettings(), out)
    written = json.loads(out.read_text())
    assert written["provenance"] == provenance and provenance["data"] == ["one", "two"]
    assert provenance["questions"] == {"one": 24, "two": 72}
    assert 0 <= written["sentence"] <= 1 and written["lexical"] > 0 and written["title"] >= 0
    for row in provenance["held_out"].values():
        assert 0 < row["n"] < 72 and row["fitted"] >= row["dense"] - 0.05 and "fitted on the other sets" in row
    assert load_balance() == before, "only the file that is asked for is written"
