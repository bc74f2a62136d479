"""Evaluations of scores on tables with a known truth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from sales_operations.domain.errors import HistoryTooThin, InvalidInput
from sales_operations.forecasting.scoring import Records, evaluate, records_of
from sales_operations.forecasting.scoring.folds import train_and_test, validation
from tests.forecasting.scoring.tables import ROWS, table, without_signal


def records(made: dict[str, list[Any]], **more: Any) -> Records:
    return records_of(made, **{"outcome": "result", "positive": ["Won"], "id_column": "key", **more})


@pytest.fixture(scope="module")
def evaluated() -> dict[str, Any]:
    return evaluate(records(table()))


def test_a_signal_is_found_and_measured_on_records_apart(evaluated: dict[str, Any]) -> None:
    assert evaluated["signal"]
    assert evaluated["auc"] > 0.72
    assert evaluated["log_loss"] < evaluated["base_rate_figures"]["log_loss"] - 0.05
    assert evaluated["split"]["by"] == "hash"
    assert evaluated["split"]["train"] + evaluated["split"]["test"] == ROWS
    assert sum(one["n"] for one in evaluated["reliability"]) == evaluated["split"]["test"]
    assert evaluated["leaks"] == []


def test_keys_free_texts_and_constants_are_left_out_with_the_reason(evaluated: dict[str, Any]) -> None:
    assert set(evaluated["left_out"]) == {"code", "same"}
    assert set(evaluated["fields"]) == {"owner", "region", "size"}


def test_the_evaluation_is_the_same_again_whatever_the_order_of_columns(evaluated: dict[str, Any]) -> None:
    made = table()
    assert evaluate(records(dict(reversed(made.items())))) == evaluated


def test_without_a_signal_it_says_so_and_every_score_is_the_base_rate() -> None:
    found = evaluate(records(without_signal()))
    assert not found["signal"]
    assert "no usable signal" in found["verdict"]
    assert found["model"] == {"base_rate": 1.0}
    assert found["log_loss"] == found["base_rate_figures"]["log_loss"]


def test_too_few_outcomes_give_the_base_rate_and_say_what_is_missing() -> None:
    found = evaluate(records(table(60)))
    assert not found["signal"]
    assert "30 decided records of each outcome" in found["verdict"]


def test_no_outcome_at_all_is_an_error_that_says_what_to_do() -> None:
    made = table(50)
    made["result"] = [None] * 50
    with pytest.raises(HistoryTooThin, match="0 of 50 records have one"):
        evaluate(records(made))


def test_excluded_fields_are_not_used_and_unknown_ones_are_an_error() -> None:
    found = evaluate(records(table()), exclude=["size"])
    assert "size" not in found["fields"]
    with pytest.raises(InvalidInput, match="no field 'weight' to score by"):
        evaluate(records(table()), exclude=["weight"])


def test_the_latest_outcomes_are_the_test_where_they_have_dates() -> None:
    made = table()
    made["closed"] = [(date(2025, 1, 1) + timedelta(days=one % 365)).isoformat() for one in range(ROWS)]
    found = records(made, decided="closed")
    split = train_and_test(found)
    assert found.decided[split.fit].max() < found.decided[split.judge].min()
    for inner in validation(found.take(split.fit)):
        decided = found.take(split.fit).decided
        assert decided[inner.fit].max() <= decided[inner.judge].min()


def test_dates_of_one_migration_are_no_order_in_time() -> None:
    made = table()
    made["closed"] = ["2026-01-01"] * ROWS
    assert evaluate(records(made, decided="closed"))["split"]["by"] == "hash"


def test_repeated_ids_stand_on_one_side_of_every_split_and_exact_copies_count_once() -> None:
    made = table()
    copied = {name: held + held[:300] for name, held in made.items()}
    assert len(records(copied)) == ROWS
    copied["size"] = made["size"] + [9.0] * 300
    found = records(copied)
    assert len(found) == ROWS + 300
    split = train_and_test(found)
    assert not np.isin(found.groups[split.fit], found.groups[split.judge]).any()
    for inner in validation(found):
        assert not np.isin(found.groups[inner.fit], found.groups[inner.judge]).any()


def test_a_frame_and_a_mapping_of_columns_are_the_same_records(evaluated: dict[str, Any]) -> None:
    assert evaluate(records_of(pl.DataFrame(table()), outcome="result", positive=["Won"], id_column="key")) == evaluated


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match="no column 'results'"):
        records_of(table(50), outcome="results", positive=["Won"])
