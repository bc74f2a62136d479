from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import day_number, load_history
from sales_operations.forecasting.ml import MlMethod
from sales_operations.forecasting.pipeline import PipelineMethod, fit_flow
from sales_operations.forecasting.snapshots import features, practice, snapshots_of
from sales_operations.forecasting.window import Window, window_of
from tests.forecasting.conftest import Company, simulate

CHANCES = (0.1, 0.3, 0.5, 0.7)


@pytest.mark.parametrize("model", ["auto", "random_forest", "gradient_boosting", "logistic"])
def test_every_model_forecasts_the_rest_of_the_quarter(company: Company, model: str) -> None:
    full, window = company.history(), window_of("quarter", date(2026, 5, 10))
    history = full.at(window.origin)
    estimate = MlMethod(model, CHANCES).fit_forecast(history, window)
    assert estimate.total == pytest.approx(window.booked(full), rel=0.35)
    assert estimate.total == estimate.booked + estimate.open + estimate.created_later


def test_chances_tell_later_stages_and_better_reps_apart(company: Company) -> None:
    history = company.history()
    rows = history.open_rows
    seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), 60))
    window = Window("days", history.day + 1, history.day + 60, history.day)
    chance = MlMethod("auto", CHANCES).chances(history, seen, window)
    assert chance.min() >= 0
    assert chance.max() <= 1
    assert chance[seen.stage == 3].mean() > chance[seen.stage == 0].mean() + 0.1
    # Against what stage and time alone say, since the reps' deals stand differently.
    more = chance - fit_flow(history, window, CHANCES).chances(seen)
    ada, cleo = (more[seen.rep == history.reps.index(name)].mean() for name in ("Ada", "Cleo"))
    assert ada > cleo


def test_the_same_history_gives_the_same_forecast(company: Company) -> None:
    history, window = company.history(), window_of("month", date(2026, 8, 20))
    first, second = (MlMethod("random_forest", CHANCES).fit_forecast(history, window) for _ in range(2))
    assert first == second


def test_practice_windows_end_by_the_origin_and_hold_what_was_known_on_their_day(company: Company) -> None:
    history = company.history()
    seen, won = practice(history, np.random.default_rng(1))
    assert (seen.day + seen.left <= history.day).all()
    assert (seen.since <= seen.day).all()
    assert (seen.created <= seen.day).all()
    assert 0.02 < won.mean() < 0.7
    assert np.isfinite(features(history, seen)).all()


def test_a_large_history_is_sampled() -> None:
    seen, _ = practice(simulate(2, 3000).history(), np.random.default_rng(1))
    assert len(seen.day) == 8_000


def test_what_came_later_changes_no_past_forecast(company: Company) -> None:
    history = company.history()
    earlier = history.at(day_number(date(2026, 6, 1)))
    window = Window("month", earlier.day + 1, earlier.day + 30, earlier.day)
    method = MlMethod("logistic", CHANCES)
    method.fit_forecast(history, window_of("month", date(2026, 8, 20)))
    assert method.fit_forecast(earlier, window) == MlMethod("logistic", CHANCES).fit_forecast(earlier, window)


def test_deals_that_are_deleted_between_two_origins_leave_both_the_same_model(company: Company) -> None:
    changed = company.copy()
    for deal in list(company.deals)[::3]:
        states = company.deals[deal]
        when = max(datetime(2026, 6, 20, tzinfo=UTC), states[-1].at)
        changed.deals[deal] = [*states, replace(states[-1], at=when + timedelta(minutes=1), deleted=True)]
    known = load_history(changed.tables(), parse_as_of("2026-08-20"))
    first, second = (
        (known.at(window.origin), window) for window in (window_of("month", date(2026, month, 10)) for month in (6, 8))
    )
    method = MlMethod("logistic", CHANCES)
    method.fit_forecast(*first)
    assert method.fit_forecast(*second) == MlMethod("logistic", CHANCES).fit_forecast(*second)


def test_where_deals_do_not_differ_there_is_no_signal_and_the_plain_rates_serve() -> None:
    history = simulate(7, 700, alike=True).history()
    window = window_of("quarter", date(2026, 8, 20))
    found = MlMethod("auto", CHANCES).fit_forecast(history, window)
    assert found.details["signal"] == 0
    assert found.total == PipelineMethod(CHANCES).fit_forecast(history, window).total


def test_too_few_outcomes_are_refused() -> None:
    history = simulate(4, 40).history("2024-10-15")
    with pytest.raises(HistoryTooThin):
        MlMethod("random_forest", CHANCES).fit_forecast(history, window_of("month", date(2024, 10, 15)))
