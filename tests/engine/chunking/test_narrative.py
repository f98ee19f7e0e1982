from __future__ import annotations

import pytest

from tests.engine.chunking.documents import chunk, texts_of

SCENE = "The river was high that year, and the ferry did not run. " * 8


@pytest.mark.parametrize("mark", ["* * *", "***", "---", "⁂", "\n\n\n", "CHAPTER II", "III"])
def test_a_chunk_ends_with_its_scene(mark: str) -> None:
    found = texts_of(f"{SCENE}\n\n{mark}\n\n{SCENE}", chunker="narrative", chunk_size=700, chunk_overlap=150)
    assert found[0] == SCENE.strip() and len(found) == 2
    assert found[1].startswith(mark.strip() or "The river")


def test_within_a_scene_paragraphs_are_kept_and_sentences_shared() -> None:
    paragraph = "The river was high that year. The ferry did not run. Nobody minded.\n\n"
    found = texts_of(paragraph * 20, chunker="narrative", chunk_size=300, chunk_overlap=60)
    assert all(piece.endswith("minded.") and piece.startswith(("The", "Nobody")) for piece in found)
    assert sum(map(len, found)) > 20 * len(paragraph)


def test_a_chapter_is_part_of_the_heading_path() -> None:
    found = chunk(f"Chapter 1\n\n{SCENE}\n\nChapter 2\n\n{SCENE}", chunker="narrative", chunk_size=500, chunk_overlap=0)
    assert [c.heading for c in found] == ["Chapter 1", "Chapter 2"]
