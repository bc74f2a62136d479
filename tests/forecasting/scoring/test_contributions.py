"""What each field adds to a score: it sums to the score, and points the right way."""

from __future__ import annotations

import numpy as np
import pytest

from sales_operations.estimation.classification import log_odds
from sales_operations.forecasting.scoring import explain, records_of, train
from tests.forecasting.scoring.tables import table, without_signal


def test_contributions_and_the_base_sum_to_the_log_odds_of_every_score() -> None:
    records = records_of(table(), outcome="result", positive=["Won"], id_column="key")
    model = train(records, records.take(~records.is_decided)).model
    found = explain(model, records.columns, len(records))
    assert found.base + found.contributions.sum(axis=1) == pytest.approx(found.odds, abs=1e-9)
    assert found.odds == pytest.approx(log_odds(model.chances(records.columns, len(records))), abs=1e-6)


def test_a_strong_field_adds_to_the_records_it_speaks_for() -> None:
    records = records_of(table(), outcome="result", positive=["Won"], id_column="key")
    model = train(records, records.take(~records.is_decided)).model
    found = explain(model, records.columns, len(records))
    region = found.contributions[:, found.fields.index("region")]
    north = records.columns["region"] == "north"
    assert region[north].min() > region[~north].max() - 0.5
    assert region[north].mean() > 0.4 > 0 > region[~north].mean()


def test_where_the_base_rate_serves_no_field_adds_anything() -> None:
    records = records_of(without_signal(), outcome="result", positive=["Won"], id_column="key")
    model = train(records, records.take(~records.is_decided)).model
    found = explain(model, records.columns, 3)
    assert found.fields == ()
    assert found.odds == pytest.approx(np.full(3, found.base))
