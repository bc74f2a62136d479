from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sales_operations.forecasting.learning import SPREAD, Lessons, Past, combined, usual_weights
from sales_operations.forecasting.method import Chance, Estimate
from sales_operations.forecasting.window import window_after

GIVEN = {"pipeline": 0.3, "trend": 0.2, "seasonal": 0.2, "ml": 0.3}
TRUE = 10_000.0


def estimate(rest: float, *, apart: bool = False, luck: float = 0.0) -> Estimate:
    half = rest / 2
    return Estimate(rest, 0.0, *((half, half) if apart else (None, None)), chance=Chance(luck))


def past(count: int, apart: tuple[str, ...] = ("pipeline", "ml"), **factors: float) -> list[Past]:
    """Windows of two weeks, one after the other from day 0 on, of which each method said so many times the truth."""
    said = {name: estimate(TRUE * factor, apart=name in apart) for name, factor in factors.items()}
    return [Past(window_after(14 * place, 14), 1.0, said, TRUE / 2, TRUE / 2) for place in range(count)]


def lessons(past_: list[Past], *names: str, given: dict[str, float] | None = None) -> Lessons:
    return Lessons(past_, [], names, given)


def test_given_weights_are_obeyed_and_rescaled_to_the_methods_that_are_there() -> None:
    learnt = lessons(past(8, pipeline=1.9, trend=1.01, seasonal=1.01, ml=1.9), *GIVEN, given=GIVEN)
    assert learnt.weights(list(GIVEN), 500) == pytest.approx(GIVEN)
    assert learnt.weights(["pipeline", "trend"], 500) == pytest.approx({"pipeline": 0.6, "trend": 0.4})


def test_methods_without_any_given_weight_share_as_they_would_without_a_past() -> None:
    learnt = lessons([], "trend", "ml", given={"pipeline": 1.0})
    assert learnt.weights(["trend", "ml"], 9) == usual_weights(["trend", "ml"], 10)


def test_series_have_a_part_at_first_and_deals_nearly_all_once_their_journeys_are_known() -> None:
    early, late = (usual_weights(["pipeline", "ml", "trend", "seasonal"], days) for days in (60, 900))
    assert early["pipeline"] + early["ml"] == pytest.approx(0.6)
    assert early["trend"] + early["seasonal"] == pytest.approx(0.4)
    assert late["pipeline"] == late["ml"] == pytest.approx(0.495)
    assert usual_weights(["trend", "seasonal"], 60) == pytest.approx({"trend": 0.25, "seasonal": 0.75})
    assert usual_weights(["ml"], 60) == {"ml": 1.0}


def test_learnt_weights_favour_the_better_method_the_more_the_longer_the_past_is() -> None:
    names = ["seasonal", "trend"]
    few, many = (lessons(past(n, seasonal=1.05, trend=1.2), *names).weights(names, 999)["seasonal"] for n in (2, 12))
    assert usual_weights(names, 999)["seasonal"] < few < many < 0.95


def test_learning_needs_windows_of_which_all_of_them_gave_a_forecast() -> None:
    names = ["seasonal", "trend"]
    apart = past(6, seasonal=1.05) + past(6, trend=1.5)
    assert lessons(apart, *names).weights(names, 999) == usual_weights(names, 1_000)


def test_a_method_that_knows_deals_is_corrected_by_what_came_true_and_a_series_is_not() -> None:
    learnt = lessons(past(12, pipeline=2.0, seasonal=2.0), "pipeline", "seasonal")
    assert 0.7 < learnt.factors("pipeline", 999)[0] < 0.8
    corrected = learnt.corrected("pipeline", estimate(1_000.0, apart=True), 999)
    assert corrected.rest == pytest.approx(1_000 * learnt.factors("pipeline", 999)[0], abs=2)
    assert learnt.corrected("seasonal", estimate(1_000.0), 999) == estimate(1_000.0)


def test_open_deals_and_new_business_are_corrected_apart() -> None:
    windows = [replace(one, open=TRUE, created_later=TRUE / 4) for one in past(12, pipeline=1.0)]
    of_open, of_later = lessons(windows, "pipeline").factors("pipeline", 999)
    assert of_open > 1.15
    assert of_later < 0.8


def test_what_a_past_forecast_would_have_been_knows_only_the_windows_that_had_ended() -> None:
    windows = past(12, pipeline=2.0)
    learnt = lessons(windows, "pipeline")
    assert learnt.hybrid(windows[0]) == replace(windows[0].said["pipeline"], open=None, created_later=None)
    said = [learnt.hybrid(one) for one in windows]
    rests = [one.rest for one in said if one is not None]
    assert rests == sorted(rests, reverse=True)
    assert learnt.factors("pipeline", 0) == (1.0, 1.0)
    assert lessons(windows[:3], "pipeline").factors("pipeline", 42) == learnt.factors("pipeline", 42)


def test_the_spread_is_the_usual_one_without_a_past_and_what_the_errors_show_with_a_long_one() -> None:
    assert lessons([], "trend").spread("trend", 9) > SPREAD**2
    rng = np.random.default_rng(5)
    windows = [replace(one, said={"trend": estimate(TRUE * float(rng.normal(1, 0.3)))}) for one in past(13, trend=1.0)]
    assert lessons(windows, "trend").spread("trend", 999) > 1.5 * SPREAD**2
    exact = lessons(past(13, trend=1.0), "trend").spread("trend", 999)
    assert exact < 0.5 * SPREAD**2


def test_luck_is_not_counted_twice() -> None:
    lucky = [replace(one, said={"trend": estimate(TRUE * 1.2, luck=(TRUE * 0.2) ** 2)}) for one in past(13, trend=1.0)]
    assert lessons(lucky, "trend").spread("trend", 999) < 0.5 * SPREAD**2


def test_the_hybrid_is_the_weighted_mean_in_whole_minor_units_and_its_parts_share_their_luck() -> None:
    found = combined({"a": estimate(100, luck=16), "b": estimate(201, luck=64)}, {"a": 0.5, "b": 0.5})
    assert found.total == 150
    assert found.chance.variance == pytest.approx(36)
