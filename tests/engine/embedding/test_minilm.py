from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from engine.corpora import shipped_corpora
from engine.embedding import load_embedder
from engine.embedding.minilm import CLS, SEP, WINDOW, MiniLmEmbedder
from engine.embedding.weights import find_model_folder
from engine.errors import SettingError
from engine.ingestion import load_documents
from engine.ingestion.sentences import split_sentences
from engine.settings import PipelineSettings

TEXTS = [
    "How long may I return a box?",
    "Refunds are paid within fourteen days.",
    "日本語 и русский, naïve café 🙂",
    "kubectl get pods --all-namespaces | grep CrashLoopBackOff",
    " ".join(["The warehouse keeps boxes of every size on its long shelves"] * 20),
]


@pytest.fixture(scope="module", params=["exact", "fast"])
def embedder(request: pytest.FixtureRequest, models: object) -> MiniLmEmbedder:
    return _load(request.param)


@pytest.fixture(scope="module")
def exact(models: object) -> MiniLmEmbedder:
    return _load("exact")


@pytest.fixture(autouse=True, scope="module")
def state(models: object) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(models.parent))  # type: ignore[attr-defined]
        yield


def _load(precision: str) -> MiniLmEmbedder:
    found = load_embedder(PipelineSettings(precision=precision))
    assert isinstance(found, MiniLmEmbedder)
    return found


@cache
def _reference() -> tuple[dict[str, np.ndarray], Tokenizer]:
    folder = find_model_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return {
        k: v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items() if v.dtype.kind == "f"
    }, tokenizer


def bert_tokens(ids: list[int]) -> np.ndarray:
    """Last hidden states of BERT (Devlin et al. 2019) in plain numpy, float64."""
    w, _ = _reference()

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = norm(x + w[f"{e}.token_type_embeddings.weight"][0], f"{e}.LayerNorm")
    erf = np.vectorize(math.erf)
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{name}.attention.self.{part}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended = (weights @ v).transpose(1, 0, 2).reshape(len(ids), 384)
        x = norm(linear(attended, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm")
        hidden = linear(x, f"{name}.intermediate.dense")
        hidden = hidden * 0.5 * (1 + erf(hidden / math.sqrt(2)))
        x = norm(linear(hidden, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")
    return x


def word_pieces(text: str) -> list[int]:
    return _reference()[1].encode(text, add_special_tokens=False).ids


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_exact_vectors_equal_a_plain_implementation_of_bert(exact: MiniLmEmbedder) -> None:
    for text, vector in zip(TEXTS, exact.embed(TEXTS), strict=True):
        expected = unit(bert_tokens([CLS, *word_pieces(text), SEP]).mean(axis=0))
        assert float(expected @ vector) >= 0.9999


def test_a_text_longer_than_the_window_is_the_mean_of_its_windows_and_nothing_is_cut(exact: MiniLmEmbedder) -> None:
    text = (shipped_corpora()["stories"] / "salt-ledger.md").read_text()[:2800]
    ids, step = word_pieces(text), WINDOW - 2
    assert len(ids) > 2 * step
    windows = [bert_tokens([CLS, *ids[i : i + step], SEP]) for i in range(0, len(ids), step)]
    expected = unit(np.concatenate(windows).sum(axis=0))
    assert float(expected @ exact.embed([text])[0]) >= 0.9999
    assert (
        float(exact.embed([text])[0] @ exact.embed([text + " A wholly different ending about kittens." * 9])[0]) < 0.99
    )


def test_fast_vectors_are_close_to_the_exact_ones_on_the_shipped_documents(exact: MiniLmEmbedder) -> None:
    texts = [d.text[:900] for path in shipped_corpora().values() for d in load_documents([path]).documents[:16]]
    cosines = (exact.embed(texts) * _load("fast").embed(texts)).sum(axis=1)
    assert cosines.mean() >= 0.99 and cosines.min() >= 0.97


def test_vectors_are_float32_of_unit_length(embedder: MiniLmEmbedder) -> None:
    vectors = embedder.embed([*TEXTS, "", " \n"])
    assert vectors.shape == (7, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_order_batching_and_padding_do_not_change_exact_vectors(exact: MiniLmEmbedder) -> None:
    texts = [" ".join(TEXTS)[: 7 + 23 * i] for i in range(60)]
    together = exact.embed(texts)
    order = np.random.default_rng(3).permutation(len(texts))
    assert np.abs(exact.embed([texts[i] for i in order]) - together[order]).max() <= 1e-5
    assert np.abs(np.concatenate([exact.embed([t]) for t in texts[::7]]) - together[::7]).max() <= 1e-5


def test_no_texts_give_no_vectors(embedder: MiniLmEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)
    assert embedder.embed_spans([], []) == []
    assert embedder.count_tokens([]) == []


def test_the_vector_of_a_span_is_the_mean_of_its_tokens_in_their_text(exact: MiniLmEmbedder) -> None:
    text = "The shop is closed on Sunday. Refunds take two weeks."
    spans = split_sentences(text)
    (embedded,) = exact.embed_spans([text], [spans])
    tokens = bert_tokens([CLS, *word_pieces(text), SEP])[1:-1]
    first = len(word_pieces(text[: spans[0][1]]))
    for vector, expected in zip(embedded.span_vectors, (tokens[:first], tokens[first:]), strict=True):
        assert float(unit(expected.mean(axis=0)) @ vector.astype(np.float64)) >= 0.999
    assert np.abs(embedded.vector - exact.embed([text])[0]).max() <= 1e-5
    assert embedded.span_vectors.dtype == np.float16


def test_spans_reach_across_windows_and_into_any_script(embedder: MiniLmEmbedder) -> None:
    text = "日本語の文です。🙂 e\u0301tude " + "word " * 600 + "The end."
    spans = [(0, 8), (9, 3000), (len(text) - 8, len(text)), (8, 9)]
    (embedded,) = embedder.embed_spans([text], [spans])
    assert np.allclose(np.linalg.norm(embedded.span_vectors.astype(np.float32)[:3], axis=1), 1, atol=2e-3)
    (alone,) = embedder.embed_spans([text], [[]])
    assert np.abs(embedded.vector - alone.vector).max() <= (1e-5 if embedder.name.endswith("exact") else 0.05)
    assert alone.span_vectors.shape == (0, 384)


def test_progress_of_spans_counts_to_the_number_of_texts(embedder: MiniLmEmbedder) -> None:
    said: list[tuple[int, int]] = []
    embedder.embed_spans(TEXTS * 20, [[]] * 100, lambda done, total: said.append((done, total)))
    assert said == sorted(said) and said[-1] == (100, 100) and len(said) > 1


def test_tokens_are_counted_without_the_special_ones_and_placed_in_the_text(embedder: MiniLmEmbedder) -> None:
    text = "Unbelievable 🙂 cafés"
    assert embedder.count_tokens(["", "return", text]) == [0, 1, len(embedder.token_offsets(text))]
    assert "".join(text[a:b] for a, b in embedder.token_offsets(text)) == text.replace(" ", "")


def test_an_embedder_is_loaded_once_and_an_unknown_one_is_refused() -> None:
    assert load_embedder(PipelineSettings()) is load_embedder(PipelineSettings(top_k=3))
    with pytest.raises(SettingError, match="provider/model"):
        load_embedder(PipelineSettings(embedder="word2vec"))
