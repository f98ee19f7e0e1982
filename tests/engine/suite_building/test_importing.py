"""Files of other tools: what becomes a case, what is left out and why, by line."""

from __future__ import annotations

import json
import time
from statistics import median

import pytest

from engine.errors import FileFormatError, InputError
from engine.suite_building.importing import ImportResult, read_import

TEXT = "The refund fee is S$12 and is due within 42 days of purchase. Opened packs are not taken back at all."
DOCUMENTS = {
    "refunds.md": f"# Refunds\n\n{TEXT}\n",
    "other/depot.txt": "The depot in Lindau opens at seven in the morning.",
}
GOLD = "is due within 42 days of purchase."


def read(content: str | bytes, name: str, **options: object) -> ImportResult:
    return read_import(content.encode() if isinstance(content, str) else content, name, DOCUMENTS, **options)  # type: ignore[arg-type]


def gold_of(result: ImportResult, case: int = 0) -> list[str]:
    return [DOCUMENTS[s["document"]][s["start"] : s["end"]] for s in result.cases[case]["relevant"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_in_any_encoding_and_with_any_separator(encoding: str, separator: str) -> None:
    rows = [
        ["Question", "Expected answer", "Context", "Tags"],
        ["Wie müde? How long?", "42 days", GOLD, "a"],
        ["Two?", "x", "", ""],
    ]
    content = "\r\n".join(separator.join(row) for row in rows).encode(encoding)
    result = read(content, "table.csv")
    assert [case["question"] for case in result.cases] == ["Wie müde? How long?", "Two?"]
    assert gold_of(result) == [GOLD]
    assert result.lines == (2, 3)


def test_rows_that_cannot_be_cases_are_told_by_line_and_the_rest_goes_on() -> None:
    content = 'question,answer\nOne?,1\n,lost\n"Two\nlines?",2\none? ,again\nThree?,3,4,5\nFour?,\n'
    result = read(content, "t.csv")
    assert [case["question"] for case in result.cases] == ["One?", "Two\nlines?", "Four?"]
    told = {(p.line, p.text.split(",")[0]) for p in result.problems}
    assert told == {
        (3, "expected a question"), (6, "the same question as in line 2"), (7, "expected 2 cells as in the header"),
        (8, "no answer: only retrieval is scored"),
    }  # fmt: skip
    assert (result.rows, result.refused) == (6, 3)


def test_a_context_that_stands_nowhere_gives_no_span() -> None:
    rows = [{"question": "A?", "answer": "x", "contexts": ["An invented passage about elephants on the moon.", GOLD]}]
    result = read(json.dumps(rows), "t.json")
    assert gold_of(result) == [GOLD]
    assert (result.located, result.contexts) == (1, 2)
    assert "context 1 (48 characters) does not stand in the corpus" in result.problems[0].text


def test_a_context_in_other_spacing_and_quotes_is_found() -> None:
    result = read(
        json.dumps([{"question": "A?", "answer": "x", "context": f"  {GOLD.replace(' ', chr(10)).upper()} "}]), "t.json"
    )
    assert gold_of(result) == [GOLD]


def test_columns_can_be_named_and_a_wrong_name_lists_them() -> None:
    content = "Frage,Antwort,Datei\nWas?,42 days,refunds.md\n"
    with pytest.raises(FileFormatError, match="found the columns Frage, Antwort, Datei"):
        read(content, "t.csv")
    result = read(content, "t.csv", mapping={"question": "Frage", "answers": "Antwort", "document": "Datei"})
    assert result.cases[0]["relevant"] == [{"document": "refunds.md"}]
    with pytest.raises(InputError, match="no such column, only Frage, Antwort, Datei"):
        read(content, "t.csv", mapping={"question": "Question"})
    with pytest.raises(InputError, match="expected one of question, answers"):
        read(content, "t.csv", mapping={"soup": "Frage"})


def test_ragas_old_and_new() -> None:
    new = [
        {"user_input": "A?", "reference": "42 days", "reference_contexts": [GOLD], "retrieved_contexts": ["zzz"], "response": "r"},
        {"user_input": [{"content": "Hi?", "type": "human"}, {"content": "Hello", "type": "ai"}, {"content": "So?", "type": "human"}], "reference": "x"},
    ]  # fmt: skip
    result = read("\n".join(json.dumps(row) for row in new), "set.jsonl", format_="ragas")
    assert gold_of(result) == [GOLD]
    assert result.cases[0]["answers"] == ["42 days"]
    assert [turn["question"] for turn in result.cases[1]["turns"]] == ["Hi?", "So?"]
    assert result.cases[1]["turns"][1]["answers"] == ["x"]
    old = {"question": ["A?", "B?"], "ground_truth": ["x", "y"], "contexts": [[GOLD], []], "answer": ["wrong", "wrong"]}
    result = read(json.dumps(old), "old.json", format_="ragas")
    assert [case["answers"] for case in result.cases] == [["x"], ["y"]]
    table = f"user_input,reference_contexts,reference\nA?,\"['{GOLD}']\",x\n"
    assert gold_of(read(table, "testset.csv")) == [GOLD]


def test_deepeval_goldens_and_the_line_of_each() -> None:
    rows = [
        {"input": "A?", "expected_output": "x", "context": [GOLD], "retrieval_context": ["zzz"]},
        {"input": None},
        3,
    ]
    result = read(json.dumps({"goldens": rows}, indent=2), "goldens.json", format_="deepeval")
    assert gold_of(result) == [GOLD]
    text = json.dumps({"goldens": rows}, indent=2).split("\n")
    assert [text[p.line - 1].strip() for p in result.problems] == ["{", "3"]


PROMPTFOO = """\
prompts: ["{{question}}"]
defaultTest:
  assert:
    - type: latency
      threshold: 5000
tests:
  - description: the fee
    vars: {question: "What is the fee?", context: "is due within 42 days of purchase."}
    assert:
      - {type: icontains, value: "S$12"}
      - type: llm-rubric
        value: is polite
  - vars: {query: "What are all?", place: Lindau}
    assert:
      - {type: contains-all, value: [seven, "{{place}}"]}
      - {type: contains, value: morning}
  - vars: {question: ["One?", "Two?"]}
    assert: [{type: contains-any, value: ["a", "b"]}]
  - file://more.yaml
  - vars: {question: "And the moon?"}
    assert: [{type: is-refusal}]
"""


def test_promptfoo_assertions_become_answers_facts_or_a_remark_with_its_line() -> None:
    result = read(PROMPTFOO, "promptfooconfig.yaml")
    by_question = {case["question"]: case for case in result.cases}
    assert by_question["What is the fee?"]["answers"] == ["S$12"]
    assert gold_of(result) == [GOLD]
    assert by_question["What are all?"]["facts"] == ["seven", "Lindau", "morning"]
    assert by_question["One?"]["answers"] == by_question["Two?"]["answers"] == ["a", "b"]
    assert by_question["And the moon?"]["unanswerable"] is True
    told = [(p.line, p.text) for p in result.problems if p.field in ("assert", "tests")]
    assert (11, "the assertion llm-rubric has no counterpart and was left out") in told
    assert (4, "the assertion latency has no counterpart and was left out") in told
    assert any(line == 19 and "a reference is not followed" in text for line, text in told)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "t.csv", "found an empty file"),
        (b"PK\x03\x04rest", "t.xlsx", "found a spreadsheet"),
        (b"\x00\x01\x02\x03", "t.csv", "binary content"),
        (b'{"a": ', "t.json", "line 1: expected JSON, found broken JSON"),
        (b'{"a": 1}', "t.json", "expected a list of questions"),
        (b"tests: [", "t.yaml", "line 2: this is not YAML"),
        (b"tests: file://x.csv", "t.yaml", "Import that file instead|a reference to 'file://x.csv'"),
        (b"[" * 100_000, "t.json", "JSON"),
    ],
)
def test_a_broken_file_is_refused_in_words(content: bytes, name: str, words: str) -> None:
    with pytest.raises(FileFormatError, match=words):
        read(content, name)


def test_questions_that_the_suite_has_are_left_out() -> None:
    result = read("question,answer\nWho is it?,x\n", "t.csv", existing=["who  IS it?"])
    assert [p.text for p in result.problems] == ["the suite has it already"]
    assert not result.cases


def test_time_grows_with_the_rows_and_no_faster() -> None:
    few, many = (median(measure_rows(count) for _ in range(3)) for count in (2_500, 10_000))
    assert many < 8 * few, "four times the rows, each a little longer to find: 4.4 times on a quiet machine"


def measure_rows(count: int) -> float:
    """Seconds of processor time for so many rows."""
    rows = "".join(f'"Question {i}?",answer {i},"{TEXT[i % 40 : 40 + i % 40]}"\n' for i in range(count))
    began = time.process_time()
    result = read("question,answer,contexts\n" + rows, "big.csv")
    assert len(result.cases) == result.located == count
    return time.process_time() - began
