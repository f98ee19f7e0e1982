from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import ModelFileError
from engine.index import ChunkTable
from engine.index import table as module
from engine.index.sentence_columns import pack_sentences
from engine.index.table import schema
from engine.retrieval.terms import index_terms, question_terms
from engine.types import Condition, SentenceArrays, WordLists

DIMENSION = 32


def unit(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def one_sentence(text: str, vector: np.ndarray) -> SentenceArrays:
    return SentenceArrays(
        spans=np.array([[0, len(text)]]),
        vectors=vector[None].astype(np.float16),
        tokens=np.array([7]),
        signs=np.array([5], np.uint16),
        words=WordLists.from_lists([[3_000_000_000, 2]]),
        names=WordLists.from_lists([[2]]),
    )


def batch(texts: Sequence[str], vectors: np.ndarray, first: int = 0) -> pa.RecordBatch:
    """One chunk a document, named d<number>."""
    rows = [
        {
            "document": f"d{first + i}", "chunk_index": 0, "start": 0, "end": len(text), "text": text, "title": "T", "heading": "",
            "search_text": index_terms(text), "vector": vector, **pack_sentences(one_sentence(text, vector)),
            "content_hash": f"{hash(text)}", "document_text": text, "source": "/s", "content_type": "text",
        }
        for i, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=schema(DIMENSION))


def build(folder: Path, texts: Sequence[str], seed: int = 0) -> ChunkTable:
    table = ChunkTable(folder, "t")
    table.create([batch(texts, unit(len(texts), seed))], DIMENSION)
    return table


def documents(table: ChunkTable, found: list[tuple[int, float]]) -> list[str]:
    return [place[0] for place in table.fetch_places([row for row, _ in found]).values()]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChunkTable]:
    texts = [
        "The refund is paid within fourteen days.",
        "Refunds of damaged boxes are paid at once.",
        "Boxes ship on Monday.",
        "Café Müller serves crêpes.",
        "Error E-4021 means that the queue is full.",
        "日本語の文です",
    ]
    yield build(tmp_path_factory.mktemp("words"), texts)


def test_dense_search_is_by_cosine_best_first(words: ChunkTable) -> None:
    vectors = unit(6)
    found = words.search_dense(3 * vectors[2], 6)
    expected = sorted(range(6), key=lambda i: -float(vectors[i] @ vectors[2]))
    assert documents(words, found) == [f"d{i}" for i in expected]
    assert [s for _, s in found] == pytest.approx([float(vectors[i] @ vectors[2]) for i in expected], abs=1e-5)
    assert len(words.search_dense(vectors[2], 2)) == 2


def test_lexical_search_knows_word_forms_accents_and_codes(words: ChunkTable) -> None:
    assert set(documents(words, words.search_lexical("refunded", 10))) == {"d0", "d1"}
    assert documents(words, words.search_lexical("cafe muller", 10)) == ["d3"]
    assert documents(words, words.search_lexical(question_terms("what is E-4021?"), 10)) == ["d4"]
    assert documents(words, words.search_lexical(question_terms("日本語"), 10)) == ["d5"]
    scores = [score for _, score in words.search_lexical("damaged boxes", 10)]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0


@pytest.mark.parametrize(
    "question",
    [
        "", "   ", "the of and is", "zyxwvut", '"refund', "refund AND (NOT", "a* ~b^2 [x TO y] {!}", "field:value -minus +plus", "\\", "'; DROP",
        "🙂", "\0", "?" * 500, "refund " * 15_000, "x" * 100_000, "\u202e\ufeff\u0301",
    ],
)  # fmt: skip
def test_odd_words_are_searched_without_an_error(words: ChunkTable, question: str) -> None:
    found = words.search_lexical(question_terms(question), 10)
    assert {row for row, _ in found} <= {row for row, _ in words.search_dense(unit(1)[0], 10)}
    if "refund" in question:
        assert set(documents(words, found)) == {"d0", "d1"}


def test_words_of_an_expansion_count_less_than_those_asked_for(words: ChunkTable) -> None:
    plain, widened = words.search_lexical("monday", 10), words.search_lexical("monday", 10, expansion="crepes")
    assert documents(words, plain) == ["d2"] and documents(words, widened) == ["d2", "d3"]
    assert widened[0][1] == pytest.approx(plain[0][1]) and widened[1][1] < plain[0][1]


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ([Condition(field="document", pattern="d1")], {"d1"}),
        ([Condition(field="document", pattern="D?")], {"d0", "d1", "d2", "d3", "d4", "d5"}),
        ([Condition(field="document", pattern="d_")], set()),
        ([Condition(field="title", pattern="%")], set()),
        ([Condition(field="document", pattern="d1"), Condition(field="document", pattern="*4")], {"d1", "d4"}),
        ([Condition(field="document", pattern="d?"), Condition(field="content_type", pattern="html")], set()),
        ([Condition(field="document", pattern="*0", excludes=True)], {"d1", "d2", "d3", "d4", "d5"}),
        ([Condition(field="title", pattern="it's' OR '1'='1")], set()),
        ([Condition(field="source", pattern="\\s")], set()),
    ],
)
def test_conditions_restrict_both_searches(words: ChunkTable, conditions: list[Condition], left: set[str]) -> None:
    assert set(documents(words, words.search_dense(unit(1)[0], 10, conditions))) == left
    assert set(documents(words, words.search_lexical("refund boxes error crepes", 10, conditions))) == left - {"d5"}


def test_fetched_chunks_keep_the_order_asked_for_and_carry_their_sentences(words: ChunkTable) -> None:
    rows = [row for row, _ in words.search_dense(unit(6)[2], 6)][::-1]
    query = unit(6)[0]
    chunks = words.fetch({row: (1.0 - i / 10, float(i)) for i, row in enumerate(rows)}, query)
    assert [c.document for c in chunks] == documents(words, [(row, 0.0) for row in rows])
    assert [c.lexical for c in chunks] == [0, 1, 2, 3, 4, 5] and [c.score for c in chunks][:2] == [1.0, 0.9]
    for c in chunks:
        vector = unit(6)[int(c.document[1:])]
        assert c.similarity == pytest.approx(float(vector @ query), abs=1e-5)
        sentences = c.sentences
        assert sentences.spans.tolist() == [[0, len(c.text)]]
        assert np.allclose(sentences.vectors.astype(np.float32), vector[None], atol=2e-3)
        assert (sentences.tokens.tolist(), sentences.signs.tolist()) == ([7], [5])
        assert sentences.words.values.tolist() == [3_000_000_000, 2] and sentences.names.values.tolist() == [2]
    assert words.fetch({}, query) == []


def test_the_index_of_many_rows_finds_what_a_scan_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = module.INDEX_FROM_ROWS
    centres = unit(40, 1)
    dice = np.random.default_rng(2)
    vectors = centres[dice.integers(40, size=count)] + 0.15 * dice.normal(size=(count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = ChunkTable(tmp_path, "t")
    table.create([batch([f"w{i % 97}" for i in range(count)], vectors)], DIMENSION)
    assert any(index.columns == ["vector"] for index in table.table.list_indices())
    queries = vectors[dice.integers(count, size=30)] + 0.05 * dice.normal(size=(30, DIMENSION)).astype(np.float32)
    best = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    found = [[int(name[1:]) for name in documents(table, table.search_dense(q, 10))] for q in queries]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, best.tolist(), strict=True)])
    assert recall >= 0.99


def test_a_table_that_grows_past_the_limit_by_changes_gets_its_vector_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INDEX_FROM_ROWS", 400)
    table = build(tmp_path, [f"w{i}" for i in range(300)])
    assert not any(index.columns == ["vector"] for index in table.table.list_indices())
    table.change(batch([f"new{i}" for i in range(200)], unit(200, 5), first=300), [])
    assert any(index.columns == ["vector"] for index in table.table.list_indices())
    table.change(batch(["the very last"], unit(1, 9), first=500), [])
    assert documents(table, table.search_dense(unit(1, 9)[0], 1)) == ["d500"]
    assert documents(table, table.search_lexical("last", 5)) == ["d500"]


def test_a_change_puts_in_replaces_and_takes_out_in_one_step(tmp_path: Path) -> None:
    table = build(tmp_path, ["one apple", "two pears", "three plums"])
    table.change(batch(["two lemons"], unit(1, 4), first=1), ["d1", "d2"])
    assert sorted(table.load_hashes()) == ["d0", "d1"]
    assert table.load_text("d1") == "two lemons" and table.load_text("d2") is None
    assert documents(table, table.search_lexical("two pears three plums apple", 9)) != []
    assert not table.search_lexical("pears plums", 9)
    assert table.count_chunks() == {"d0": 1, "d1": 1}


def test_a_row_that_was_taken_out_since_the_search_is_left_out(tmp_path: Path) -> None:
    table = build(tmp_path, ["one apple", "two pears", "three plums"])
    found = table.search_dense(unit(3)[0], 3)
    table.change(pa.RecordBatch.from_pylist([], schema=schema(DIMENSION)), ["d1"])
    assert set(documents(table, found)) <= {"d0", "d2"}
    assert {c.document for c in table.fetch({row: (1.0, 0.0) for row, _ in found}, unit(1)[0])} <= {"d0", "d2"}


def test_an_error_while_rows_are_made_comes_out_as_it_was(tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield batch(["one"], unit(1))
        raise ModelFileError("the model is gone")

    with pytest.raises(ModelFileError, match="the model is gone"):
        ChunkTable(tmp_path, "t").create(batches(), DIMENSION)


def test_a_change_that_only_takes_out_leaves_the_rest(tmp_path: Path) -> None:
    table = build(tmp_path, ["one apple", "two pears", "three plums"])
    table.change(pa.RecordBatch.from_pylist([], schema=schema(DIMENSION)), ["d1"])
    assert sorted(table.load_hashes()) == ["d0", "d2"]
    assert not table.search_lexical("pears", 9) and len(table.search_dense(unit(1)[0], 9)) == 2


def test_words_are_found_after_many_small_changes_and_old_versions_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OLD_VERSIONS", module.timedelta(milliseconds=1))
    table = build(tmp_path, [f"start{i}" for i in range(5)])
    for i in range(25):
        table.change(batch([f"word{i} shared"], unit(1, i), first=i % 7), [f"d{i % 7}"])
    assert len(table.search_lexical("shared", 50)) == table.count() == 7
    assert documents(table, table.search_lexical("word24", 5)) == ["d3"]
    assert not table.search_lexical("word3 start0", 5)
    assert len(table.table.list_versions()) < 12


def test_an_open_table_sees_what_another_process_has_committed(tmp_path: Path) -> None:
    table = build(tmp_path, ["one apple", "two pears"])
    version = table.version
    code = "import sys, lancedb; t = lancedb.connect(sys.argv[1]).open_table('t'); t.delete(\"document = 'd0'\")"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert table.count() == 1 and table.version > version
    assert [documents(table, table.search_dense(unit(1)[0], 5)), table.load_text("d0")] == [["d1"], None]


def test_dropping_an_unknown_table_is_no_error(tmp_path: Path) -> None:
    table = build(tmp_path, ["one"])
    table.drop(["nowhere"])
    assert table.names() == ["t"]
