from __future__ import annotations

import numpy as np

from engine.chunking.semantic import measure_likeness
from tests.engine.chunking.documents import texts_of


def test_it_cuts_where_the_subject_changes() -> None:
    about = ["aa bab abba baa ab. ", "xyz zyx yyz zx xy. ", "mno nom omn no mn. "]
    text = "".join(sentence.capitalize() * 7 for sentence in about)
    found = texts_of(text, chunker="semantic", chunk_size=250, chunk_overlap=0)
    assert [piece[0] for piece in found] == ["A", "X", "M"]


def test_likeness_is_the_cosine_of_the_groups_on_both_sides() -> None:
    vectors = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    likeness = measure_likeness(vectors)
    assert likeness.argmin() == 2 and abs(likeness[2]) < 1e-9 and likeness[0] > 0.4


def test_one_sentence_and_none_are_no_trouble() -> None:
    assert texts_of("Only one.", chunker="semantic") == ["Only one."]
    assert texts_of(" \n", chunker="semantic") == []
