"""Measures of chances against what can be counted by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from sales_operations.estimation import classification


def test_auc_counts_pairs_and_ties_half() -> None:
    outcome, chance = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.1, 0.5, 0.5])
    assert classification.auc(outcome, chance) == pytest.approx(3.5 / 4)


def test_auc_is_unknown_where_all_outcomes_are_the_same() -> None:
    assert classification.auc(np.ones(3), np.array([0.1, 0.2, 0.3])) is None


def test_the_measures_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    chance = np.round(draw.random(500), 2)
    outcome = (draw.random(500) < chance).astype(np.float64)
    assert classification.auc(outcome, chance) == pytest.approx(metrics.roc_auc_score(outcome, chance))
    assert classification.brier(outcome, chance) == pytest.approx(metrics.brier_score_loss(outcome, chance))
    kept = np.clip(chance, 1e-6, 1 - 1e-6)
    assert classification.log_loss(outcome, chance) == pytest.approx(metrics.log_loss(outcome, kept))


def test_reliability_has_each_record_once_and_its_error_is_their_mean_distance() -> None:
    chance = np.array([0.05, 0.05, 0.95, 1.0])
    outcome = np.array([0.0, 1.0, 1.0, 1.0])
    low, high = classification.reliability(outcome, chance)
    assert (low.low, low.n, low.predicted, low.observed) == (0.0, 2, pytest.approx(0.05), 0.5)
    assert (high.high, high.n, high.observed) == (1.0, 2, 1.0)
    assert classification.calibration_error(outcome, chance) == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)


def test_log_odds_and_chances_undo_each_other() -> None:
    chance = np.array([0.001, 0.3, 0.999])
    assert classification.chance_of(classification.log_odds(chance)) == pytest.approx(chance)
