"""The kinds of model that compete to score records, each with settings that suit many or few records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sales_operations.estimation.classification import log_odds
from sales_operations.estimation.shrinkage import Floats

SEED = 20_170
_FEW = 20_000
"""Above so many records, a forest and single lines are left to the boosting that beats them."""


def candidates(count: int) -> dict[str, Callable[[], Any]]:
    """Name to a maker of an unfitted classifier, for a training part of that many records."""
    few: dict[str, Callable[[], Any]] = {
        "random_forest": _forest,
        "boosting_small": lambda: _boosting(max_iter=150, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=40),
    }
    return {
        "logistic": _logistic,
        **(few if count <= _FEW else {}),
        "boosting": lambda: _boosting(max_iter=250, learning_rate=0.06, max_leaf_nodes=31, min_samples_leaf=20),
        **({} if count <= _FEW else {"boosting_large": _large}),
    }


def odds(model: Any, matrix: Floats) -> Floats:
    """The log-odds that a fitted classifier gives."""
    return log_odds(np.asarray(model.predict_proba(matrix)[:, 1], dtype=np.float64))


def _logistic() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=0.3, max_iter=500))


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=200, min_samples_leaf=10, max_features=0.4, random_state=SEED)


def _boosting(**settings: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(l2_regularization=1.0, early_stopping=False, random_state=SEED, **settings)


def _large() -> Any:
    return _boosting(max_iter=500, learning_rate=0.04, max_leaf_nodes=31, min_samples_leaf=20, max_features=0.4)
