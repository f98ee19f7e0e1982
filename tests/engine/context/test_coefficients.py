from __future__ import annotations

import json

import numpy as np
import pytest

from engine.context.coefficients import PATH, load_coefficients, sigmoid
from engine.context.evidence import FEATURES
from engine.context.quality import FEATURES as QUALITY_FEATURES


def test_the_shipped_coefficients_are_those_of_the_features_in_their_order() -> None:
    content = json.loads(PATH.read_text())
    assert tuple(content["sentence"]) == FEATURES
    assert tuple(content["quality"]) == (*QUALITY_FEATURES, "intercept")
    shipped = load_coefficients()
    assert all(map(np.isfinite, shipped.sentence.values())) and np.isfinite(shipped.quality).all()


def test_the_shipped_coefficients_say_how_well_they_do_on_data_they_were_not_fitted_on() -> None:
    held_out = load_coefficients().provenance["held_out"]
    assert held_out["auc"] > 0.85 and held_out["ece"] < 0.15 and held_out["n"] > 500


@pytest.mark.parametrize(
    ("x", "expected"), [(0.0, 0.5), (2.0, 0.880797), (-2.0, 0.119203), (-800.0, 0.0), (800.0, 1.0)]
)
def test_the_logistic_function_is_safe_at_both_ends(x: float, expected: float) -> None:
    assert float(sigmoid(np.array(x))) == pytest.approx(expected, abs=1e-6)
