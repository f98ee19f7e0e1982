"""Suite files: what loads, and which words a broken one gets."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FileFormatError, UnknownNameError
from engine.evaluation.measures import DEFAULT_MEASURES
from engine.evaluation.suites import check_spans, load_suite
from tests.engine.evaluation.scripted import DOCUMENTS, write_suite

HEADER = "name: small\ntitle: Small\nlicence: CC0\ncorpus: documents\n"
QA: dict[str, Any] = {
    "id": "a",
    "kind": "qa",
    "question": "How long?",
    "answers": ["42 days"],
    "relevant": [{"document": "refunds.md", "start": 9, "end": 66}],
}


def test_every_kind_of_case_loads(tmp_path: Path) -> None:
    turns = [{"question": "One?", "answers": ["1"]}, {"question": "Two?", "unanswerable": True}]
    suite = load_suite(
        write_suite(
            tmp_path,
            [
                {**QA, "tags": ["t"]},
                "",
                {"id": "c", "kind": "conversation", "turns": turns},
                {"id": "t", "kind": "content", "text": "“Hi,” she said.", "content_type": "dialogue"},
                {"id": "s", "kind": "security", "surface": "question", "payload": "x", "expect": "refused"},
            ],
        )
    )
    assert [(c.id, c.kind, c.line, len(c.turns)) for c in suite.cases] == [
        ("a", "qa", 1, 1),
        ("c", "conversation", 3, 2),
        ("t", "content", 4, 0),
        ("s", "security", 5, 0),
    ]
    assert suite.cases[3].fields["expect"] == "refused" and suite.cases[1].question == "One?\nTwo?"
    assert suite.corpus_path == tmp_path / "documents" and suite.measures == DEFAULT_MEASURES
    check_spans(suite, DOCUMENTS)


@pytest.mark.parametrize(
    ("case", "field", "words"),
    [
        ('{"id": "b", "kind": "qa", ', None, "broken JSON at column"),
        ("[1]", None, "expected a JSON object"),
        ({**QA, "id": "b", "kind": "quiz"}, "kind", "found 'quiz'"),
        ({"id": "b", "question": "?"}, "kind", "found nothing"),
        ({"id": "b", "kind": "qa", "answers": ["x"]}, "question", "the field is missing"),
        ({**QA, "id": "b", "question": "  "}, "question", "at least one letter or digit"),
        (QA, "id", "line 1 already has it"),
        ({**QA, "id": "b", "unanswerable": True}, None, "answers must be empty"),
        ({**QA, "id": "b", "anwsers": ["x"]}, "anwsers", "unknown field"),
        ({**QA, "id": "b", "answers": "42"}, "answers", "expected a list, found '42'"),
        ({**QA, "id": "b", "unanswerable": "no"}, "unanswerable", "expected true or false"),
        ({**QA, "id": "b", "relevant": [{"document": "d", "start": 5, "end": 5}]}, "relevant.0", "smaller than end 5"),
        ({**QA, "id": "b", "relevant": [{"document": "d", "start": 5}]}, "relevant.0", "both start and end"),
        ({**QA, "id": "b", "relevant": [{"document": "d", "start": -1, "end": 5}]}, "relevant.0.start", "at least 0"),
        ({"id": "b", "kind": "conversation", "turns": []}, "turns", "at least one entry"),
        ({"id": "b", "kind": "conversation", "turns": [{"answers": []}]}, "turns.0.question", "missing"),
        (
            {"id": "b", "kind": "content", "text": "x", "content_type": "poem"},
            "content_type",
            "'dialogue', 'narrative'",
        ),
    ],
)
def test_a_broken_case_is_named_by_line_and_field(tmp_path: Path, case: Any, field: str | None, words: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        load_suite(write_suite(tmp_path, [QA, case]))
    assert caught.value.line == 2 and caught.value.field == field
    assert "cases.jsonl, line 2" in caught.value.message and words in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("header", "line", "field", "words"),
    [
        (HEADER + "colour: red\n", 5, "colour", "unknown field"),
        (HEADER + "measures: [recall@5, recall@7]\n", 5, "measures.1", "recall@10"),
        (HEADER + "pass:\n  success_rate: 0.8\n  sucess: 1\n", 7, "pass.sucess", "known: success_rate"),
        (HEADER + "pass: {success_rate: 80}\n", 5, "pass.success_rate", "from 0 to 1, found 80"),
        (HEADER + "pass: {success_rate: high}\n", 5, "pass.success_rate", "a number, found 'high'"),
        (HEADER + "settings:\n  top_k: 5\n  chunk_sice: 1\n", 7, "settings.chunk_sice", "unknown setting"),
        (HEADER + "settings: {chunk_size: -5}\n", 5, "settings.chunk_size", "50 to 20000"),
        (HEADER + "settings: {chunk_size: 100, chunk_overlap: 200}\n", 5, "settings.chunk_overlap", "smaller than"),
        (HEADER.replace("corpus: documents", "corpus: nowhere"), 4, "corpus", "found 'nowhere'"),
        ("name: small\ntitle: x\ncorpus: documents\n", None, "licence", "missing"),
        ("name: [\n", 2, None, "expected YAML"),
        ("just text\n", 1, None, "expected fields"),
    ],
)
def test_a_broken_header_is_named_by_line_and_field(
    tmp_path: Path, header: str, line: int | None, field: str | None, words: str
) -> None:
    with pytest.raises(FileFormatError) as caught:
        load_suite(write_suite(tmp_path, [QA], header))
    assert (caught.value.line, caught.value.field) == (line, field), caught.value.message
    assert "suite.yaml" in caught.value.message and words in caught.value.message


def test_no_cases_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="at least one case"):
        load_suite(write_suite(tmp_path, ["", "  "]))


def test_a_missing_file_or_other_bytes_are_named(tmp_path: Path) -> None:
    folder = write_suite(tmp_path, [QA])
    (folder / "cases.jsonl").write_bytes(json.dumps(QA).encode() + b"\n\xff\n")
    with pytest.raises(FileFormatError, match="line 2: expected UTF-8"):
        load_suite(folder)
    (folder / "cases.jsonl").unlink()
    with pytest.raises(FileFormatError, match="cases.jsonl: expected a file"):
        load_suite(folder)


def test_an_unknown_suite_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="not-there.*customer-service"):
        load_suite(tmp_path / "not-there")
    with pytest.raises(UnknownNameError):
        load_suite("")


def test_a_span_beyond_its_document_names_its_line_and_the_length(tmp_path: Path) -> None:
    far = {**QA, "id": "b", "relevant": [QA["relevant"][0], {"document": "refunds.md", "start": 5, "end": 900}]}
    with pytest.raises(FileFormatError, match=r"cases.jsonl, line 2.*relevant.1.end.*end 900.*characters"):
        check_spans(load_suite(write_suite(tmp_path, [QA, far])), DOCUMENTS)


def test_a_span_in_a_document_that_is_not_there_names_it(tmp_path: Path) -> None:
    turns = [{"question": "?", "relevant": [{"document": "e.txt"}]}]
    suite = load_suite(write_suite(tmp_path, [QA, {"id": "c", "kind": "conversation", "turns": turns}]))
    with pytest.raises(FileFormatError, match=r"line 2, field 'turns.0.relevant.0.document'.*e\.txt"):
        check_spans(suite, DOCUMENTS)


def test_the_hash_follows_cases_header_and_corpus(tmp_path: Path) -> None:
    one = load_suite(write_suite(tmp_path / "a", [QA]))
    same = load_suite(write_suite(tmp_path / "b", [QA]))
    other = load_suite(write_suite(tmp_path / "c", [{**QA, "answers": ["43 days"]}]))
    assert one.hash == same.hash != other.hash
    assert one.with_corpus(["x", "y"]).hash == same.with_corpus(["y", "x"]).hash != one.with_corpus(["x"]).hash


def test_a_corpus_may_be_a_shipped_one_by_name(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, [QA], HEADER.replace("corpus: documents", "corpus: stories")))
    assert suite.corpus_path.parts[-2:] == ("stories", "documents")


def test_the_time_to_load_a_suite_grows_with_its_cases_and_no_faster(tmp_path: Path) -> None:
    few, many = (
        write_suite(tmp_path / str(count), [{**QA, "id": str(i)} for i in range(count)]) for count in (1_000, 8_000)
    )
    tries = [(_seconds_to_load(few, 1_000), _seconds_to_load(many, 8_000)) for _ in range(3)]
    assert min(long / short for short, long in tries) < 16


def _seconds_to_load(folder: Path, cases: int) -> float:
    start = time.process_time()
    assert len(load_suite(folder).cases) == cases
    return time.process_time() - start


def test_a_suite_brings_rubrics_and_names_judged_measures(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    header = "name: s\ntitle: S\nlicence: CC0\ncorpus: documents\nrubrics:\n  polite: The answer is polite.\n"
    (tmp_path / "suite.yaml").write_text(header + "measures: [rubric.polite, ragas.faithfulness, correct]\n")
    (tmp_path / "cases.jsonl").write_text('{"id": "1", "kind": "qa", "question": "q", "answers": ["a"]}\n')
    suite = load_suite(tmp_path)
    assert suite.rubrics == {"polite": "The answer is polite."}
    assert suite.measures == ("rubric.polite", "ragas.faithfulness", "correct")
    (tmp_path / "suite.yaml").write_text(header + "measures: [rubric.]\n")
    with pytest.raises(FileFormatError, match="unknown measure"):
        load_suite(tmp_path)
