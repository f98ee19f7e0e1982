from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.embedding.late import embed_late
from engine.embedding.minilm import MiniLmEmbedder

TEXTS = ["Refunds take five days. Postage is never refunded.", "The harbour closes at nine.", ""]
CHUNKS = [[(0, 23), (0, 50)], [(0, 27)], []]
SENTENCES = [[(0, 23), (24, 50), (0, 23)], [(0, 27)], []]


@pytest.fixture(scope="module")
def embedder(models: Path) -> MiniLmEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(models.parent))
        return MiniLmEmbedder("exact")


def test_chunks_and_sentences_come_out_of_one_pass_in_the_order_given(home: Path, embedder: MiniLmEmbedder) -> None:
    made = embed_late(embedder, TEXTS, CHUNKS, SENTENCES)
    assert [(len(c), len(s)) for c, s in made] == [(2, 3), (1, 1), (0, 0)]
    chunks, sentences = made[0]
    assert chunks.dtype == np.float32 and sentences.dtype == np.float16
    assert np.linalg.norm(chunks, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert (sentences[0] == sentences[2]).all()
    assert float(chunks[0] @ sentences[0].astype(np.float32)) == pytest.approx(1.0, abs=1e-3)
    assert float(chunks[0] @ made[1][0][0]) < 0.9


def test_without_keeping_nothing_is_written_and_the_vectors_are_the_same(home: Path, embedder: MiniLmEmbedder) -> None:
    loose = embed_late(embedder, TEXTS, CHUNKS, SENTENCES, keep=False)
    assert not (home / "tokens").exists()
    kept = embed_late(embedder, TEXTS, CHUNKS, SENTENCES)
    assert list((home / "tokens").glob("*/*.tokens"))
    for (a, s), (b, t) in zip(loose, kept, strict=True):
        assert np.abs(a - b).max(initial=0) < 1e-3 and np.abs(s.astype(float) - t.astype(float)).max(initial=0) < 2e-3
