"""Replies of foreign targets as answers: contexts located in the corpus, quality rated, what is missing said."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.foreign_quality import QualityReading
from engine.evaluation.locating import Locator
from engine.evaluation.target_replies import ForeignContext, Reply
from engine.grounding.signs import is_refusal
from engine.ingestion.sentences import split_sentences
from engine.types import Answer, AnswerSentence, Context, ContextPart, Gap, Ranked

Rate = Callable[[str, Sequence[str]], QualityReading]
UNKNOWN_CHUNK = -1  # a foreign system's chunks have no number here
UNPLACED = ""  # the document of a context that was not located


@dataclass(frozen=True, slots=True)
class AnswerBuilder:
    """Makes answers of replies.

    Attributes:
        name: the target's.
        phrases: an answer that holds one of them abstains; None: one whose first sentence is a refusal.
    """

    name: str
    locator: Locator
    rate: Rate
    phrases: tuple[str, ...] | None = None

    def build(self, question: str, reply: Reply, timings_ms: Mapping[str, float], gap: Gap | None) -> Answer:
        """The answer of a reply.

        Args:
            gap: why no contexts came, when none did.
        """
        contexts = reply.contexts
        parts, lost = self._place(contexts or ())
        rating = None if contexts is None else self.rate(question, [c.text for c in contexts])
        gaps: dict[str, Gap] = {}
        if contexts is None:
            gaps["contexts"] = gap or Gap("the target returned no contexts")
        if lost:
            gaps["places"] = Gap(f"{lost} of {len(parts)} contexts could not be located in the suite's documents")
        retrieved = self._rank(reply, parts, gaps)
        tokens = {**reply.tokens, **({} if rating is None else {"context": rating.tokens})}
        return Answer(
            question=question,
            text=reply.answer,
            sentences=tuple(
                AnswerSentence(text=reply.answer[start:end], citations=())
                for start, end in split_sentences(reply.answer)
            ),
            citations=(),
            retrieved=retrieved,
            context=Context(
                parts=parts,
                quality=None if rating is None else rating.quality,
                tokens=0 if rating is None else rating.tokens,
            ),
            abstained=self._abstains(reply),
            provider=self.name,
            correlation_id=uuid.uuid4().hex[:16],
            timings_ms={name: round(value, 3) for name, value in timings_ms.items()},
            tokens=tokens,
            cost_usd=reply.cost_usd,
            gaps=gaps,
        )

    def _place(self, contexts: Sequence[ForeignContext]) -> tuple[tuple[ContextPart, ...], int]:
        """The contexts with their places, and how many have none."""
        parts = []
        for rank, context in enumerate(contexts, 1):
            place = self.locator.locate(context)
            parts.append(
                ContextPart(
                    document=place.document if place else UNPLACED,
                    chunk_index=UNKNOWN_CHUNK,
                    start=place.start if place else 0,
                    end=place.end if place else len(context.text),
                    text=context.text,
                    score=round(1 / rank if context.score is None else context.score, 6),
                )
            )
        return tuple(parts), sum(part.document == UNPLACED for part in parts)

    def _rank(self, reply: Reply, parts: Sequence[ContextPart], gaps: dict[str, Gap]) -> tuple[Ranked, ...]:
        """The documents in order; a ranking of unknown documents is a gap, not a ranking that found nothing."""
        if reply.retrieved is not None:
            known = [self.locator.find_document(name) for name in reply.retrieved]
            if known and not any(known):
                gaps["retrieved"] = Gap(f"none of the {len(known)} retrieved names is a document of the suite's corpus")
            names = [(found or name, 0, 0) for found, name in zip(known, reply.retrieved, strict=True)]
        elif "contexts" in gaps:
            gaps["retrieved"] = gaps["contexts"]
            return ()
        else:
            if "places" in gaps:
                gaps["retrieved"] = gaps["places"]
            names = [(part.document, part.start, part.end) for part in parts if part.document != UNPLACED]
        return tuple(
            Ranked(document=name, start=start, end=end, score=round(1 / rank, 6))
            for rank, (name, start, end) in enumerate(names, 1)
        )

    def _abstains(self, reply: Reply) -> bool:
        if reply.abstained is not None:
            return reply.abstained
        if self.phrases is not None:
            folded = reply.answer.casefold()
            return any(phrase.casefold() in folded for phrase in self.phrases)
        first = next(iter(split_sentences(reply.answer)), (0, 0))
        return is_refusal(reply.answer[first[0] : first[1]])
