"""One question as the Tuning lab shows it."""

from __future__ import annotations

import pytest

from engine.tuning import CaseFigures, LabCase, QuestionView
from engine.types import ContextPart, Ranked, Span
from engine.views.tuning_question import LONGEST, build_question_panel, choose_window, cover, cut_parts

TEXT = "".join(f"sentence {i:03d}. " for i in range(100))  # 14 characters each
CHUNKS = tuple((a, min(a + 140, len(TEXT))) for a in range(0, len(TEXT), 112))


def part(start: int, end: int, document: str = "d") -> ContextPart:
    return ContextPart(document=document, chunk_index=0, start=start, end=end, text=TEXT[start:end], score=1.0)


def view(
    gold: tuple[Span, ...] = (), parts: tuple[ContextPart, ...] = (), retrieved: tuple[Ranked, ...] = (),
    unanswerable: bool = False,
) -> QuestionView:  # fmt: skip
    case = LabCase(id="c1", question="Which?", gold=gold, unanswerable=unanswerable)
    return QuestionView(
        case=case, document="d", text=TEXT, chunks=CHUNKS, retrieved=retrieved, parts=parts, tokens=40, quality=0.71,
        answer="", figures=CaseFigures(case=case, values={}), steps=("one",),
    )  # fmt: skip


GOLD = Span(document="d", start=280, end=308)
HIT = Ranked(document="d", start=CHUNKS[2][0], end=CHUNKS[2][1], score=0.5)
OTHER = Ranked(document="e", start=0, end=10, score=0.4)


@pytest.mark.parametrize(
    ("parts", "retrieved", "words", "state"),
    [
        ((part(270, 310),), (HIT,), "stands whole in the context", "passed"),
        ((part(290, 310),), (HIT,), "0 of 1 gold span whole in the context, 1 in part", "failed"),
        ((part(0, 10),), (HIT,), "context selection left it out", "failed"),
        ((), (OTHER,), "search missed it", "failed"),
    ],
)
def test_the_finding_says_where_a_gold_span_was_lost(
    parts: tuple[ContextPart, ...], retrieved: tuple[Ranked, ...], words: str, state: str
) -> None:
    panel = build_question_panel(view((GOLD,), parts, retrieved))
    assert words in panel.finding and panel.state == state


def test_a_question_without_gold_is_not_judged() -> None:
    assert build_question_panel(view()).state == "unscored"
    assert "do not answer" in build_question_panel(view(unanswerable=True)).finding


def test_the_strip_holds_every_layer_of_the_shown_document_alone() -> None:
    strip = build_question_panel(view((GOLD,), (part(270, 310), part(0, 9, "e")), (HIT, OTHER))).strip
    assert {name: len(bars) for name, bars in strip.layers.items()} == {
        "gold": 1, "context": 1, "retrieved": 1, "chunks": len(CHUNKS),
    }  # fmt: skip
    assert strip.layers["retrieved"][0].label == "1" and strip.length == len(TEXT)
    assert strip.title == f"d: 1 of {len(CHUNKS)} chunks retrieved"


def test_the_ranking_says_what_was_read_and_what_holds_gold() -> None:
    ranks = build_question_panel(view((GOLD,), (part(270, 310),), (OTHER, HIT))).ranks
    assert [(r.rank, r.document, r.context, r.gold) for r in ranks] == [(1, "e", False, False), (2, "d", True, True)]


def test_parts_are_the_windows_text_cut_at_chunk_borders() -> None:
    window = (100, 600)
    parts = cut_parts(TEXT, CHUNKS, {CHUNKS[2]: 4}, [(270, 310)], [(280, 308)], window)
    assert "".join(piece.text for p in parts for piece in p.pieces) == TEXT[100:600]
    begins = {b.number: b.rank for p in parts for b in p.begins}
    assert begins == {1: None, 2: None, 3: 4, 4: None, 5: None, 6: None}
    assert [p.shared for p in parts][:3] == [False, True, False]
    marked = {piece.marks: piece.text for p in parts for piece in p.pieces if piece.marks}
    assert marked[("context", "gold")] == TEXT[280:308]


def test_the_window_reaches_from_the_first_mark_to_the_last() -> None:
    assert choose_window(9_000, [(3_000, 3_100)], [(2_000, 2_100)], []) == (1_600, 3_500)
    assert choose_window(300, [(10, 20)], [], []) == (0, 300)
    assert choose_window(50_000, [], [], [(20_000, 20_500)]) == (19_600, 20_900)


def test_a_window_that_would_be_too_long_begins_before_the_gold() -> None:
    start, end = choose_window(900_000, [(500_000, 500_100)], [(10, 20)], [])
    assert start <= 500_000 and end - start == LONGEST
    assert choose_window(900_000, [], [], []) == (0, LONGEST)


@pytest.mark.parametrize(("by", "share"), [([(0, 10)], 1.0), ([(0, 5), (3, 6)], 0.6), ([], 0.0)])
def test_cover_is_the_share_of_characters(by: list[tuple[int, int]], share: float) -> None:
    assert cover([(0, 10)], by) == pytest.approx(share)
