from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine.tuning import Lab, measure_faithfulness
from engine.tuning.classic import score_nearest
from engine.tuning.prediction import find_prices
from tests.engine.tuning.conftest import SMALL


def test_both_views_are_measured_on_the_same_chunkings_and_are_exact_afterwards(lab: Lab) -> None:
    found = measure_faithfulness(lab, ((60, 0), (110, 0), (400, 0)))
    assert len(found.pooled) == len(found.separate) == 3 and -1 <= (found.tau_iou or 0) <= 1
    assert found.difference == pytest.approx(np.mean(np.abs(np.subtract(found.pooled, found.separate))))
    assert found.pooled_iou[0] > found.pooled_iou[2]  # five smaller chunks hold less that nobody asked for
    assert lab.is_exact(SMALL.with_values({"chunk_size": 110}))


def test_the_nearest_chunks_are_scored_as_the_reference_does(lab: Lab) -> None:
    chunks = lab.cut(SMALL)
    # Vectors that put chunk 0 of the gold document first for every question, and nothing else near.
    question = lab.questions.vectors[0]
    vectors = np.zeros_like(chunks.vectors)
    holder = int(np.flatnonzero(chunks.document == lab.corpus.place["refunds.md"])[0])
    vectors[holder] = question
    scores = score_nearest(lab.corpus, lab.questions, chunks, vectors, k=1)
    gold, length = len("A refund takes five working days."), int(chunks.end[holder] - chunks.start[holder])
    assert scores["recall"][0] == 1.0 and scores["precision"][0] == pytest.approx(gold / length)
    assert scores["iou"][0] == pytest.approx(gold / length) and np.isnan(scores["recall"][4])


def test_cost_is_the_providers_price_for_what_is_sent(lab: Lab) -> None:
    priced = dataclasses.replace(SMALL, provider="litellm", model="openai/gpt-4o-mini")
    prompt, completion = find_prices("openai/gpt-4o-mini")
    assert prompt > 0 and completion > prompt
    figures = lab.evaluate(priced)
    assert figures.cost_usd > prompt * figures.figures["tokens"].mean  # type: ignore[operator]
