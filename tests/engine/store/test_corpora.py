from __future__ import annotations

from typing import Any

import pytest

from engine.errors import UnknownNameError
from engine.store import CorpusStore, Store


def document(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "document": name, "title": f"Title {name}", "source": f"/{name}", "content_type": "markdown",
        "content_hash": "h", "characters": 100, "chunks": 2, **changes,
    }  # fmt: skip


def record(corpora: CorpusStore, documents: list[dict[str, Any]], corpus: str = "shop") -> None:
    corpora.record_corpus(
        corpus=corpus, sources=["/shop"], settings={"top_k": 5}, index_fingerprint="f" * 12, documents=documents,
        skipped=[{"path": "/x.pdf", "reason": "encrypted"}], seconds=1.5,
    )  # fmt: skip


def test_a_corpus_comes_back_with_its_documents(either: Store) -> None:
    corpora = CorpusStore(either)
    record(corpora, [document("b.md"), document("a.md", content_type="text")])
    row = corpora.load_corpus("shop")
    assert (row["documents"], row["chunks"], row["characters"]) == (2, 4, 200)
    assert row["skipped"] == [{"path": "/x.pdf", "reason": "encrypted"}]
    assert [entry["document"] for entry in corpora.load_documents("shop")] == ["a.md", "b.md"]
    assert [entry["document"] for entry in corpora.load_documents("shop", 1, 1)] == ["b.md"]
    assert [entry["document"] for entry in corpora.load_documents("shop", search="TITLE A")] == ["a.md"]
    assert {entry["content_type"]: entry["documents"] for entry in corpora.count_content_types("shop")} == {
        "markdown": 1,
        "text": 1,
    }


def test_documents_that_are_gone_leave_the_corpus(store: Store) -> None:
    corpora = CorpusStore(store)
    record(corpora, [document("a.md"), document("it's.md")])
    record(corpora, [document("other.md")], corpus="other")
    record(corpora, [document("a.md", chunks=5)])
    assert [(entry["document"], entry["chunks"]) for entry in corpora.load_documents("shop")] == [("a.md", 5)]
    record(corpora, [])
    assert corpora.load_documents("shop") == []
    assert corpora.load_corpus("shop")["documents"] == 0
    assert len(corpora.load_documents("other")) == 1


def test_an_unknown_corpus_names_the_known_ones(store: Store) -> None:
    corpora = CorpusStore(store)
    record(corpora, [document("a.md")])
    assert corpora.find_corpus("x") is None
    with pytest.raises(UnknownNameError, match="Known: shop"):
        corpora.load_corpus("x")


def test_a_deleted_corpus_is_gone(store: Store) -> None:
    corpora = CorpusStore(store)
    record(corpora, [document("a.md")])
    corpora.delete_corpus("shop")
    assert corpora.list_corpora() == []
    assert corpora.load_documents("shop") == []
