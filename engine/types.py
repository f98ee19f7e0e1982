"""The words that every stage uses: documents, chunks, contexts, answers. All frozen; offsets count code points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One source text.

    Attributes:
        id: path inside the corpus (``policies/refunds.md``), ``products.csv#17`` for a row, or a corpus.jsonl id.
        text: the text that all offsets refer to.
        source: absolute path of the file that it came from.
        content_type: ``markdown``, ``text``, ``html``, ``pdf``, ``docx``, ``row``, ``json``.
        content_hash: sha256 (hex) over id, title and text.
    """

    id: str
    title: str
    text: str
    source: str
    content_type: str
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """``document.text[start:end]`` is ``text``, always. ``heading`` is the path of headings above it."""

    document: str
    index: int
    start: int
    end: int
    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a document; a missing ``end`` means the whole document."""

    document: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class WordLists:
    """Lists of hashed words, one after another: list i is ``values[offsets[i]:offsets[i + 1]]`` (uint32, int32)."""

    values: np.ndarray
    offsets: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Length of each list."""
        return self.offsets[1:] - self.offsets[:-1]

    @staticmethod
    def from_lists(lists: Sequence[Sequence[int]]) -> WordLists:
        """Join plain lists."""
        offsets = np.zeros(len(lists) + 1, np.int32)
        np.cumsum([len(words) for words in lists], out=offsets[1:])
        return WordLists(np.fromiter((w for words in lists for w in words), np.uint32, int(offsets[-1])), offsets)

    @staticmethod
    def from_counts(values: np.ndarray, counts: np.ndarray) -> WordLists:
        """Lists of known lengths."""
        offsets = np.zeros(len(counts) + 1, np.int32)
        np.cumsum(counts, out=offsets[1:])
        return WordLists(values, offsets)

    def take(self, rows: np.ndarray) -> WordLists:
        """The lists of some rows."""
        counts = self.counts[rows]
        shift = np.repeat(self.offsets[rows] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return WordLists.from_counts(self.values[shift + np.arange(int(counts.sum()))], counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceArrays:
    """Sentences as arrays, n of them, in the order of the text.

    Attributes:
        spans: int (n, 2), start and end in the document.
        vectors: float16 (n, dimension), unit length.
        tokens: int (n,), the embedder's tokens of each.
        signs: uint16 (n,), what each holds, see ``engine.context.sentences.Sign``.
        words, names: hashes of each one's telling stems, and of those among them that are written as names.
    """

    spans: np.ndarray
    vectors: np.ndarray
    tokens: np.ndarray
    signs: np.ndarray
    words: WordLists
    names: WordLists


# Fields of a document that the setting ``filter`` may name.
FILTER_FIELDS = ("document", "title", "source", "content_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a chunk's document must be, or must not be: ``pattern`` is matched against ``field``, ``*`` and ``?`` are wild."""

    field: str
    pattern: str
    excludes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChunk:
    """A retrieved chunk with what the index knows of it.

    Attributes:
        score: rank-fused relevance, higher is better, comparable within one question only.
        similarity: cosine between question and chunk in [-1, 1].
        lexical: BM25 score, 0.0 when the lexical search did not return the chunk.
    """

    document: str
    chunk_index: int
    start: int
    end: int
    text: str
    title: str
    heading: str
    score: float
    similarity: float
    lexical: float
    sentences: SentenceArrays = field(repr=False, compare=False)

    def rescored(self, score: float, similarity: float | None = None, lexical: float | None = None) -> ScoredChunk:
        """The same chunk with other scores; those that are None stay. Thrice as fast as ``dataclasses.replace``."""
        return ScoredChunk(
            document=self.document,
            chunk_index=self.chunk_index,
            start=self.start,
            end=self.end,
            text=self.text,
            title=self.title,
            heading=self.heading,
            score=score,
            similarity=self.similarity if similarity is None else similarity,
            lexical=self.lexical if lexical is None else lexical,
            sentences=self.sentences,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSentence:
    """A sentence of a retrieved chunk.

    Attributes:
        score: orders the sentences of one question by how likely they answer it.
        relevance: the probability that this is the sentence that answers, among all that were retrieved.
        covered: how much of the question each of its terms is, for those that the sentence, its neighbours or its
            headings hold; 0 for the others.
    """

    document: str
    chunk_index: int
    start: int
    end: int
    text: str
    score: float
    similarity: float
    relevance: float = 0.0
    title: str = ""
    covered: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPart:
    """One chosen passage: ``document.text[start:end]`` is ``text``. ``score``: the relevance of its sentences, summed.

    Of a foreign target ``text`` is what it gave, and the span is where that stands, however it was formatted.
    """

    document: str
    chunk_index: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The chosen passages, best first; their calibrated quality; what was tried to improve them.

    ``quality`` is None when a foreign target gave no contexts. A part whose document is "" could not be located.
    """

    parts: tuple[ContextPart, ...]
    quality: float | None
    tokens: int
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a sentence of the answer comes from. ``relevance`` is in [0, 1]."""

    document: str
    chunk_index: int
    start: int
    end: int
    relevance: float
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentence:
    """One sentence of the answer; ``citations`` are indices into ``Answer.citations``."""

    text: str
    citations: tuple[int, ...]
    groundedness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One entry of the ranking before context selection."""

    document: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Why something that measures look at did not come with an answer.

    ``fails``: it should have come, so that the measures fail; otherwise they do not apply.
    """

    reason: str
    fails: bool = True


@dataclass(frozen=True, slots=True)
class Restarted:
    """In a stream of text: what came so far is void, and why. Another provider, or a repair, begins anew."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCheck:
    """What one check of a model's answer found.

    Attributes:
        status: ``passed``, ``failed``, ``not run`` (and why), or ``not applicable``.
        score: what was held against the threshold, in [0, 1]; None without one.
        reason: of a check that failed or did not run; of one that passed by another way than usual, that way.
    """

    name: str
    status: str
    score: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A validator's judgement of one aspect. ``passed`` is None when it gave none; ``reason`` then says why."""

    aspect: str
    passed: bool | None
    reason: str
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What quality control and the validators said of a model's answer.

    Attributes:
        consensus: ``passed``, ``failed``, ``none`` (too few verdicts to tell), or empty when no validator was asked.
        needed: how many validators have to agree.
        repair: what became of the one try to mend the answer: ``kept``, ``dropped``, ``failed``; empty without one.
    """

    checks: tuple[AnswerCheck, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    consensus: str = ""
    needed: int = 0
    repair: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values under the names of the fields."""
        return {
            "checks": [{"name": c.name, "status": c.status, "score": c.score, "reason": c.reason} for c in self.checks],
            "verdicts": [
                {"aspect": v.aspect, "passed": v.passed, "reason": v.reason, "provider": v.provider}
                for v in self.verdicts
            ],
            "consensus": self.consensus,
            "needed": self.needed,
            "repair": self.repair,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Validation:
        """What ``as_json`` gave."""
        return Validation(
            checks=tuple(AnswerCheck(**check) for check in value.get("checks") or ()),
            verdicts=tuple(Verdict(**verdict) for verdict in value.get("verdicts") or ()),
            consensus=value.get("consensus") or "",
            needed=int(value.get("needed") or 0),
            repair=value.get("repair") or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the pipeline says to one question, and everything needed to explain it.

    Attributes:
        degraded: why the answer is less than it could be, one reason each; empty when nothing was lost.
        timings_ms: wall time by stage, with ``total``.
        tokens: ``prompt`` and ``completion`` as the provider counted them; context tokens under ``context``.
        notices: what a reader should know though nothing was lost, such as instructions found inside a passage.
        gaps: what a foreign target left out: ``contexts``, ``places`` (of contexts in the corpus), ``retrieved``.
        validation: what quality control found; None where no model wrote the answer.
        prompt: the template that asked the model, ``name@version`` and its hash; empty without one.
        searched: what was searched in place of the question, such as a follow-up question with what it leans on; empty
            where the question was searched as it stands.
    """

    question: str
    text: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    retrieved: tuple[Ranked, ...]
    context: Context
    abstained: bool
    provider: str
    correlation_id: str
    timings_ms: Mapping[str, float]
    tokens: Mapping[str, int]
    cost_usd: float = 0.0
    cache_tier: str | None = None
    degraded: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    validation: Validation | None = None
    prompt: str = ""
    searched: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that ``ask --json`` prints."""
        return {
            "question": self.question,
            "searched": self.searched,
            "answer": self.text,
            "sentences": [
                {"text": s.text, "citations": list(s.citations), "groundedness": s.groundedness} for s in self.sentences
            ],
            "citations": [
                {
                    "document": c.document,
                    "chunk_index": c.chunk_index,
                    "start": c.start,
                    "end": c.end,
                    "relevance": c.relevance,
                    "preview": c.preview,
                }
                for c in self.citations
            ],
            "retrieved": [
                {"document": r.document, "start": r.start, "end": r.end, "score": r.score} for r in self.retrieved
            ],
            "contexts": [
                {"document": p.document, "start": p.start, "end": p.end, "text": p.text, "score": p.score}
                for p in self.context.parts
            ],
            "context_quality": self.context.quality,
            "context_steps": list(self.context.steps),
            "abstained": self.abstained,
            "provider": self.provider,
            "cache_tier": self.cache_tier,
            "degraded": list(self.degraded),
            "notices": list(self.notices),
            "gaps": {name: {"reason": gap.reason, "fails": gap.fails} for name, gap in self.gaps.items()},
            "timings_ms": dict(self.timings_ms),
            "tokens": dict(self.tokens),
            "cost_usd": self.cost_usd,
            "validation": self.validation.as_json() if self.validation else None,
            "prompt": self.prompt,
            "correlation_id": self.correlation_id,
        }
