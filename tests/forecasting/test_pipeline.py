from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import History, day_number
from sales_operations.forecasting.exposure import EDGES, STATES, bucket_of
from sales_operations.forecasting.method import Estimate, run_rate
from sales_operations.forecasting.pipeline import PipelineMethod, fit_flow
from sales_operations.forecasting.snapshots import snapshots_of
from sales_operations.forecasting.window import Window, window_of
from tests.forecasting.conftest import Company, State, simulate

CHANCES = (0.1, 0.3, 0.5, 0.7)
METHOD = PipelineMethod(CHANCES)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def next_days(history: History, days: int) -> Window:
    return Window("month", history.day + 1, history.day + days, history.day)


def forecast(company: Company, as_of: str, days: int = 60) -> Estimate:
    history = company.history(as_of)
    return METHOD.fit_forecast(history, next_days(history, days))


def thin(won: int, lost: int, *, open_stage: str | None = None, stays: int = 30) -> Company:
    """Deals that stay in proposal for ``stays`` days and close; ten open ones of 1,000.00 each since May."""
    company = Company()
    for number in range(won + lost):
        begin = START + timedelta(days=number)
        end = "closed_won" if number < won else "closed_lost"
        company.add(f"c{number}", State(begin, "proposal", 50_000), State(begin + timedelta(stays), end, 50_000))
    for number in range(10 if open_stage else 0):
        company.add(f"o{number}", State(START + timedelta(120), open_stage or "", 100_000))
    return company


def test_open_deals_are_shared_out_exactly_by_stage_and_rep(company: Company) -> None:
    history, window = company.history(), window_of("quarter", date(2026, 8, 20))
    estimate = METHOD.fit_forecast(history, window)
    assert sum(estimate.by_stage.values()) == sum(estimate.by_rep.values()) == estimate.open
    assert estimate.booked == window.booked(history)
    assert estimate.total == estimate.booked + estimate.open + estimate.created_later
    assert set(estimate.by_stage) == {"lead", "qualified", "proposal", "negotiation"}
    assert set(estimate.by_rep) == {"Ada", "Ben", "Cleo"}


def test_the_next_two_months_are_forecast_within_a_quarter_of_what_came(company: Company) -> None:
    forecasts, actuals = [], []
    full = company.history()
    for as_of in ("2025-09-10", "2025-11-20", "2026-01-10", "2026-03-25", "2026-06-05"):
        estimate = forecast(company, as_of)
        forecasts.append(estimate.total)
        actuals.append(next_days(company.history(as_of), 60).booked(full))
    missed = np.abs(np.array(forecasts) - actuals)
    assert missed.sum() / sum(actuals) < 0.25
    assert abs(sum(forecasts) / sum(actuals) - 1) < 0.15


def test_chances_are_probabilities_that_grow_with_the_time_left(company: Company) -> None:
    history = company.history()
    chance = fit_flow(history, next_days(history, 92), CHANCES).chance
    assert chance.shape == (93, 4, STATES, EDGES[-1] + 1)
    assert chance[0].max() == 0
    assert chance.min() >= 0
    assert chance.max() <= 1
    assert chance[92, 1, 3, 5] > chance[92, 1, 0, 5] > 0


def test_a_deal_older_than_all_that_closed_has_much_less_of_a_chance() -> None:
    company = thin(40, 20)
    company.add("fresh", State(START + timedelta(95), "proposal", 100_000))
    company.add("stale", State(START - timedelta(300), "proposal", 100_000))
    history = company.history("2026-04-15")
    flow = fit_flow(history, next_days(history, 60), CHANCES)
    chance = flow.chance[-1, 3, 2]
    assert chance[10] > 0.5
    assert chance[365] < chance[10] / 2


def test_who_was_slow_before_a_stage_is_slow_in_it() -> None:
    company = Company()
    for number in range(200):
        begin, took = START + timedelta(number), 3 if number % 2 else 30
        company.add(
            f"d{number}",
            State(begin, "qualified", 50_000),
            State(begin + timedelta(took), "proposal", 50_000),
            State(begin + timedelta(2 * took), "closed_won", 50_000),
        )
    company.add("quick", State(START + timedelta(205), "qualified", 50_000), State(START + timedelta(208), "proposal"))
    company.add("slow", State(START + timedelta(178), "qualified", 50_000), State(START + timedelta(208), "proposal"))
    history = company.history((START + timedelta(209)).date().isoformat())
    flow = fit_flow(history, next_days(history, 5), CHANCES)
    rows = history.open_rows
    seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), 5))
    chance = dict(zip(history.ids[history.deal[rows]], flow.chances(seen).tolist(), strict=True))
    assert chance["quick"] > 0.8
    assert chance["slow"] < chance["quick"] / 2


def test_days_on_which_nobody_signs_are_not_counted_on() -> None:
    company, day = Company(), START
    for number in range(300):
        begin, end = START + timedelta(number), START + timedelta(number + 10)
        while end.weekday() >= 5:
            end += timedelta(1)
        company.add(f"d{number}", State(begin, "proposal", 50_000), State(end, "closed_won", 50_000))
    while day < START + timedelta(250) or day.weekday() != 4:
        day += timedelta(1)
    history = company.history(day.date().isoformat())
    weekend = METHOD.fit_forecast(history, next_days(history, 2))
    week = METHOD.fit_forecast(history, next_days(history, 7))
    assert 0 < weekend.open < week.open / 10


def test_where_the_books_are_closed_once_a_month_no_day_before_is_counted_on() -> None:
    company = Company()
    for number in range(300):
        begin = START + timedelta(number)
        end = (begin + timedelta(20)).replace(day=28) + timedelta(4)
        last = end - timedelta(end.day)
        company.add(f"d{number}", State(begin, "proposal", 50_000), State(last, "closed_won", 50_000))
    history = company.history("2026-09-05")
    before, with_the_end = (METHOD.fit_forecast(history, next_days(history, days)).open or 0.0 for days in (23, 25))
    assert 0 < before < with_the_end / 2


def test_deals_that_move_sooner_than_they_did_are_expected_sooner() -> None:
    def fresh(lately: int) -> float:
        company = Company()
        for number in range(300):
            begin = START + timedelta(number)
            moved = begin + timedelta(lately if number > 240 else 30)
            states = State(begin, "qualified", 50_000), State(moved, "proposal", 50_000)
            company.add(f"d{number}", *states, State(moved + timedelta(20), "closed_won", 50_000))
        history = company.history((START + timedelta(290)).date().isoformat())
        return float(fit_flow(history, next_days(history, 30), CHANCES).chance[-1, 0, 1, 0])

    assert fresh(lately=20) > 1.3 * fresh(lately=30)


def test_configured_probabilities_speak_where_no_deal_has_been(company: Company) -> None:
    seldom = PipelineMethod((0.1, 0.05, 0.5, 0.7))
    often = PipelineMethod((0.1, 0.9, 0.5, 0.7))
    unseen = thin(12, 12, open_stage="qualified").history("2026-05-10")
    window = next_days(unseen, 90)
    assert often.fit_forecast(unseen, window).open > 3 * seldom.fit_forecast(unseen, window).open > 0
    known = company.history()
    apart = [method.fit_forecast(known, next_days(known, 90)).open for method in (seldom, often)]
    assert apart[1] == pytest.approx(apart[0], rel=0.1)


def test_an_unknown_amount_is_estimated_from_the_product_and_counted() -> None:
    company = thin(30, 0)
    for number in range(12):
        begin = START + timedelta(number)
        states = State(begin, "proposal"), State(begin + timedelta(30), "closed_won", 5_000_000)
        company.add(f"big{number}", *states, product="Big")
    company.add("open", State(START + timedelta(60), "proposal"), product="Big")
    estimate = forecast(company, "2026-03-15", 120)
    assert estimate.details["amounts_estimated"] == 1
    assert estimate.open == pytest.approx(5_000_000, rel=0.2)


def test_new_business_comes_from_arrivals_and_not_where_none_arrive() -> None:
    steady, ended = simulate(5, 700), simulate(5, 700)
    for deal, states in list(ended.deals.items()):
        if states[0].at.date() > date(2026, 3, 1):
            del ended.deals[deal], ended.products[deal]
    assert forecast(steady, "2026-07-31", 90).created_later > 0
    assert forecast(ended, "2026-07-31", 90).created_later == 0


def test_too_few_won_deals_are_refused_with_what_is_missing() -> None:
    with pytest.raises(HistoryTooThin, match="4 won deals are known; 5"):
        forecast(thin(4, 30), "2026-06-01")


def test_deals_that_were_never_seen_open_are_refused() -> None:
    company = Company()
    for number in range(9):
        company.add(f"d{number}", State(START + timedelta(number), "closed_won", 100))
    with pytest.raises(HistoryTooThin, match="seen open"):
        forecast(company, "2026-03-01")


def test_a_window_without_days_left_holds_what_is_booked(company: Company) -> None:
    history = company.history("2026-06-30")
    estimate = METHOD.fit_forecast(history, window_of("quarter", date(2026, 6, 30)))
    assert (estimate.total, estimate.open, estimate.created_later) == (estimate.booked, 0, 0)


def test_a_closing_in_a_wrong_century_does_no_harm(company: Company) -> None:
    dirty = company.copy()
    dirty.add("dirt", State(datetime(1901, 1, 1, tzinfo=UTC), "closed_won", 100))
    assert forecast(dirty, "2026-06-05").total == pytest.approx(forecast(company, "2026-06-05").total, rel=0.05)


def test_buckets_begin_at_their_edges() -> None:
    assert bucket_of(np.array([0, 1, 3, 28, 29, 365, 366, 9999])).tolist() == [0, 1, 2, 7, 8, 23, 24, 24]


def test_the_run_rate_is_booked_revenue_and_the_mean_day_of_the_last_91() -> None:
    company, origin = Company(), datetime(2026, 5, 10, 9, tzinfo=UTC)
    for days in (0, 9, 90, 91):
        company.add(f"d{days}", State(origin - timedelta(days), "closed_won", 91_00))
    history = company.history("2026-05-10")
    estimate = run_rate(history, window_of("quarter", date(2026, 5, 10)))
    assert estimate.booked == 2 * 91_00
    assert estimate.total == 2 * 91_00 + 3 * 100 * 51
    assert history.day == day_number(date(2026, 5, 10))
