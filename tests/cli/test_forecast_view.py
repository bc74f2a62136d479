"""A forecast on a terminal: all of it is there, it adds up, and it fits."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from sales_operations.cli.forecast_view import view

FOUND: dict[str, Any] = {
    "method": "hybrid", "period": "quarter", "horizon": None, "period_label": "FY2027-Q4", "currency": "EUR",
    "period_start": "2026-11-01", "period_end": "2027-01-31", "as_of": "2026-11-28", "total": 1_967_387.1,
    "booked": 1_148_506.66, "open": 809_220.65, "not_created_yet": 9_659.79, "median": 1_960_747.62,
    "interval_80": [1_748_492.15, 2_198_621.59], "interval_95": [1_656_520.8, 2_341_225.74], "confidence": 0.6,
    "confidence_basis": {"origins": 8, "within_10_percent": 5}, "pipeline": 2_010_323.88, "trend": 2_155_764.79,
    "weights": {"pipeline": 0.75, "trend": 0.25}, "dropped": {"ml": "too few deals", "seasonal": "too few deals"},
    "by_stage": {"lead": 209_220.65, "negotiation": 600_000.0, "closed_won": 1_148_506.66, "not_created_yet": 9_659.79},
    "by_sales_rep": {f"Rep {n}": 1_957_727.31 * n / 91 for n in range(1, 14)} | {"not_created_yet": 9_659.79},
    "by_team": {"East": 957_727.31, "West": 1_000_000.0, "not_created_yet": 9_659.79},
}  # fmt: skip
REFUSED = FOUND | {
    "refused": "no deal was closed yet", "total": 300.0, "booked": 100.0, "open": None, "not_created_yet": None,
    "weights": {}, "dropped": {}, "by_stage": {"closed_won": 100.0, "run_rate": 200.0}, "by_team": {"run_rate": 200.0},
    "by_sales_rep": {"Ada": 100.0, "run_rate": 200.0}, "confidence": 0.0,
}  # fmt: skip


def drawn(found: dict[str, Any], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for part in view(found):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_parts_the_median_the_ranges_and_the_confidence_are_told() -> None:
    text = squeezed(drawn(FOUND))
    for line in (
        "Won revenue of FY2027-Q4, 2026-11-01 to 2027-01-31, in EUR Forecast by hybrid, as of 2026-11-28",
        "█ Won so far 1,148,507 58 % ▓ Open deals 809,220 41 % ░ Not created yet 9,660 0 % Total 1,967,387 100 %",
        "┼ Median 1,960,748,",
        "├─┤ 80 % range 1,748,492 to 2,198,622, right 4 times in 5",
        "┄┄┄ 95 % range 1,656,521 to 2,341,226, right 19 times in 20",
        "Confidence 60 %: 5 of 8 earlier forecasts at this point of a quarter came within 10 % of what was won",
        "Without ml, seasonal: too few deals",
        "pipeline 75 % 2,010,324",
    ):
        assert line in text
    assert text.count("EUR") == 1


def test_the_parts_add_up_as_they_are_shown() -> None:
    rows = re.findall(r"^[█▓░ ] [A-Z][a-z ]+ +([\d,]+) ", drawn(FOUND), re.MULTILINE)
    *parts, total = (int(amount.replace(",", "")) for amount in rows[:4])
    assert (len(parts), sum(parts), total) == (3, 1_967_387, 1_967_387)


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_clipped_and_the_drawing_is_to_scale(width: int) -> None:
    lines = drawn(FOUND, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    place = next(number for number, line in enumerate(lines) if line.startswith("██"))
    bar, ranges = lines[place].rstrip(), lines[place + 1]
    scale = 60 / FOUND["interval_95"][1]
    assert (bar.count("█"), len(bar)) == (round(FOUND["booked"] * scale), round(FOUND["total"] * scale))
    low, high = FOUND["interval_80"]
    assert [ranges.index(sign) for sign in "├┼┤"] == [round(amount * scale) for amount in (low, FOUND["median"], high)]


def test_the_biggest_reps_come_first_and_the_others_in_one_line() -> None:
    lines = [squeezed(line) for line in drawn(FOUND).splitlines()]
    first = lines.index("Sales rep Forecast Share") + 2
    assert (lines[first].split()[:2], lines[first + 10].split()[:2]) == (["Rep", "13"], ["3", "more"])
    assert lines[lines.index("Team Forecast Share") + 2].startswith("West")
    assert not any(line.startswith("closed_won") for line in lines)


def test_a_refusal_says_what_is_missing_and_gives_no_range() -> None:
    text = squeezed(drawn(REFUSED))
    assert "█ Won so far 100.00 33 % ▓ At the run rate 200.00 67 % Total 300.00 100 %" in text
    assert "Confidence not enough history for a forecast" in text
    assert "Missing no deal was closed yet" in text
    assert "range" not in text
    assert "Team" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"horizon": 30, "period": "30 days"}, "Won revenue of the next 30 days, 2026-11-01 to"),
        ({"horizon": 30, "period": "30 days"}, "earlier forecasts of as many days came within"),
        ({"confidence_basis": {"origins": 0}}, "Confidence unknown, as no earlier period"),
        ({"method": "trend", "weights": None, "trend": "growing", "growth_rate": 0.123}, "Trend growing, +12 % a year"),
        (
            {"method": "seasonal", "weights": None, "seasonal_factor": 1.1},
            "Season 1.10 times an average time of the year",
        ),
        ({"total": 0.0, "booked": 0.0, "open": 0.0, "not_created_yet": 0.0, "median": 0.0}, "Total 0.00"),
    ],
)
def test_what_is_special_is_told(changes: dict[str, Any], told: str) -> None:
    assert told in squeezed(drawn(FOUND | changes))
