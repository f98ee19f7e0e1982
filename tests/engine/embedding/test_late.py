from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.embedding.late import embed_late
from engine.embedding.minilm import MiniLmEmbedder
from engine.embedding.token_index import TokenIndex

TEXTS = ["Refunds take five days. Postage is never refunded.", "The harbour closes at nine.", ""]
CHUNKS = [[(0, 23), (0, 50)], [(0, 27)], []]
SENTENCES = [[(0, 23), (24, 50), (0, 23)], [(0, 27)], []]


@pytest.fixture(scope="module")
def embedder(models: Path) -> MiniLmEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(models.parent))
        return MiniLmEmbedder("exact")


def test_chunks_and_sentences_come_out_of_one_pass_in_the_order_given(home: Path, embedder: MiniLmEmbedder) -> None:
    made = embed_late(TokenIndex(embedder), TEXTS, CHUNKS, SENTENCES)
    assert [(len(c), len(s)) for c, s in made] == [(2, 3), (1, 1), (0, 0)]
    chunks, sentences = made[0]
    assert chunks.dtype == np.float32 and sentences.dtype == np.float16
    assert np.linalg.norm(chunks, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert (sentences[0] == sentences[2]).all()
    assert float(chunks[0] @ sentences[0].astype(np.float32)) == pytest.approx(1.0, abs=1e-3)
    assert float(chunks[0] @ made[1][0][0]) < 0.9


def test_the_token_vectors_stay_for_the_next_chunking(home: Path, embedder: MiniLmEmbedder) -> None:
    first, second = TokenIndex(embedder), TokenIndex(embedder)
    embed_late(first, TEXTS, CHUNKS, SENTENCES)
    embed_late(second, TEXTS, [[(0, 50)], [], []], SENTENCES)
    assert (first.embedded, second.embedded, second.reused) == (3, 0, 3)
