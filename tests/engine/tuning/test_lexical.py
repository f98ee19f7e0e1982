from __future__ import annotations

import numpy as np
import pytest

from engine.tuning.corpus import ChunkSet
from engine.tuning.lexical import WordPlaces, analyse_word

TEXTS = ["The pump failed. Replace the pump seal before noon.", "Seals are kept in bay 7. The pumps hum."]


def cut(rows: list[tuple[int, int, int]], prefixes: tuple[str, ...] = ("",)) -> ChunkSet:
    document, start, end = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    nothing = np.zeros(len(rows), np.int64)
    return ChunkSet(
        document=document,
        start=start,
        end=end,
        prefix=np.arange(len(rows)) % len(prefixes),
        prefixes=prefixes,
        first=nothing,
        last=nothing,
        vectors=np.zeros((len(rows), 2), np.float32),
        tokens=nothing,
    )


def bm25(words: list[str], question: list[str], others: list[list[str]]) -> float:
    average = sum(map(len, others)) / len(others)
    total = 0.0
    for word in question:
        holders = sum(word in other for other in others)
        tf = words.count(word)
        idf = np.log1p((len(others) - holders + 0.5) / (holders + 0.5))
        total += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(words) / average)) if tf else 0.0
    return total


def test_scores_are_bm25_over_the_words_of_each_chunk_and_its_prefix() -> None:
    places = WordPlaces(TEXTS)
    chunks = cut([(0, 0, 16), (0, 17, 51), (1, 0, 24)], ("", "Pump notes\n", ""))
    words = [["pump", "fail"], ["pump", "note", "replac", "pump", "seal", "noon"], ["seal", "kept", "bay", "7"]]
    question = places.number(["pump", "seals", "zebra"])
    scores = places.score([question], chunks)[0]
    assert scores == pytest.approx([bm25(w, ["pump", "seal"], words) for w in words], rel=1e-5)


def test_overlapping_chunks_share_their_words_and_a_word_cut_in_two_belongs_to_neither() -> None:
    places = WordPlaces(TEXTS)
    scores = places.score([places.number(["seal"])], cut([(0, 17, 40), (0, 30, 51), (0, 38, 51)]))[0]
    assert scores[0] > 0 and scores[1] > 0 and scores[2] == 0


def test_words_are_folded_and_stemmed_as_the_index_does() -> None:
    assert [analyse_word(word) for word in ("Running", "Pumps", "CAFÉ", "x" * 100)] == ["run", "pump", "cafe", ""]


def test_text_without_spaces_is_found_by_pairs_of_characters() -> None:
    places = WordPlaces(["港口晚上九点关闭", "退款需要五个工作日"])
    scores = places.score([places.read("退款")], cut([(0, 0, 8), (1, 0, 4), (1, 4, 9)]))[0]
    assert scores[1] > 0 and scores[0] == scores[2] == 0


def test_a_question_of_unknown_words_scores_nothing() -> None:
    places = WordPlaces(TEXTS)
    assert (places.score([places.number(["zebra"]), ()], cut([(0, 0, 50)])) == 0).all()
