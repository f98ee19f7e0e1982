from __future__ import annotations

import json

import numpy as np
import pytest

from engine.context.coefficients import PATH, BoostedTrees, load_coefficients, sigmoid
from engine.context.evidence import FEATURES
from engine.context.quality import FEATURES as QUALITY_FEATURES


def test_the_shipped_coefficients_are_those_of_the_features_in_their_order() -> None:
    content = json.loads(PATH.read_text())
    assert tuple(content["sentence"]) == FEATURES
    assert tuple(content["quality"]) == (*QUALITY_FEATURES, "intercept")
    shipped = load_coefficients()
    assert all(map(np.isfinite, shipped.sentence.values())) and np.isfinite(shipped.quality).all()


@pytest.mark.parametrize(
    ("data", "least"), [("clapnq_dev", 0.85), ("nq_gold", 0.88), ("chunking_eval", 0.9), ("squad2", 0.65)]
)
def test_the_shipped_coefficients_say_how_well_they_do_on_data_they_were_not_fitted_on(data: str, least: float) -> None:
    held_out = load_coefficients().provenance["held_out"]["sets"][data]
    assert held_out["auc"] > least and held_out["ece"] < 0.2 and held_out["n"] > 200
    assert sum(part["n"] for part in held_out["bins"]) == held_out["n"]


def test_trees_are_the_same_after_they_were_written_and_read() -> None:
    trees = load_coefficients().trees
    x = np.random.default_rng(1).normal(size=(50, len(QUALITY_FEATURES)))
    assert np.allclose(
        BoostedTrees.from_json(json.loads(json.dumps(trees.as_json()))).predict(x), trees.predict(x), atol=1e-3
    )


def test_a_symmetric_tree_asks_one_question_a_level() -> None:
    trees = BoostedTrees(
        feature=np.array([[0, 1]]),
        threshold=np.array([[0.0, 10.0]]),
        value=np.array([[1.0, 2.0, 3.0, 4.0]]),
        baseline=0.5,
    )
    x = np.array([[-1.0, 9.0], [-1.0, 11.0], [1.0, 9.0], [1.0, 11.0]])
    assert trees.predict(x).tolist() == [1.5, 2.5, 3.5, 4.5]


@pytest.mark.parametrize(
    ("x", "expected"), [(0.0, 0.5), (2.0, 0.880797), (-2.0, 0.119203), (-800.0, 0.0), (800.0, 1.0)]
)
def test_the_logistic_function_is_safe_at_both_ends(x: float, expected: float) -> None:
    assert float(sigmoid(np.array(x))) == pytest.approx(expected, abs=1e-6)
