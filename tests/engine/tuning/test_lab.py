from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.corpora import ingest_corpus
from engine.errors import InputError, SettingError
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
from engine.tuning import Lab, open_lab
from engine.tuning.types import MEASURES
from tests.engine.tuning.conftest import DOCUMENTS, SMALL, make_cases, write_suite


def test_turns_are_questions_of_their_own_and_content_cases_are_left_out(lab: Lab) -> None:
    assert [case.id for case in lab.cases] == ["q1", "q2", "q3", "q4", "none", "talk#1", "talk#2"]
    assert lab.cases[6].background == ("Is postage refunded?",)
    assert lab.cases[4].unanswerable and not lab.cases[4].gold


def test_a_suite_is_scored_with_every_measure_and_its_counts(lab: Lab) -> None:
    figures = lab.evaluate(SMALL)
    assert figures.chunks >= 6 and set(figures.per_case) == set(MEASURES) == set(figures.figures)
    assert figures.figures["recall"].scored == 4 and figures.figures["recall"].total == 7
    assert figures.figures["tokens"].scored == 7
    assert (figures.per_case["recall"][:4] > 0.9).all() and np.isnan(figures.per_case["recall"][4:]).all()
    assert figures.figures["document_recall@5"].mean == 1.0
    assert figures.latency_ms > 0 and figures.cost_usd == 0.0 and not figures.exact


def test_a_smaller_budget_and_fewer_chunks_give_a_smaller_context(lab: Lab) -> None:
    wide = lab.evaluate(SMALL.with_values({"budget_tokens": 400, "min_similarity": -1.0}))
    narrow = lab.evaluate(SMALL.with_values({"budget_tokens": 50, "top_k": 1, "min_similarity": -1.0}))
    assert (narrow.per_case["tokens"] <= wide.per_case["tokens"]).all()
    assert narrow.figures["tokens"].mean < wide.figures["tokens"].mean  # type: ignore[operator]


def test_a_retrieval_setting_does_not_cut_the_documents_again(lab: Lab) -> None:
    chunks = lab.cut(SMALL)
    lab.evaluate(SMALL.with_values({"top_k": 3, "weight": 0.3, "budget_tokens": 70}))
    assert lab.cut(SMALL.with_values({"top_k": 3})) is chunks
    assert lab.cut(SMALL.with_values({"chunk_size": 80})) is not chunks


def test_some_of_the_cases_score_as_they_do_among_all(lab: Lab) -> None:
    some, everything = lab.evaluate(SMALL, [3, 1]), lab.evaluate(SMALL)
    assert some.cases.tolist() == [3, 1]
    assert some.per_case["iou"].tolist() == everything.per_case["iou"][[3, 1]].tolist()


def test_two_settings_are_compared_case_by_case(lab: Lab) -> None:
    a, b = lab.evaluate(SMALL), lab.evaluate(SMALL.with_values({"budget_tokens": 50, "top_k": 1}))
    found = lab.compare(a, b)["tokens"]
    assert found.n == 7 and found.wins + found.ties + found.losses == 7
    assert found.difference == pytest.approx(np.mean(b.per_case["tokens"] - a.per_case["tokens"]))
    with pytest.raises(ValueError, match="other cases"):
        lab.compare(a, lab.evaluate(SMALL, [0]))


def test_a_question_is_explained_with_the_document_of_its_gold_span(lab: Lab) -> None:
    view = lab.explain("q3", SMALL)
    assert view.document == "harbour.md" and view.text == DOCUMENTS["harbour.md"]
    assert all(view.text[a:b].strip() == view.text[a:b] for a, b in view.chunks)
    assert any("Petrel" in part.text for part in view.parts)
    assert all(DOCUMENTS[part.document][part.start : part.end] == part.text for part in view.parts)
    assert "Petrel" in view.answer and view.quality is not None
    assert view.figures.values["recall"] == lab.evaluate(SMALL).per_case["recall"][2]
    assert view == lab.explain(2, SMALL)
    with pytest.raises(InputError, match="no question 'q9'"):
        lab.explain("q9", SMALL)


def test_late_pooling_is_exact_and_so_are_chunks_once_they_were_embedded_one_by_one(lab: Lab) -> None:
    settings = SMALL.with_values({"chunk_size": 100})
    assert lab.evaluate(settings.with_values({"pooling": "late"})).exact
    assert not lab.evaluate(settings).exact
    lab.embed_chunks(settings)
    assert lab.evaluate(settings).exact
    vectors, pooled = lab.separate_vectors(settings), lab.cut(settings).vectors
    assert 0.7 < float((vectors * pooled).sum(axis=1).mean()) < 0.9999


def test_chunks_embedded_one_by_one_are_ranked_as_the_pipeline_ranks_them(lab: Lab, suite: Path, home: Path) -> None:
    settings = SMALL.with_values({"fusion": "rrf", "top_k": 6, "reranker": "none"})
    ingest_corpus("small", [suite / "corpus"], settings)
    pipeline = open_pipeline("small", settings)
    lab.embed_chunks(settings)
    for case in lab.cases[:5]:
        retrieved, selection = pipeline.find_evidence(case.question)
        view = lab.explain(case.id, settings)
        assert [(r.document, r.start, r.end) for r in view.retrieved] == [
            (c.document, c.start, c.end) for c in retrieved.chunks
        ]
        assert view.tokens == pytest.approx(selection.context.tokens, abs=40)


def test_another_precision_is_refused(lab: Lab) -> None:
    with pytest.raises(SettingError, match="opened with exact"):
        lab.evaluate(SMALL.with_values({"precision": "fast"}))


def test_an_unknown_model_without_token_vectors_is_refused(suite: Path, home: Path) -> None:
    with pytest.raises(SettingError, match="single tokens"):
        open_lab(suite, PipelineSettings(embedder="openai/text-embedding-3-small"))


def test_opening_again_embeds_nothing(suite: Path, home: Path) -> None:
    stages: list[str] = []
    first = open_lab(suite, SMALL, lambda done, total, stage: stages.append(stage))
    again = open_lab(suite, SMALL)
    assert (first.embedded, first.reused, again.embedded, again.reused) == (3, 0, 0, 3)
    assert {"embedding", "questions"} <= set(stages)


def test_a_corpus_beyond_the_labs_memory_is_refused_with_the_limit(
    suite: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.tuning.corpus.LARGEST_CHARACTERS", 300)
    with pytest.raises(InputError, match="holds at most 300"):
        open_lab(suite, SMALL)


@pytest.mark.parametrize("values", [{"top_k": 200}, {"chunk_size": 50}, {"chunk_size": 20_000, "mode": "lexical"}])
def test_extreme_settings_give_figures(lab: Lab, values: dict[str, object]) -> None:
    figures = lab.evaluate(SMALL.with_values(values))
    assert figures.chunks >= 3 and figures.figures["recall"].mean is not None


@pytest.mark.parametrize(
    ("fusion", "values"),
    [("rrf", {}), ("convex", {}), ("learned", {"diversity": 0.5}), ("learned", {"expansion": 3}), ("learned", {"filter": "document=*.md"})],
)  # fmt: skip
def test_every_retrieval_setting_reaches_the_ranking(lab: Lab, fusion: str, values: dict[str, object]) -> None:
    settings = SMALL.with_values({"fusion": fusion, **values})
    view = lab.explain("q1", settings)
    assert view.retrieved[0].document == "refunds.md"
    if "filter" in values:
        assert {r.document for r in view.retrieved} == {"refunds.md", "harbour.md"}


def test_odd_documents_neither_fail_nor_hang(tmp_path: Path, home: Path) -> None:
    documents = {
        "line.txt": "word " * 4_000,
        "glued.txt": "x" * 3_000,
        "arabic.txt": "تستغرق عملية الاسترداد خمسة أيام عمل. لا تسترد رسوم البريد أبدا.",
        "chinese.txt": "退款需要五个工作日。邮费不予退还。港口晚上九点关闭。",
        "blank.txt": " \n",
    }
    asked = "退款需要几个工作日?"
    case = {
        "id": "zh",
        "kind": "qa",
        "question": asked,
        "relevant": [{"document": "chinese.txt", "start": 0, "end": 10}],
    }
    suite = write_suite(tmp_path / "odd", documents, [case])
    figures = open_lab(suite, SMALL).evaluate(SMALL.with_values({"mode": "lexical"}))
    assert figures.figures["recall"].mean == 1.0  # by its letters: the model is English


def test_a_corpus_with_nothing_in_it_is_refused(tmp_path: Path, home: Path) -> None:
    suite = write_suite(tmp_path / "empty", {}, make_cases()[4:5])
    with pytest.raises(InputError, match="no document"):
        open_lab(suite, SMALL)


def test_weak_contexts_are_improved_in_rounds_as_in_the_pipeline(lab: Lab, suite: Path, home: Path) -> None:
    settings = SMALL.with_values({"top_k": 1, "min_quality": 1.0, "enhance": 2, "fusion": "rrf"})
    plain, improved = lab.evaluate(settings.with_values({"enhance": 0})), lab.evaluate(settings)
    assert (improved.per_case["quality"] >= plain.per_case["quality"]).all()
    assert (improved.per_case["tokens"] > plain.per_case["tokens"]).any()
    ingest_corpus("small", [suite / "corpus"], settings)
    pipeline = open_pipeline("small", settings)
    lab.embed_chunks(settings)
    steps = [step.split(":")[0] for step in lab.explain("q1", settings).steps[2:]]
    assert steps and steps == [step.split(":")[0] for step in pipeline.answer(lab.cases[0].question).context.steps]
