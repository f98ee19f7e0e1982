from typing import Any

from engine.views.answers import build_answer, waterfall_title

ANSWER: dict[str, Any] = {
    "question": "When?",
    "answer": "At seven. In May.",
    "abstained": False,
    "sentences": [
        {"text": "At seven.", "citations": [0], "groundedness": 0.9},
        {"text": "In May.", "citations": [1, 2], "groundedness": 0.5},
    ],
    "citations": [
        {"document": "a.md", "chunk_index": 0, "start": 10, "end": 19, "relevance": 0.8, "preview": "At seven."},
        {"document": "a.md", "chunk_index": 0, "start": 10, "end": 19, "relevance": 0.8, "preview": "At seven."},
        {"document": "b.md", "chunk_index": 2, "start": 0, "end": 40, "relevance": 0.2, "preview": "In May the dep"},
    ],
    "contexts": [{"document": "a.md", "start": 5, "end": 25, "text": "12345At seven. 67890", "score": 0.7}],
    "context_quality": 0.72,
    "timings_ms": {"embed": 4.0, "search": 10.0, "total": 20.0},
}


def test_a_span_cited_twice_has_one_number() -> None:
    view = build_answer(ANSWER)
    assert [s.sources for s in view.sentences] == [(1,), (1, 2)]
    assert [(s.number, s.document) for s in view.sources] == [(1, "a.md"), (2, "b.md")]


def test_a_cut_preview_ends_at_a_word() -> None:
    assert [s.preview for s in build_answer(ANSWER).sources] == ["At seven.", "In May the …"]


def test_cited_and_gold_spans_are_marked_in_their_context() -> None:
    view = build_answer(ANSWER, gold=[{"document": "a.md", "start": 13, "end": 18}])
    context = view.contexts[0]
    assert context.holds_gold
    assert [(p.text, p.marks) for p in context.pieces if p.marks] == [
        ("At ", ("cited",)),
        ("seven", ("cited", "gold")),
        (".", ("cited",)),
    ]


def test_a_gold_span_of_another_document_is_not_held() -> None:
    assert not build_answer(ANSWER, gold=[{"document": "b.md"}]).contexts[0].holds_gold


def test_quality_is_held_against_the_threshold_of_the_settings() -> None:
    assert "at least the 60 %" in build_answer(ANSWER, min_quality=0.6).quality_words
    assert "under the 80 %" in build_answer(ANSWER, min_quality=0.8).quality_words


def test_groundedness_is_the_mean_over_sentences_and_missing_without_any() -> None:
    assert build_answer(ANSWER).groundedness == 0.7
    assert build_answer({"answer": "", "abstained": True}).groundedness is None


def test_stages_follow_each_other_and_the_rest_is_named() -> None:
    view = build_answer(ANSWER)
    assert [(s.name, s.begins, s.lasts) for s in view.stages] == [
        ("Embed the question", 0.0, 4.0),
        ("Search the index", 4.0, 10.0),
        ("Everything else", 14.0, 6.0),
    ]
    assert waterfall_title(view) == "20.0 ms in all; longest: search the index, 10.0 ms"


def test_an_answer_without_timings_has_no_waterfall() -> None:
    assert waterfall_title(build_answer({})) == "No timings were recorded"
