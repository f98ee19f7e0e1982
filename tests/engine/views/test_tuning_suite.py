"""A suite's figures in words, against a baseline."""

from __future__ import annotations

import numpy as np
import pytest

from engine.settings import PipelineSettings
from engine.tuning import LabCase, SuiteFigures
from engine.tuning.comparing import compare_figures, summarise
from engine.types import Span
from engine.views.labs import OpenLab
from engine.views.tuning_measures import difference_words, measure_title, state_words
from engine.views.tuning_suite import build_suite_panel, evaluate_alike, order_cases

BASELINE = PipelineSettings()
CHANGED = BASELINE.with_values({"top_k": 5})
CASES = 40


class Prepared:
    """A lab whose figures are written down beforehand."""

    compare = staticmethod(compare_figures)

    def __init__(self, now: dict[str, np.ndarray], before: dict[str, np.ndarray], chunks: int, exact: bool) -> None:
        self.cases = tuple(
            LabCase(id=f"c{i}", question=f"q{i}?", gold=(Span(document="d", end=1),)) for i in range(CASES)
        )
        self._known = {CHANGED: (now, 6.0), BASELINE: (before, 9.0)}
        self._chunks, self._exact = chunks, exact
        self.embedded: set[PipelineSettings] = set()

    def is_exact(self, settings: PipelineSettings) -> bool:
        return self._exact or settings.pooling == "late" or settings in self.embedded

    def evaluate(self, settings: PipelineSettings) -> SuiteFigures:
        per_case, latency = self._known[settings.with_values({"pooling": "separate"})]
        return SuiteFigures(
            settings=settings, chunks=self._chunks, cases=np.arange(CASES), per_case=per_case,
            figures=summarise(per_case), latency_ms=latency, cost_usd=0.0, seconds=0.02, exact=self.is_exact(settings),
        )  # fmt: skip


def measures(**given: np.ndarray) -> dict[str, np.ndarray]:
    names = ("recall", "precision", "iou", "document_recall@5", "ndcg@10", "quality")
    return {n: np.full(CASES, 0.5) for n in names} | {"tokens": np.full(CASES, 300.0)} | given


def open_prepared(now: dict[str, np.ndarray], chunks: int = 100, exact: bool = True) -> OpenLab:
    return OpenLab(Prepared(now, measures(), chunks, exact))  # type: ignore[arg-type]


RISE = 0.5 + np.linspace(0.1, 0.3, CASES)
NOISE = 0.5 + np.tile([0.2, -0.2], CASES // 2)


def test_better_and_worse_follow_the_direction_of_the_measure() -> None:
    lab = open_prepared(measures(recall=RISE, precision=1 - RISE, iou=NOISE, tokens=np.full(CASES, 200.0)))
    panel = build_suite_panel(lab, CHANGED, BASELINE)
    states = {row.name: row.difference.state for row in panel.rows}
    assert states["recall"] == "better" and states["precision"] == "worse"
    assert states["iou"] == "unclear" and states["ndcg@10"] == "same"
    assert states["tokens"] == "better" and states["latency_ms"] == "better" and states["cost_usd"] == "same"
    assert panel.finding == (
        "Better: recall +0.200 and context tokens −100. Worse: precision −0.200. No clear difference in the other 4."
    )
    assert panel.changes == (f"top_k {BASELINE.top_k} → 5",)


def test_a_difference_is_told_with_its_interval_and_counts() -> None:
    missing = RISE.copy()
    missing[:10] = np.nan
    row = build_suite_panel(open_prepared(measures(recall=missing)), CHANGED, BASELINE).rows[0]
    assert row.counts == "scored 30 of 40"
    assert row.difference.low is not None and row.difference.low < row.difference.value
    assert row.difference.words.startswith("+0.2") and " to +0." in row.difference.words
    assert "Higher is better" in row.help and "95 % interval" in row.help


def test_a_measure_that_was_not_scored_is_a_dash() -> None:
    panel = build_suite_panel(open_prepared(measures(quality=np.full(CASES, np.nan))), CHANGED, BASELINE)
    row = next(r for r in panel.rows if r.name == "quality")
    assert (row.now, row.difference.state, row.difference.words) == ("–", "none", "–")


def test_cases_that_changed_come_with_the_largest_change_first() -> None:
    now = np.full(CASES, 0.5)
    now[[3, 4, 5]] = 0.6, 1.0, 0.0
    panel = build_suite_panel(open_prepared(measures(recall=now)), CHANGED, BASELINE)
    assert [c.identifier for c in panel.better] == ["c4", "c3"]
    assert [(c.identifier, c.words) for c in panel.worse] == [("c5", "0.500 → 0.000")]
    assert panel.ties == CASES - 3
    fewer = build_suite_panel(open_prepared(measures(tokens=np.full(CASES, 200.0))), CHANGED, BASELINE, "tokens")
    assert len(fewer.better) == CASES and fewer.better[0].words == "300 → 200"


def test_the_same_settings_are_no_finding() -> None:
    panel = build_suite_panel(open_prepared(measures()), BASELINE, BASELINE)
    assert panel.finding.startswith("These are the baseline's settings.") and not panel.changes


def test_a_change_without_effect_says_so() -> None:
    panel = build_suite_panel(open_prepared(measures(recall=NOISE)), CHANGED, BASELINE)
    assert panel.finding == "No measure differs from the baseline beyond chance (7 measures)."


@pytest.mark.parametrize(("chunks", "said"), [(4, True), (5, False)])
def test_a_top_k_beyond_the_number_of_chunks_is_explained(chunks: int, said: bool) -> None:
    notes = build_suite_panel(open_prepared(measures(), chunks), CHANGED, BASELINE).notes
    assert any("more than the corpus has chunks" in n for n in notes) is said


def test_a_suite_without_spans_is_explained() -> None:
    nothing = np.full(CASES, np.nan)
    notes = build_suite_panel(open_prepared(measures(recall=nothing)), CHANGED, BASELINE).notes
    assert "No case of this suite has a gold span" in notes[0]


def test_the_screen_says_which_vectors_are_shown() -> None:
    assert build_suite_panel(open_prepared(measures(), exact=True), CHANGED, BASELINE).vectors.startswith("Exact")
    quick = build_suite_panel(open_prepared(measures(), exact=False), CHANGED, BASELINE)
    assert quick.vectors.startswith("Quick view") and not quick.exact


def test_an_exact_side_is_not_compared_with_a_pooled_one() -> None:
    lab = open_prepared(measures(), exact=False)
    lab.lab.embedded.add(CHANGED)  # type: ignore[attr-defined]
    now, baseline, exact = evaluate_alike(lab, CHANGED, BASELINE)
    assert not exact and now.settings.pooling == "late" and baseline.settings == BASELINE
    lab.lab.embedded.add(BASELINE)  # type: ignore[attr-defined]
    now, baseline, exact = evaluate_alike(lab, CHANGED, BASELINE)
    assert exact and (now.settings, baseline.settings) == (CHANGED, BASELINE)


def test_two_ways_of_pooling_look_alike_until_they_are_exact() -> None:
    late = CHANGED.with_values({"pooling": "late"})
    quick = build_suite_panel(open_prepared(measures(), exact=False), late, BASELINE)
    assert any("Make it exact" in note for note in quick.notes) and "pooling separate → late" in quick.changes
    assert not build_suite_panel(open_prepared(measures(), exact=True), late, BASELINE).notes


def test_failures_come_first_and_cases_without_gold_last() -> None:
    recall = np.full(CASES, 1.0)
    recall[7], recall[9], recall[0] = 0.0, 0.5, np.nan
    quality = np.full(CASES, 0.9)
    quality[20] = 0.1
    order = list(order_cases(open_prepared(measures(recall=recall, quality=quality)), CHANGED))
    assert order[:3] == ["c7", "c9", "c20"] and order[-1] == "c0"


def test_figures_of_settings_that_were_seen_are_kept() -> None:
    lab = open_prepared(measures())
    assert lab.evaluate(CHANGED) is lab.evaluate(CHANGED)


@pytest.mark.parametrize(
    ("value", "digits", "words"), [(0.0214, 3, "+0.021"), (-12.6, 0, "−13"), (0.0001, 3, "±0.000"), (-0.0, 0, "±0")]
)
def test_a_difference_has_its_sign(value: float, digits: int, words: str) -> None:
    assert difference_words(value, digits) == words


def test_states_and_measures_have_words() -> None:
    assert state_words("unclear") == "unclear" and measure_title("iou") == "IoU"
