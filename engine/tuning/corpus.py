"""A corpus as the lab holds it: texts cut to any size, vectors of any span, sentences, words, on one axis of characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.chunking import analyse_document, split_spans
from engine.chunking.headings import blend_headings, heading_prefix, repeated_title
from engine.context.sentences import SentenceTable, describe_sentences, find_followers, hash_words
from engine.embedding import Embedder
from engine.embedding.pooling import SpanPooler
from engine.embedding.token_index import DocumentTokens, TokenEmbedder, TokenIndex
from engine.errors import InputError
from engine.ingestion.sentences import split_sentences
from engine.settings import PipelineSettings
from engine.tuning.lexical import WordPlaces
from engine.types import Document, SentenceArrays, WordLists

# The lab holds a corpus in memory: beyond this it would not answer at once any more.
LARGEST_CHARACTERS = 4_000_000
EMBEDDED_AT_ONCE = 256


class LabEmbedder(Embedder, TokenEmbedder, Protocol):
    """What the lab needs of an embedder: vectors of texts and of their tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSet:
    """The chunks of a corpus in the order of its documents, n of them; all arrays int64 but ``vectors``.

    Attributes:
        document: place in the corpus; ``start`` and ``end`` in that document.
        prefix: row of ``prefixes``: what stands before a chunk's text when it is searched.
        first, last: rows of the first sentence that reaches into a chunk and of the one behind the last.
        vectors: float32 (n, dimension), unit length.
        tokens: of the chunk's text.
    """

    document: np.ndarray
    start: np.ndarray
    end: np.ndarray
    prefix: np.ndarray
    prefixes: tuple[str, ...]
    first: np.ndarray
    last: np.ndarray
    vectors: np.ndarray
    tokens: np.ndarray

    def __len__(self) -> int:
        return len(self.document)


class LabCorpus:
    """Everything of a corpus that no setting changes."""

    def __init__(
        self,
        documents: Sequence[Document],
        embedder: LabEmbedder,
        progress: Callable[[int, int], None],
    ) -> None:
        characters = sum(len(document.text) for document in documents)
        if characters > LARGEST_CHARACTERS:
            raise InputError(
                f"The corpus has {characters:,} characters; the Tuning lab holds at most {LARGEST_CHARACTERS:,} in memory.",
                "Tune on a part of the corpus, or compare real runs of the whole: python -m engine run SUITE --set ...",
            )
        self.documents = tuple(documents)
        self.place = {document.id: i for i, document in enumerate(documents)}
        self._embedder = embedder
        self._headings: dict[str, np.ndarray] = {"": np.zeros(embedder.dimension, np.float32)}
        texts = [document.text for document in documents]
        index = TokenIndex(embedder)
        self.document_tokens = index.load(texts, progress)
        self.embedded, self.reused = index.embedded, index.reused
        self.pooler = SpanPooler(self.document_tokens, embedder.dimension)
        self.words = WordPlaces(texts)
        self.base = np.concatenate([[0], np.cumsum([len(text) + 1 for text in texts])]).astype(np.int64)
        sentences = [split_sentences(text) for text in texts]
        self.layouts = [
            analyse_document(document, spans, _known_offsets(tokens), embedder.embed)
            for document, spans, tokens in zip(documents, sentences, self.document_tokens, strict=True)
        ]
        self.sentences = self._describe(sentences)
        self._embed_headings(self._likely_prefixes())
        starts = self.base[self.sentences.document]
        self._sentence_starts = starts + self.sentences.arrays.spans[:, 0]
        self._sentence_ends = starts + self.sentences.arrays.spans[:, 1]

    def cut(self, settings: PipelineSettings) -> ChunkSet:
        """Cut every document and pool the chunks' vectors."""
        rows: list[tuple[int, int, int, int]] = []
        prefixes: dict[str, int] = {}
        for i, layout in enumerate(self.layouts):
            title = layout.document.title
            for start, end in split_spans(layout, settings):
                prefix = heading_prefix(title, layout.heading_at(start))
                rows.append((i, start, end, prefixes.setdefault(prefix, len(prefixes))))
        table = np.array(rows, np.int64).reshape(-1, 4)
        document, start, end, prefix = (np.ascontiguousarray(column) for column in table.T)
        titles = [layout.document.title for layout in self.layouts]
        skipped = [repeated_title(titles[d], self.documents[d].text[a:b]) for d, a, b, _ in rows]
        base = self.base[document]
        first = np.searchsorted(self._sentence_ends, base + start, "right")
        return ChunkSet(
            document=document,
            start=start,
            end=end,
            prefix=prefix,
            prefixes=tuple(prefixes),
            first=first,
            last=np.maximum(np.searchsorted(self._sentence_starts, base + end, "left"), first),
            vectors=self.blend(self.pooler.pool(document, start + skipped, end), prefixes, prefix),
            tokens=self.pooler.count_tokens(document, start, end),
        )

    def _likely_prefixes(self) -> list[str]:
        """What stands before a chunk that begins with a sentence, whatever the settings: embedded before it is needed."""
        table = self.sentences
        places = zip(table.document.tolist(), table.arrays.spans[:, 0].tolist(), strict=True)
        return [heading_prefix(self.documents[d].title, self.layouts[d].heading_at(a)) for d, a in places]

    def blend(self, vectors: np.ndarray, prefixes: Iterable[str], prefix: np.ndarray) -> np.ndarray:
        """Vectors of chunks turned towards their titles and headings, as an ingest does."""
        names = list(prefixes)
        self._embed_headings(names)
        rows = np.stack([self._headings[name] for name in names]) if names else np.zeros((1, vectors.shape[1]))
        return blend_headings(vectors, rows[prefix].astype(np.float32))

    def embed_chunks(self, chunks: ChunkSet, progress: Callable[[int, int], None]) -> np.ndarray:
        """The vectors of chunks embedded one by one."""
        texts = self.read_chunks(chunks)
        titles = [self.documents[d].title for d in chunks.document.tolist()]
        bare = [text[repeated_title(title, text) :] for title, text in zip(titles, texts, strict=True)]
        vectors = np.zeros_like(chunks.vectors)
        for low in range(0, len(bare), EMBEDDED_AT_ONCE):
            vectors[low : low + EMBEDDED_AT_ONCE] = self._embedder.embed(bare[low : low + EMBEDDED_AT_ONCE])
            progress(min(low + EMBEDDED_AT_ONCE, len(bare)), len(bare))
        return self.blend(vectors, chunks.prefixes, chunks.prefix)

    def read_chunks(self, chunks: ChunkSet) -> list[str]:
        """The texts of chunks."""
        rows = zip(chunks.document.tolist(), chunks.start.tolist(), chunks.end.tolist(), strict=True)
        return [self.documents[d].text[a:b] for d, a, b in rows]

    def _embed_headings(self, prefixes: Sequence[str]) -> None:
        missing = [prefix for prefix in dict.fromkeys(prefixes) if prefix not in self._headings]
        if missing:
            self._headings.update(zip(missing, self._embedder.embed([p.strip() for p in missing]), strict=True))

    def _describe(self, sentences: Sequence[Sequence[tuple[int, int]]]) -> SentenceTable:
        counts = [len(spans) for spans in sentences]
        document = np.repeat(np.arange(len(sentences)), counts)
        spans = np.array([span for own in sentences for span in own], np.int64).reshape(-1, 2)
        texts = [self.documents[d].text[a:b] for d, (a, b) in zip(document.tolist(), spans.tolist(), strict=True)]
        signs, words, names = describe_sentences(texts)
        arrays = SentenceArrays(
            spans=spans,
            vectors=self.pooler.pool(document, spans[:, 0], spans[:, 1]).astype(np.float16),
            tokens=self.pooler.count_tokens(document, spans[:, 0], spans[:, 1]),
            signs=signs,
            words=words,
            names=names,
        )
        about = [
            hash_words(f"{self.documents[d].title} {self.layouts[d].heading_at(a)}")
            for d, a in zip(document.tolist(), spans[:, 0].tolist(), strict=True)
        ]
        groups = {hashes: i for i, hashes in enumerate(dict.fromkeys(about))}
        return SentenceTable(
            documents=tuple(d.id for d in self.documents),
            document=document,
            arrays=arrays,
            follows=find_followers(document, spans),
            about=np.array([groups[hashes] for hashes in about], np.int64),
            about_words=WordLists.from_lists(list(groups)),
        )


def _known_offsets(tokens: DocumentTokens) -> Callable[[str], list[tuple[int, int]]]:
    return lambda _: tokens.offsets.tolist()
