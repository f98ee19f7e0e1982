from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pytest

from engine.errors import InputError, SettingError, UnknownNameError
from engine.evaluation.suites import load_suite
from engine.generation.extractive import ABSTAINED, readable_text
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.types import Answer

FIELDS = {
    "answer", "sentences", "citations", "retrieved", "contexts", "context_quality", "abstained", "provider", "cache_tier", "degraded",
    "timings_ms", "correlation_id",
}  # fmt: skip


@pytest.fixture(autouse=True)
def state(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))


@pytest.fixture(scope="module")
def shop(library: Path) -> RagPipeline:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(library))
        return open_pipeline("customer-service", PipelineSettings())


@pytest.fixture(scope="module")
def answers(shop: RagPipeline) -> list[Answer]:
    cases = load_suite("customer-service").cases
    return [shop.answer(case.turns[0].question) for case in cases if case.kind == "qa"][:60]


def test_every_sentence_stands_in_the_span_that_it_cites(shop: RagPipeline, answers: list[Answer]) -> None:
    assert sum(not a.abstained for a in answers) > 30
    for answer in answers:
        for sentence in answer.sentences:
            (number,) = sentence.citations
            cited = answer.citations[number]
            text = shop.document_text(cited.document)
            assert text is not None and sentence.text in readable_text(text[cited.start : cited.end])


def test_an_answer_is_its_sentences_and_has_at_most_sixty_words(answers: list[Answer]) -> None:
    for answer in answers:
        assert len(answer.text.split()) <= 60
        if not answer.abstained:
            assert answer.text == " ".join(s.text for s in answer.sentences) != ""


def test_contexts_are_the_documents_text_without_repeats_and_within_the_budget(
    shop: RagPipeline, answers: list[Answer]
) -> None:
    for answer in answers:
        parts = answer.context.parts
        assert all((shop.document_text(p.document) or "")[p.start : p.end] == p.text for p in parts)
        assert all(a.document != b.document or a.end <= b.start or b.end <= a.start for a, b in combinations(parts, 2))
        assert answer.context.tokens <= 900 or len(parts) == 1
        assert answer.context.tokens == sum(shop.embedder.count_tokens([p.text for p in parts]))
        assert 0.0 <= answer.context.quality <= 1.0


def test_citations_lie_within_the_contexts(answers: list[Answer]) -> None:
    for answer in answers:
        for c in answer.citations:
            assert any(p.document == c.document and p.start <= c.start and c.end <= p.end for p in answer.context.parts)
            assert 0.0 <= c.relevance <= 1.0 and c.preview


def test_the_json_of_an_answer_has_every_field_of_the_contract(answers: list[Answer]) -> None:
    shown = next(a for a in answers if not a.abstained).as_json()
    assert shown.keys() >= FIELDS
    assert shown["citations"][0].keys() == {"document", "chunk_index", "start", "end", "relevance", "preview"}
    assert shown["retrieved"][0].keys() == {"document", "start", "end", "score"}
    assert shown["contexts"][0].keys() == {"document", "start", "end", "text", "score"}
    stages = {k: v for k, v in shown["timings_ms"].items() if k != "total"}
    assert stages and min(stages.values()) >= 0 and sum(stages.values()) <= shown["timings_ms"]["total"] + 1


def test_a_question_asked_again_gets_the_same_answer_and_another_id(shop: RagPipeline, answers: list[Answer]) -> None:
    for answer in answers[:12]:
        again = shop.answer(answer.question)
        assert (again.text, again.context, again.retrieved, again.citations) == (
            answer.text,
            answer.context,
            answer.retrieved,
            answer.citations,
        )
        assert again.correlation_id != answer.correlation_id


def test_threads_get_the_answers_that_one_thread_gets(shop: RagPipeline, answers: list[Answer]) -> None:
    barrier = threading.Barrier(8)

    def ask(answer: Answer) -> bool:
        if not done.is_set():
            barrier.wait(30)
            done.set()
        return shop.answer(answer.question).text == answer.text

    done = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, answers[:24]))


def test_a_stream_gives_the_text_piece_by_piece_and_then_the_answer(shop: RagPipeline, answers: list[Answer]) -> None:
    for answer in (next(a for a in answers if len(a.sentences) > 1), next(a for a in answers if a.abstained)):
        *pieces, last = shop.stream(answer.question)
        assert isinstance(last, Answer) and all(isinstance(p, str) for p in pieces)
        assert "".join(pieces) == last.text == answer.text
        assert len(pieces) == max(1, len(answer.sentences))


@pytest.mark.parametrize("question", ["", " ", "\n\t\u2003"])
def test_a_blank_question_is_refused(shop: RagPipeline, question: str) -> None:
    with pytest.raises(InputError, match="empty or blank"):
        shop.answer(question)


def test_a_question_of_100000_characters_is_answered_and_one_more_is_refused(shop: RagPipeline) -> None:
    assert shop.answer("How long may I return a box? " + "x" * 99_971).timings_ms["total"] > 0
    with pytest.raises(InputError, match="100,001 characters"):
        shop.answer("x" * 100_001)


@pytest.mark.parametrize(
    "question",
    ["?", "🙂🙂", "\0", "'; DROP TABLE chunks; --", '"unclosed AND (', "the of and", "日本語の質問ですか", "\ud800 half", "a" * 5000, "Ｒｅｆｕｎｄ？", "\u202e\u0301"],
)  # fmt: skip
def test_odd_questions_are_answered_or_declined_but_break_nothing(shop: RagPipeline, question: str) -> None:
    answer = shop.answer(question)
    assert answer.abstained == (answer.text == ABSTAINED)
    answer.question.encode()


def test_the_threshold_decides_whether_the_engine_abstains() -> None:
    question = "How long may I return unused boxes?"
    bold = open_pipeline("customer-service", PipelineSettings(min_quality=0.0)).answer(question)
    shy = open_pipeline("customer-service", PipelineSettings(min_quality=1.0, enhance=0)).answer(question)
    assert not bold.abstained and bold.sentences
    assert shy.abstained and (shy.text, shy.sentences, shy.citations) == (ABSTAINED, (), ())
    assert shy.context == bold.context, "what was found is shown either way"


def test_a_weak_context_is_improved_in_rounds_that_are_told_and_never_made_worse() -> None:
    question = "Is there a discount for hospitals?"
    plain = open_pipeline("customer-service", PipelineSettings(min_quality=0.99, enhance=0)).answer(question)
    improved = open_pipeline("customer-service", PipelineSettings(min_quality=0.99, enhance=4)).answer(question)
    assert plain.context.steps == () and "enhance" not in plain.timings_ms
    assert improved.context.steps and "wider search (60 chunks)" in improved.context.steps[0]
    assert improved.context.quality >= plain.context.quality and improved.timings_ms["enhance"] > 0


def test_a_question_far_from_every_document_is_declined(shop: RagPipeline) -> None:
    answer = shop.answer("Who composed the opera about the Egyptian princess?")
    assert answer.abstained and answer.text == ABSTAINED


def test_a_follow_up_finds_what_the_first_question_was_about(shop: RagPipeline) -> None:
    first = shop.answer("How long do I have to return unused boxes?")
    alone = shop.answer("And who pays for it?")
    asked = shop.answer("And who pays for it?", [(first.question, first.text)])
    assert {p.document for p in asked.context.parts} & {p.document for p in first.context.parts}
    assert asked.retrieved != alone.retrieved


def test_retrieval_settings_need_no_other_index(shop: RagPipeline, library: Path) -> None:
    before = sorted(p.name for p in (library / "lance").iterdir())
    open_pipeline(
        "customer-service", PipelineSettings(top_k=3, weight=0.9, min_similarity=0.0, budget_tokens=100)
    ).answer("Tape?")
    assert sorted(p.name for p in (library / "lance").iterdir()) == before


def test_answer_words_bounds_the_answer() -> None:
    answer = open_pipeline("customer-service", PipelineSettings(answer_words=8, min_quality=0.0)).answer(
        "How do I return a box?"
    )
    assert 0 < len(answer.text.split()) <= 8


def test_a_corpus_that_was_never_ingested_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="customer-service, stories"):
        open_pipeline("nowhere", PipelineSettings())


def test_a_model_provider_without_a_model_is_refused() -> None:
    with pytest.raises(SettingError, match="needs the name of a model"):
        open_pipeline("stories", PipelineSettings(provider="litellm"))
