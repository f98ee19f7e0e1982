"""One question under the settings at hand: its document with chunks, retrieved, context and gold marked; the ranking."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.views.passages import Mark, Piece, split_pieces
from engine.views.words import count, decimal, percent, plural

if TYPE_CHECKING:
    from engine.tuning import QuestionView

AROUND = 400
LONGEST = 8_000
MOST_BARS = 1_200
LAYERS = ("gold", "context", "retrieved", "chunks")
Interval = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of a layer; ``label`` stands in it, ``words`` appear beside the pointer."""

    start: int
    end: int
    label: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A document from end to end, ``layers`` from the top. ``note`` says when it holds more chunks than can be drawn."""

    title: str
    document: str
    length: int
    layers: Mapping[str, tuple[Bar, ...]]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkStart:
    """A chunk that begins here; ``rank`` is None where it was not retrieved. Both count from 1."""

    number: int
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """The text from one chunk border to the next, its pieces marked ``context`` and ``gold``.

    Attributes:
        shared: the text lies in two chunks or more.
    """

    begins: tuple[ChunkStart, ...]
    shared: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One retrieved chunk. ``context`` and ``gold`` say how much of it went into the context, and of which gold it holds."""

    rank: int
    document: str
    characters: str
    score: str
    context: bool
    gold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPanel:
    """Everything on the question's side.

    Attributes:
        finding: what became of the gold spans, in a sentence; ``state`` is ``passed``, ``failed`` or ``unscored``.
        document: the document that is shown, of ``documents`` with gold spans or retrieved chunks.
        before, after: characters of it that are left out of ``parts``.
    """

    identifier: str
    question: str
    background: tuple[str, ...]
    answer: str
    finding: str
    state: str
    quality: str
    tokens: str
    steps: tuple[str, ...]
    document: str
    documents: tuple[str, ...]
    strip: Strip
    parts: tuple[TextPart, ...]
    before: int
    after: int
    ranks: tuple[RankRow, ...]


def build_question_panel(view: QuestionView) -> QuestionPanel:
    """The panel of one explained question."""
    gold, context = _spans_in(view.case.gold, view.document), _spans_in(view.parts, view.document)
    ranks = {(r.start, r.end): i for i, r in enumerate(view.retrieved, 1) if r.document == view.document}
    start, end = choose_window(len(view.text), gold, context, list(ranks))
    finding, state = _judge(view)
    return QuestionPanel(
        identifier=view.case.id,
        question=view.case.question,
        background=view.case.background,
        answer=view.answer,
        finding=finding,
        state=state,
        quality=percent(view.quality, 0),
        tokens=count(view.tokens),
        steps=view.steps,
        document=view.document,
        documents=tuple(
            dict.fromkeys([*(s.document for s in view.case.gold), *(r.document for r in view.retrieved), view.document])
        ),
        strip=_build_strip(view, gold, context, ranks),
        parts=cut_parts(view.text, view.chunks, ranks, context, gold, (start, end)),
        before=start,
        after=len(view.text) - end,
        ranks=tuple(_rank_row(view, i, r) for i, r in enumerate(view.retrieved, 1)),
    )


def choose_window(
    length: int, gold: Sequence[Interval], context: Sequence[Interval], ranked: Sequence[Interval]
) -> Interval:
    """The part of a document that is worth reading: around gold and context, else around the best chunk.

    At most ``LONGEST`` characters; where the marks lie further apart the window begins before the first gold span.
    """
    marks = [*gold, *context] or list(ranked[:1])
    if not marks:
        return 0, min(length, LONGEST)
    start = max(0, min(a for a, _ in marks) - AROUND)
    end = min(length, max(b for _, b in marks) + AROUND)
    if end - start > LONGEST:
        start = max(0, min(a for a, _ in gold or context or marks) - AROUND)
        end = min(length, start + LONGEST)
    return start, end


def cut_parts(
    text: str,
    chunks: Sequence[Interval],
    ranks: Mapping[Interval, int],
    context: Sequence[Interval],
    gold: Sequence[Interval],
    window: Interval,
) -> tuple[TextPart, ...]:
    """The window's text cut wherever a chunk begins or ends."""
    start, end = window
    near = [(n, chunk) for n, chunk in enumerate(chunks, 1) if chunk[0] < end and chunk[1] > start]
    borders = sorted({start, end, *(b for _, chunk in near for b in chunk if start < b < end)})
    marks = [Mark(start=a, end=b, name=n) for n, spans in (("context", context), ("gold", gold)) for a, b in spans]
    parts = []
    for a, b in itertools.pairwise(borders):
        begins = [(n, chunk) for n, chunk in near if max(chunk[0], start) == a]
        parts.append(
            TextPart(
                begins=tuple(ChunkStart(number=n, rank=ranks.get(chunk)) for n, chunk in begins),
                shared=sum(chunk[0] < b and chunk[1] > a for _, chunk in near) > 1,
                pieces=split_pieces(text[a:b], marks, a),
            )
        )
    return tuple(parts)


def cover(spans: Iterable[Interval], by: Sequence[Interval]) -> float:
    """Share of the spans' characters that lie in any of ``by``; 1 without spans."""
    wanted = {i for start, end in spans for i in range(start, end)}
    found = {i for start, end in by for i in range(start, end)}
    return len(wanted & found) / len(wanted) if wanted else 1.0


def _judge(view: QuestionView) -> tuple[str, str]:
    """What became of the gold spans."""
    if not view.case.gold:
        if view.case.unanswerable:
            return "The documents do not answer this question; the context should be poor, its quality low.", "unscored"
        whose = "This case has" if view.case.id else "A question of your own has"
        return f"{whose} no gold span: what the context should hold is not known.", "unscored"
    covered = [cover([(s.start, s.end or 0)], _spans_in(view.parts, s.document)) for s in view.case.gold]
    whole = sum(share > 1 - 1e-9 for share in covered)
    spans = plural(len(covered), "gold span")
    if whole == len(covered):
        text = (
            "The gold span stands whole in the context." if whole == 1 else f"All {spans} stand whole in the context."
        )
        return text, "passed"
    partly = sum(0 < share < 1 - 1e-9 for share in covered)
    touched = sum(_is_retrieved(view, s.document, s.start, s.end or 0) for s in view.case.gold)
    if whole or partly:
        return f"{whole} of {spans} whole in the context, {partly} in part.", "failed"
    if touched:
        return "The gold span was retrieved, but context selection left it out.", "failed"
    return f"No retrieved chunk holds a gold span ({spans}): search missed it.", "failed"


def _is_retrieved(view: QuestionView, document: str, start: int, end: int) -> bool:
    return any(a < end and b > start for a, b in _spans_in(view.retrieved, document))


def _spans_in(spans: Iterable[object], document: str) -> list[Interval]:
    return [(s.start, s.end) for s in spans if s.document == document and s.end is not None]  # type: ignore[attr-defined]


def _build_strip(
    view: QuestionView, gold: Sequence[Interval], context: Sequence[Interval], ranks: Mapping[Interval, int]
) -> Strip:
    drawn = view.chunks[:MOST_BARS]
    layers = {
        "gold": tuple(_bar(span, "", "gold span") for span in gold),
        "context": tuple(_bar(span, "", "context") for span in context),
        "retrieved": tuple(
            _bar(span, str(rank), f"rank {rank}") for span, rank in sorted(ranks.items(), key=lambda pair: -pair[1])
        ),
        "chunks": tuple(_bar(span, "", f"chunk {n} of {len(view.chunks)}") for n, span in enumerate(drawn, 1)),
    }
    title = f"{view.document}: {count(len(ranks))} of {plural(len(view.chunks), 'chunk')} retrieved"
    note = f"The first {count(MOST_BARS)} chunks are drawn." if len(view.chunks) > MOST_BARS else ""
    return Strip(title=title, document=view.document, length=len(view.text), layers=layers, note=note)


def _bar(span: Interval, label: str, words: str) -> Bar:
    start, end = span
    return Bar(start=start, end=end, label=label, words=f"{words}<br>characters {start} to {end}")


def _rank_row(view: QuestionView, rank: int, retrieved: object) -> RankRow:
    document, start, end, score = (getattr(retrieved, n) for n in ("document", "start", "end", "score"))
    return RankRow(
        rank=rank,
        document=document,
        characters=f"{start} to {end}",
        score=decimal(score),
        context=any(a < end and b > start for a, b in _spans_in(view.parts, document)),
        gold=any(a < end and b > start for a, b in _spans_in(view.case.gold, document)),
    )
