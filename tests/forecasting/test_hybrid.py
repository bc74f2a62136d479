from __future__ import annotations

import pytest

from sales_operations.forecasting.accuracy import Origin
from sales_operations.forecasting.hybrid import combine, past_hybrid, weights_among

GIVEN = {"pipeline": 0.3, "trend": 0.2, "seasonal": 0.2, "ml": 0.3}


def past(count: int, **errors: float) -> list[Origin]:
    return [Origin({name: 100 + error for name, error in errors.items()}, 100.0) for _ in range(count)]


def test_given_weights_are_obeyed_and_rescaled_to_the_methods_that_are_there() -> None:
    assert weights_among(list(GIVEN), GIVEN, past(8, pipeline=90, trend=1, seasonal=1, ml=1)) == pytest.approx(GIVEN)
    assert weights_among(["pipeline", "trend"], GIVEN, []) == pytest.approx({"pipeline": 0.6, "trend": 0.4})


def test_methods_without_any_given_weight_share_equally() -> None:
    assert weights_among(["trend", "ml"], {"pipeline": 1.0}, []) == {"trend": 0.5, "ml": 0.5}


def test_learnt_weights_are_equal_without_a_past_and_favour_the_better_method_the_more_the_longer_it_is() -> None:
    names = ["pipeline", "trend"]
    assert weights_among(names, "auto", []) == {"pipeline": 0.5, "trend": 0.5}
    few, many = (weights_among(names, "auto", past(count, pipeline=5, trend=20))["pipeline"] for count in (2, 40))
    assert 0.5 < few < many < 0.8


def test_learning_needs_origins_at_which_all_of_them_gave_a_forecast() -> None:
    apart = past(6, pipeline=5) + past(6, trend=50)
    assert weights_among(["pipeline", "trend"], "auto", apart) == {"pipeline": 0.5, "trend": 0.5}


def test_the_total_is_the_weighted_mean_in_whole_minor_units() -> None:
    assert combine({"a": 100, "b": 201}, {"a": 0.5, "b": 0.5}) == 150


def test_a_past_hybrid_knows_only_what_was_known_then() -> None:
    newest = Origin({"pipeline": 100.0, "trend": 200.0}, 100.0)
    found = past_hybrid([newest, *past(30, pipeline=40, trend=1)], "auto")
    assert found[0][0] > 170
    assert past_hybrid([newest], "auto") == [(150.0, 100.0)]
    assert past_hybrid([Origin({}, 5.0)], "auto") == []
