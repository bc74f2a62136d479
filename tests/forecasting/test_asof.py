from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.forecasting.asof import LOST, WON, History, day_number, day_of, load_history
from tests.forecasting.conftest import Company, State


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def arrays(history: History) -> dict[str, object]:
    names = ("day", "start", "stage", "amount", "close", "rep", "deal", "created", "since", "end", "pushes")
    return {name: np.asarray(getattr(history, name)).tolist() for name in names}


def test_day_numbers_and_dates_are_each_others_inverse() -> None:
    assert day_number(date(1970, 1, 2)) == 1
    assert day_of(day_number(date(2026, 2, 28))) == date(2026, 2, 28)


def test_the_last_state_of_a_day_counts_as_that_day() -> None:
    company = Company()
    company.add("d", State(at(2), "lead", 100), State(at(3), "qualified", 200), State(at(3, 15), "proposal", 300))
    history = company.history("2026-03-10")
    assert history.amount.tolist() == [100, 300]
    assert history.start.tolist() == [day_number(date(2026, 3, 2)), day_number(date(2026, 3, 3))]


def test_the_company_s_time_zone_decides_on_the_day() -> None:
    company = Company()
    company.add("d", State(at(2, 23), "closed_won", 100))
    assert company.history("2026-03-10").closings.day.tolist() == [day_number(date(2026, 3, 2))]
    auckland = company.history("2026-03-10", "Pacific/Auckland")
    assert auckland.closings.day.tolist() == [day_number(date(2026, 3, 3))]


def test_a_deal_counts_as_closed_from_its_last_closing_on_with_the_amount_known_now() -> None:
    company = Company()
    company.add(
        "d",
        *(State(at(2), "closed_lost", 1), State(at(4), "lead", 2), State(at(6), "closed_won", 3)),
        State(at(8), "closed_won", 4),
    )
    closings = company.history("2026-03-10").closings
    assert (closings.day.tolist(), closings.amount.tolist()) == ([day_number(date(2026, 3, 6))], [4.0])
    before = company.history("2026-03-03")
    assert before.stage[before.last].tolist() == [LOST]
    assert company.history("2026-03-05").open_rows.tolist() == [1]


def test_deleted_deals_are_counted_until_they_were_deleted() -> None:
    company = Company()
    company.add("d", State(at(2), "closed_won", 5), State(at(6), "closed_won", 5, deleted=True))
    known = load_history(company.tables(), parse_as_of("2026-03-10"))
    assert len(known.at(known.day).ids) == 0
    assert known.at(day_number(date(2026, 3, 5))).won_per_day(0, known.day).sum() == 5


def test_pushes_count_moves_of_the_close_date_to_a_later_day() -> None:
    company, day = Company(), date(2026, 5, 1)
    moves = (day, day + timedelta(9), day + timedelta(3), None, day, day + timedelta(1))
    company.add("d", *(State(at(2 + n), "lead", 1, close) for n, close in enumerate(moves)))
    assert company.history("2026-03-10").pushes.tolist() == [0, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("as_of", ["2024-05-01", "2025-03-31", "2026-01-15", "2026-08-20"])
def test_slicing_a_history_gives_what_loading_it_then_would_have(company: Company, as_of: str) -> None:
    origin = parse_as_of(as_of)
    whole = load_history(company.tables(), parse_as_of("2026-08-20"))
    then = load_history(company.tables(), origin)
    sliced, loaded = whole.at(then.day), then.at(then.day)
    names = [name for name in arrays(sliced) if name not in ("amount", "rep")]
    assert [arrays(sliced)[name] for name in names] == [arrays(loaded)[name] for name in names]
    np.testing.assert_array_equal(sliced.amount, loaded.amount)


def test_an_empty_history_can_be_asked_everything() -> None:
    history = Company().history()
    assert [len(values) for values in (history.since, history.end, history.pushes, history.open_rows)] == [0] * 4
    assert history.won_per_day(0, 9).tolist() == [0.0] * 10
    assert history.observed_from == history.day + 1


def test_won_is_what_stands_in_the_last_open_ended_state() -> None:
    company = Company()
    company.add("w", State(at(2), "closed_won", None))
    history = company.history("2026-03-10")
    assert history.stage.tolist() == [WON]
    assert history.won_per_day(history.day - 10, history.day).sum() == 0
