"""The engine's estimate of foreign contexts, held against the engine's own of the same passages."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.foreign_quality import QualityMeter
from engine.settings import PipelineSettings

GOOD = "A defective item is refunded within 42 days of purchase. Write to the service desk."
OTHER = "The depot in Lindau opens at seven in the morning. It closes at six."


@pytest.fixture(scope="module")
def meter() -> QualityMeter:
    return QualityMeter(PipelineSettings())


def test_a_context_that_answers_is_rated_above_one_that_does_not(meter: QualityMeter) -> None:
    question = "Within how many days is a defective item refunded?"
    good, other = meter.rate(question, [GOOD]), meter.rate(question, [OTHER])
    assert good.quality > 0.6 > 0.2 > other.quality
    assert meter.rate(question, [OTHER, GOOD]).quality > 0.5
    assert good.tokens > 10


def test_no_context_and_blank_ones_are_rated_zero(meter: QualityMeter) -> None:
    assert meter.rate("When?", []).quality == 0
    assert meter.rate("When?", ["", " \n"]).quality == 0
    assert meter.rate("", [GOOD]).quality < 0.5


def test_a_text_that_was_rated_before_is_rated_the_same(meter: QualityMeter) -> None:
    first = meter.rate("When does the depot open?", [OTHER, GOOD])
    again = meter.rate("When does the depot open?", [OTHER, GOOD, GOOD])
    assert meter.rate("When does the depot open?", [OTHER, GOOD]) == first
    assert np.isfinite(again.quality)
