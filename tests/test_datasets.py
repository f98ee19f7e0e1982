"""What the shipped suites and corpora promise."""

from __future__ import annotations

import csv
from collections.abc import Mapping

import pytest

from engine.bench.sessions import read_carried
from engine.evaluation.measures.correctness import holds_answer
from engine.evaluation.suites import Suite, check_spans, list_suites, load_suite

ingestion = pytest.importorskip("engine.ingestion", reason="ingestion is not built yet")
SUITES = ("customer-service", "stories", "runbooks")


@pytest.fixture(scope="module", params=SUITES)
def suite(request: pytest.FixtureRequest) -> Suite:
    return load_suite(request.param)


@pytest.fixture(scope="module")
def documents(suite: Suite) -> Mapping[str, str]:
    loaded = ingestion.load_documents([suite.corpus_path])
    assert not loaded.skipped
    return {document.id: document.text for document in loaded.documents}


def test_the_three_suites_are_shipped() -> None:
    assert set(SUITES) <= set(list_suites())


def test_there_are_at_least_eighty_cases_of_several_kinds_of_question(suite: Suite) -> None:
    assert len(suite.cases) >= 80
    assert len({case.id for case in suite.cases}) == len(suite.cases)
    assert any(turn.unanswerable for case in suite.cases for turn in case.turns)
    assert suite.licence and suite.description and (suite.path / "README.md").exists()


def test_every_span_lies_in_a_document_of_the_corpus(suite: Suite, documents: Mapping[str, str]) -> None:
    check_spans(suite, documents)


def test_every_gold_answer_stands_inside_its_gold_spans(suite: Suite, documents: Mapping[str, str]) -> None:
    wrong = []
    for case in suite.cases:
        for number, turn in enumerate(case.turns):
            gold = [documents[s.document][s.start : s.end] for s in turn.relevant]
            # What is asked for without a gold span is what the asker said earlier in the conversation.
            gold = gold or [earlier.question for earlier in case.turns[:number]]
            if turn.answers and not any(holds_answer(text, a) for text in gold for a in turn.answers):
                wrong.append((case.id, case.line, turn.answers))
            wrong += [(case.id, case.line, f) for f in turn.facts if not any(holds_answer(text, f) for text in gold)]
            assert turn.unanswerable or not turn.scorable or turn.relevant or "memory" in case.tags, case.id
    assert not wrong


def test_two_conversations_of_fourteen_turns_need_what_was_said_first() -> None:
    found = 0
    for name in ("customer-service", "runbooks"):
        suite = load_suite(name)
        carried = dict(read_carried(suite.path / "cases.jsonl"))
        for case in (case for case in suite.cases if case.kind == "conversation"):
            for fact in carried.get(case.id, []):
                assert fact["said_in"] < fact["turn"] <= len(case.turns)
                assert fact["words"].lower() in case.turns[fact["said_in"] - 1].question.lower()
            asked_back = [number for number, turn in enumerate(case.turns, 1) if turn.answers and not turn.relevant]
            found += len(case.turns) == 14 and 14 in asked_back
    assert found >= 2


def test_customer_service_has_conversations_and_a_product_list_of_160_rows() -> None:
    suite = load_suite("customer-service")
    lengths = [len(case.turns) for case in suite.cases if case.kind == "conversation"]
    assert len(lengths) >= 5 and all(4 <= n <= 14 for n in lengths)
    with (suite.corpus_path / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 160 and len({tuple(row.values()) for row in rows}) == 160


def test_stories_have_their_words_and_their_passages_of_every_type() -> None:
    suite = load_suite("stories")
    texts = [p.read_text(encoding="utf-8") for p in suite.corpus_path.rglob("*") if p.suffix in (".md", ".txt")]
    assert sum(len(text.split()) for text in texts) >= 12_000
    types = [case.content_type for case in suite.cases if case.kind == "content"]
    assert len(types) >= 40 and {"dialogue", "narrative", "mixed"} <= set(types)
    assert sum(case.kind == "qa" for case in suite.cases) >= 60


def test_runbooks_are_at_least_25_documents() -> None:
    suite = load_suite("runbooks")
    assert sum(p.is_file() for p in suite.corpus_path.rglob("*")) >= 25
