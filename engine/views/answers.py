"""An answer as a reader sees it: numbered sources, sentences with their numbers, contexts, stages. For Ask and for cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.grounding.scoring import score_groundedness
from engine.views.passages import Mark, Piece, split_pieces
from engine.views.words import milliseconds, percent

STAGE_WORDS = {
    "embed": "Embed the question",
    "search": "Search the index",
    "fetch": "Fetch the chunks",
    "dense": "Dense search",
    "lexical": "Lexical search",
    "retrieve": "Retrieve",
    "context": "Choose the context",
    "generate": "Write the answer",
    "rewrite": "Make the question stand-alone",
    "review": "Check the answer",
    "repair": "Mend the answer",
    "request": "Wait for the target",
    "call": "Call the target",
}
CACHE_WORDS = {
    "memory": "The same question was answered a moment ago; nothing has changed since.",
    "store": "The same question was answered before, perhaps by another process; nothing has changed since.",
    "semantic": "A question that asks the same in other words was answered before; nothing has changed since.",
}
NOT_LOCATED = "not located in the suite's documents"
# What a foreign target's answer waited for beside its own time.
OUTSIDE = ("total", "waiting", "retrying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence and the numbers of the sources behind it."""

    text: str
    sources: tuple[int, ...]
    groundedness: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A numbered source. ``start`` and ``end`` are its characters in the document."""

    number: int
    document: str
    start: int
    end: int
    chunk_index: int
    relevance: float
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextView:
    """A chosen passage, cut where cited and gold spans begin and end. ``holds_gold``: whether a gold span lies in it."""

    rank: int
    document: str
    start: int
    end: int
    score: float
    pieces: tuple[Piece, ...]
    holds_gold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the work: when it began and how long it took, in ms."""

    name: str
    begins: float
    lasts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One check or verdict as a row: who looked, at what, what came of it (``passed``, ``failed``, ``no verdict``, ...)."""

    kind: str
    aspect: str
    state: str
    score: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One answer, ready to be drawn."""

    question: str
    text: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    sources: tuple[Source, ...]
    contexts: tuple[ContextView, ...]
    quality: float | None
    quality_words: str
    groundedness: float | None
    groundedness_words: str
    stages: tuple[Stage, ...]
    total_ms: float | None
    provider: str
    correlation_id: str
    degraded: tuple[str, ...]
    notices: tuple[str, ...]
    cache_words: str
    searched: str
    tokens: Mapping[str, int]
    steps: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    judgements_words: str
    prompt: str


def build_answer(
    answer: Mapping[str, Any], *, min_quality: float | None = None, gold: Sequence[Mapping[str, Any]] = ()
) -> AnswerView:
    """The view of an answer's JSON (``Answer.as_json()`` or a case's ``detail``). ``gold``: spans of the case."""
    citations = answer.get("citations") or []
    numbers, sources = _number_sources(citations)
    sentences = tuple(
        Sentence(
            text=s["text"],
            sources=tuple(dict.fromkeys(numbers[i] for i in s["citations"] if i < len(numbers))),
            groundedness=None
            if "contexts" in (answer.get("gaps") or {})
            else _groundedness(s, [c["text"] for c in answer.get("contexts") or []]),
        )
        for s in answer.get("sentences") or []
    )
    grounded = [s.groundedness for s in sentences if s.groundedness is not None]
    groundedness = sum(grounded) / len(grounded) if grounded else None
    timings = answer.get("timings_ms") or {}
    quality = answer.get("context_quality")
    return AnswerView(
        question=answer.get("question", ""),
        text=answer.get("answer") or "",
        abstained=bool(answer.get("abstained")),
        sentences=sentences,
        sources=sources,
        contexts=_contexts(answer.get("contexts") or [], citations, gold),
        quality=quality,
        quality_words=_quality_words(quality, min_quality),
        groundedness=groundedness,
        groundedness_words=_groundedness_words(groundedness, len(grounded)),
        stages=_stages(timings),
        total_ms=timings.get("total"),
        provider=answer.get("provider") or "",
        correlation_id=answer.get("correlation_id") or "",
        degraded=tuple(answer.get("degraded") or ()),
        notices=tuple(answer.get("notices") or ()),
        cache_words=CACHE_WORDS.get(str(answer.get("cache_tier") or ""), ""),
        searched=answer.get("searched") or "",
        tokens=dict(answer.get("tokens") or {}),
        steps=tuple(answer.get("context_steps") or ()),
        judgements=_judgements(answer.get("validation") or {}),
        judgements_words=_judgements_words(answer.get("validation") or {}),
        prompt=answer.get("prompt") or "",
    )


def _groundedness(sentence: Mapping[str, Any], contexts: Sequence[str]) -> float:
    given = sentence.get("groundedness")
    return float(given) if given is not None else score_groundedness(sentence["text"], contexts)


def _number_sources(citations: Sequence[Mapping[str, Any]]) -> tuple[list[int], tuple[Source, ...]]:
    """Numbers in the order of first use; the same span has one number however often it is cited."""
    known: dict[tuple[Any, ...], int] = {}
    numbers, sources = [], []
    for c in citations:
        key = (c["document"], c["start"], c["end"])
        if key not in known:
            known[key] = len(known) + 1
            sources.append(
                Source(
                    number=known[key],
                    document=c["document"],
                    start=c["start"],
                    end=c["end"],
                    chunk_index=c["chunk_index"],
                    relevance=c["relevance"],
                    preview=_preview(c["preview"], c["end"] - c["start"]),
                )
            )
        numbers.append(known[key])
    return numbers, tuple(sources)


def _preview(text: str, length: int) -> str:
    """A preview that was cut ends at a word."""
    return text if len(text) >= length else text.rsplit(" ", 1)[0] + " …"


def _contexts(
    contexts: Sequence[Mapping[str, Any]], citations: Sequence[Mapping[str, Any]], gold: Sequence[Mapping[str, Any]]
) -> tuple[ContextView, ...]:
    views = []
    for rank, c in enumerate(contexts, 1):
        marks = [
            Mark(start=s["start"], end=s["end"], name="cited") for s in citations if s["document"] == c["document"]
        ]
        golden = [
            Mark(start=g.get("start", 0), end=g.get("end") or c["end"], name="gold")
            for g in gold
            if g["document"] == c["document"]
        ]
        held = any(m.start < c["end"] and m.end > c["start"] for m in golden)
        views.append(
            ContextView(
                rank=rank,
                document=c["document"] or NOT_LOCATED,
                start=c["start"],
                end=c["end"],
                score=c["score"],
                pieces=split_pieces(c["text"], [*marks, *golden], c["start"]),
                holds_gold=held,
            )
        )
    return tuple(views)


def _judgements(validation: Mapping[str, Any]) -> tuple[Judgement, ...]:
    checks = (
        Judgement(kind="check", aspect=c["name"], state=c["status"], score=c.get("score"), reason=c.get("reason") or "")
        for c in validation.get("checks") or ()
    )
    words = {True: "passed", False: "failed", None: "no verdict"}
    verdicts = (
        Judgement(kind="validator", aspect=v["aspect"], state=words[v["passed"]], score=None, reason=v["reason"])
        for v in validation.get("verdicts") or ()
    )
    return (*checks, *verdicts)


def _judgements_words(validation: Mapping[str, Any]) -> str:
    """What quality control came to, in one line; empty where no model wrote the answer."""
    checks, verdicts = validation.get("checks") or (), validation.get("verdicts") or ()
    if not checks and not verdicts:
        return ""
    passed = sum(c["status"] in ("passed", "not applicable") for c in checks)
    told = [f"{passed} of {len(checks)} checks passed"] if checks else []
    if verdicts:
        agreed = sum(v["passed"] is True for v in verdicts)
        outcome = {"passed": "consensus", "failed": "rejected", "none": "no consensus"}[validation["consensus"]]
        told.append(f"{agreed} of {len(verdicts)} validators agreed ({outcome}, {validation['needed']} needed)")
    repair = {"kept": "mended once", "dropped": "one repair did not help", "failed": "the repair failed"}
    return " · ".join([*told, *([repair[validation["repair"]]] if validation.get("repair") else [])])


def _stages(timings: Mapping[str, float]) -> tuple[Stage, ...]:
    stages, clock = [], 0.0
    for name, lasts in timings.items():
        if name in OUTSIDE:
            continue
        stages.append(Stage(name=STAGE_WORDS.get(name, name.replace("_", " ").capitalize()), begins=clock, lasts=lasts))
        clock += lasts
    rest = timings.get("total", 0.0) - clock
    if stages and rest > 0.05 * timings["total"]:
        stages.append(Stage(name="Everything else", begins=clock, lasts=rest))
    return tuple(stages)


def _quality_words(quality: float | None, min_quality: float | None) -> str:
    if quality is None:
        return "The context's quality was not measured."
    text = f"The chosen passages support an answer with a probability of {percent(quality, 0)}."
    if min_quality is None:
        return text
    relation = "at least" if quality >= min_quality else "under"
    return f"{text} That is {relation} the {percent(min_quality, 0)} from which the engine answers."


def _groundedness_words(groundedness: float | None, sentences: int) -> str:
    if groundedness is None:
        return "No sentence of this answer was checked against its sources."
    number = "The sentence is" if sentences == 1 else f"The {sentences} sentences are"
    return f"{number} supported by the context with a mean probability of {percent(groundedness, 0)}."


def waterfall_title(view: AnswerView) -> str:
    """``Answered in 14.2 ms; Search the index took most of it (6.1 ms)``."""
    if not view.stages:
        return "No timings were recorded"
    longest = max(view.stages, key=lambda s: s.lasts)
    return f"{milliseconds(view.total_ms)} in all; longest: {longest.name.lower()}, {milliseconds(longest.lasts)}"
