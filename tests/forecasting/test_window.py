from __future__ import annotations

from datetime import date

import pytest

from sales_operations.domain.errors import NotFound
from sales_operations.forecasting.asof import day_of
from sales_operations.forecasting.window import past_windows, window_of


def test_a_window_is_the_calendar_period_of_its_origin() -> None:
    window = window_of("quarter", date(2026, 5, 10))
    assert (day_of(window.start), day_of(window.end)) == (date(2026, 4, 1), date(2026, 6, 30))
    assert window.remaining == 51


@pytest.mark.parametrize(("name", "count"), [("month", 12), ("quarter", 8), ("year", 5)])
@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 5, 10), date(2026, 12, 31)])
def test_past_windows_end_before_and_have_the_same_share_left(name: str, count: int, day: date) -> None:
    window = window_of(name, day)
    past = past_windows(window)
    assert len(past) == count
    end = window.start
    for earlier in past:
        assert earlier.end == end - 1
        assert earlier.start - 1 <= earlier.origin <= earlier.end
        share, own = (w.remaining / (w.end - w.start + 1) for w in (window, earlier))
        assert own == pytest.approx(share, abs=0.02)
        end = earlier.start


def test_an_unknown_period_is_named() -> None:
    with pytest.raises(NotFound, match=r"fortnight.*month, quarter, year"):
        window_of("fortnight", date(2026, 1, 1))
