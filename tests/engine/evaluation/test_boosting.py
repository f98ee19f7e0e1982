from __future__ import annotations

import numpy as np

from engine.context.coefficients import sigmoid
from engine.evaluation.boosting import fit_trees
from engine.evaluation.logistic import fit_logistic, measure_auroc


def make_rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels that hang on whether two features have the same sign: no line tells them apart."""
    dice = np.random.default_rng(3)
    x = dice.normal(size=(n, 4))
    p = np.where(x[:, 0] * x[:, 1] > 0, 0.9, 0.1)
    return x, (dice.random(n) < p).astype(float)


def test_trees_learn_what_no_line_can() -> None:
    x, y = make_rows(2000)
    unseen, labels = make_rows(3000)[0][2000:], make_rows(3000)[1][2000:]
    trees = fit_trees(x, y, np.ones(len(x)))
    line = fit_logistic(x, y, 1e-3)
    assert measure_auroc(trees.predict(unseen), labels == 1) > 0.85
    assert measure_auroc(unseen @ line[1:], labels == 1) < 0.6


def test_predicted_probabilities_have_the_share_of_the_labels() -> None:
    x, y = make_rows(2000)
    p = sigmoid(fit_trees(x, y, np.ones(len(x))).predict(x))
    assert abs(p.mean() - y.mean()) < 0.02 and p.min() > 0 and p.max() < 1


def test_rows_without_weight_teach_nothing() -> None:
    x, y = make_rows(1000)
    weight = np.concatenate([np.ones(500), np.full(500, 1e-12)])
    turned = np.concatenate([y[:500], 1 - y[500:]])
    a, b = fit_trees(x, y, weight), fit_trees(x, turned, weight)
    assert np.allclose(a.predict(x), b.predict(x), atol=1e-6)
    assert np.allclose(fit_logistic(x, y, 1e-3, weight=weight), fit_logistic(x, turned, 1e-3, weight=weight), atol=1e-6)


def test_a_feature_that_never_changes_is_left_alone() -> None:
    x, y = make_rows(500)
    x[:, 3] = 1.0
    assert np.isfinite(fit_trees(x, y, np.ones(500)).predict(x)).all()
