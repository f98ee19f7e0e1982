"""Every measure that needs no model, over 1,000 answered questions, against ragas' own metrics called one by one."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from engine.bench.options import read_count
from engine.corpora import load_sources
from engine.embedding import load_embedder
from engine.evaluation.case_results import build_sample
from engine.evaluation.measures import DEFAULT_MEASURES, Sample, select_measures
from engine.evaluation.measures.ragas import TextSample, score_texts
from engine.evaluation.suite_folders import list_shipped_suites
from engine.evaluation.suites import Turn, load_suite
from engine.settings import PipelineSettings
from engine.types import Answer, AnswerSentence, Context, ContextPart, Ranked

WINDOW = 1_000  # characters of a context
CONTEXTS = 4
RIVAL_CASES = 100


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds by measure and in all, and what ragas' metrics take one by one on the first hundred of the same samples.

    ``cases`` may be set. The answers are made of the shipped corpora, so that no target has to be asked.
    """
    given = dict(overrides)
    cases = read_count(given, "cases", 1_000)
    given.pop("cases", None)
    settings = PipelineSettings().with_values(given)
    embedder = load_embedder(settings)
    embedder.embed(["warm up"])
    samples = build_samples(cases)
    texts = [_as_texts(sample) for sample in samples]
    chosen = select_measures(DEFAULT_MEASURES)
    score_texts(texts[:1], chosen.bulk, embedder.embed)  # the import of ragas is not the scoring
    seconds: dict[str, float] = {}
    scored: dict[str, int] = {}
    for one in chosen.quick:
        seconds[one.name], scores = _time(lambda one=one: [one.judge(sample) for sample in samples])
        scored[one.name] = sum(score.status == "scored" for score in scores)
    for name in chosen.bulk:
        seconds[name], rows = _time(lambda name=name: score_texts(texts, [name], embedder.embed))
        scored[name] = sum(row[name].status == "scored" for row in rows)
    together, _ = _time(lambda: score_texts(texts, chosen.bulk, embedder.embed))
    some = texts[: min(cases, RIVAL_CASES)]
    singly, _ = _time(lambda: _score_singly(some, embedder.embed))
    bulk, _ = _time(lambda: score_texts(some, chosen.bulk, embedder.embed))
    return {
        "cases": cases,
        "total_s": sum(seconds[one.name] for one in chosen.quick) + together,
        "ragas_in_bulk_s": together,
        "seconds": seconds,
        "scored": scored,
        "ragas_singly_cases": len(some),
        "ragas_singly_s": singly,
        "ragas_singly_ratio": singly / bulk,
    }


def build_samples(count: int) -> list[Sample]:
    """Questions of the shipped suites, answered from their corpora: the same every time.

    Of four contexts one holds the gold span in two of three samples; the answer is taken from the first context.
    """
    rng = random.Random(0)
    asked: list[tuple[Turn, Mapping[str, str]]] = []
    for name in list_shipped_suites():
        suite = load_suite(name)
        documents = {d.id: d.text for d in load_sources([str(suite.corpus_path)]).documents}
        asked += [(turn, documents) for case in suite.cases for turn in case.turns if turn.scorable]
    return [_build_sample(turn, documents, rng) for turn, documents in islice(cycle(asked), count)]


def _build_sample(turn: Turn, documents: Mapping[str, str], rng: random.Random) -> Sample:
    names = sorted(documents)
    parts = []
    for rank in range(CONTEXTS):
        document, start = rng.choice(names), 0
        if rank == 0 and turn.relevant and rng.random() < 2 / 3:
            gold = turn.relevant[0]
            document, start = gold.document, max(0, gold.start - rng.randrange(WINDOW // 2))
        else:
            start = rng.randrange(max(1, len(documents[document]) - WINDOW))
        text = documents[document][start : start + WINDOW]
        end = start + len(text)
        parts.append(ContextPart(document=document, chunk_index=rank, start=start, end=end, text=text, score=1.0))
    said = " ".join(parts[0].text.split()[: rng.randrange(8, 40)])
    if rng.random() < 0.5:
        said = f"As far as is known, {said.lower()}."  # no copy, so that groundedness has work
    ranked = tuple(
        Ranked(document=d, start=0, end=WINDOW, score=1 / (i + 1))
        for i, d in enumerate(dict.fromkeys([*(p.document for p in parts), *rng.sample(names, min(8, len(names)))]))
    )
    answer = Answer(
        question=turn.question,
        text=said,
        sentences=(AnswerSentence(text=said, citations=()),),
        citations=(),
        retrieved=ranked,
        context=Context(parts=tuple(parts), quality=rng.random(), tokens=900),
        abstained=False,
        provider="made",
        correlation_id="bench",
        timings_ms={"total": 0.0},
        tokens={},
    )
    return build_sample(turn, answer, documents)


def _as_texts(sample: Sample) -> TextSample:
    assert sample.answer is not None and sample.documents is not None
    gold = (sample.documents[s.document][s.start : s.end] for s in sample.relevant)
    return TextSample(
        user_input=sample.question,
        response=sample.answer.text,
        references=sample.answers or ((" ".join(sample.facts),) if sample.facts else ()),
        retrieved_contexts=tuple(part.text for part in sample.answer.context.parts),
        reference_contexts=tuple(text for text in dict.fromkeys(gold) if text.strip()),
    )


def _score_singly(samples: Sequence[TextSample], embed: Callable[[Sequence[str]], Any]) -> int:
    """ragas' metrics as its documents show them: each sample by itself, each text embedded when it is met."""
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    from ragas import SingleTurnSample
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.metrics import NonLLMContextPrecisionWithReference, NonLLMContextRecall
    from ragas.metrics.collections import (
        BleuScore,
        CHRFScore,
        NonLLMStringSimilarity,
        RougeScore,
        SemanticSimilarity,
    )

    class OneByOne(BaseRagasEmbedding):
        """Embeds a text when it is asked for."""

        def embed_text(self, text: str, **_: Any) -> list[float]:
            return embed([text])[0].tolist()

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    with_reference = [RougeScore(), BleuScore(), CHRFScore(), NonLLMStringSimilarity(), SemanticSimilarity(OneByOne())]
    of_contexts = [NonLLMContextPrecisionWithReference(), NonLLMContextRecall()]
    scores = 0
    for sample in samples:
        for reference in sample.references:
            for metric in with_reference:
                metric.score(reference=reference, response=sample.response)
                scores += 1
        if sample.reference_contexts:
            given = SingleTurnSample(
                retrieved_contexts=list(sample.retrieved_contexts), reference_contexts=list(sample.reference_contexts)
            )
            for metric in of_contexts:
                metric.single_turn_score(given)
                scores += 1
    return scores


def _time(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
