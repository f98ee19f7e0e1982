from __future__ import annotations

import pytest

from engine.context.enhance import Attempt, enhance_context, list_plans
from engine.settings import PipelineSettings


def enhance(first: float, results: list[float], **values: object) -> tuple[Attempt[int], list[PipelineSettings]]:
    """Rounds that find the given qualities, one after another; the attempt's ``found`` is the number of its round."""
    tried: list[PipelineSettings] = []

    def search(settings: PipelineSettings) -> Attempt[int]:
        tried.append(settings)
        return Attempt(len(tried), results[len(tried) - 1])

    return enhance_context(Attempt(0, first), PipelineSettings().with_values(values), search), tried


def test_a_context_that_is_good_enough_is_left_alone() -> None:
    best, tried = enhance(0.6, [], min_quality=0.5)
    assert (best.found, best.steps, tried) == (0, (), [])


def test_rounds_go_on_while_they_help_and_each_is_told() -> None:
    best, tried = enhance(0.1, [0.2, 0.3, 0.4, 0.45], min_quality=0.5, enhance=3)
    assert best.found == 3 and len(tried) == 3
    assert [step.rsplit(": ")[1] for step in best.steps] == [
        "quality 0.10 to 0.20",
        "quality 0.20 to 0.30",
        "quality 0.30 to 0.40",
    ]


def test_the_first_round_that_does_not_help_is_the_last_and_its_result_is_not_taken() -> None:
    best, tried = enhance(0.1, [0.2, 0.15, 0.9], min_quality=0.5, enhance=4)
    assert best.found == 1 and best.quality == 0.2 and len(tried) == 2
    assert "0.20 to 0.15" in best.steps[-1]


def test_rounds_stop_as_soon_as_the_minimum_is_reached() -> None:
    best, tried = enhance(0.1, [0.55, 0.9], min_quality=0.5, enhance=4)
    assert best.found == 1 and len(tried) == 1


def test_a_context_that_has_nothing_to_do_with_its_question_is_left_alone() -> None:
    best, tried = enhance(0.02, [0.9], min_quality=0.5)
    assert (best.found, best.steps, tried) == (0, (), [])


def test_no_rounds_are_made_when_they_are_turned_off() -> None:
    best, tried = enhance(0.1, [], min_quality=0.5, enhance=0)
    assert (best.found, tried) == (0, [])


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_each_plan_changes_something_that_matters_in_the_mode(mode: str) -> None:
    before = PipelineSettings(mode=mode)
    for _, settings in list_plans(before):
        assert settings != before
        assert settings.weight == before.weight or mode == "hybrid"
        before = settings
    widest = PipelineSettings(mode=mode, top_k=200)
    assert all(settings.top_k == 200 for _, settings in list_plans(widest))
