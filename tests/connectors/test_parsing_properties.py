from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from sales_operations.connectors import dates, numbers, vectors
from sales_operations.connectors.parse import Parsed, boolean
from sales_operations.domain.money import LARGEST_MINOR, exponent

BERLIN, NEW_YORK, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(some.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)), some.sampled_from([BERLIN, NEW_YORK, UTC_ZONE]))  # noqa: DTZ001
def test_what_is_written_with_its_zone_comes_back_as_the_same_instant(local: datetime, zone: ZoneInfo) -> None:
    moment = local.replace(tzinfo=zone)
    expected = (moment - EPOCH) // timedelta(microseconds=1)
    assert dates.instant(BERLIN, lambda: "mdy")(moment.isoformat()) == expected
    assert dates.instant(zone, lambda: "mdy")(local.isoformat()) == expected


@given(some.dates(datetime(1900, 1, 1).date(), datetime(2199, 12, 31).date()), some.sampled_from(["mdy", "dmy"]))  # noqa: DTZ001
def test_days_come_back_from_every_order(day: Any, order: dates.Order) -> None:
    shown = f"{day.month}/{day.day}/{day.year}" if order == "mdy" else f"{day.day}/{day.month}/{day.year}"
    assert dates.day(UTC_ZONE, lambda: order)(shown) == day.isoformat()
    assert dates.evidence(shown) in (order, "?")


@given(some.integers(0, LARGEST_MINOR), some.sampled_from(["USD", "JPY", "KWD"]), some.booleans(), some.booleans())
def test_amounts_come_back_from_every_way_of_writing_them(minor: int, code: str, comma: bool, grouped: bool) -> None:
    places = exponent(code)
    text = f"{Decimal(minor).scaleb(-places):{',' if grouped else ''}.{places}f}"
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    assert numbers.money(code, lambda: "," if comma else ".", negative=False)(text) == minor


@given(some.text())
def test_no_text_makes_a_parser_fail_in_another_way_than_by_its_reason(text: str) -> None:
    parsers = [
        dates.day(BERLIN, lambda: "dmy"),
        dates.instant(NEW_YORK, lambda: "mdy"),
        numbers.money("USD", lambda: ".", negative=True),
        numbers.decimal(lambda: ","),
        numbers.integer(lambda: "."),
        numbers.fraction(lambda: ".", percent=True),
        boolean,
        numbers.currency,
    ]
    for parse in parsers:
        values, errors = Parsed(parse)([text])
        assert (values == [None]) or not errors


@given(
    some.lists(
        some.sampled_from(
            [
                "",
                "2024-05-01T10:00:00.000+0000",
                "2024-05-01T10:00:00Z",
                "2024-05-01 10:00",
                "x",
                "1899-01-01",
                "2024-05-01",
                "1714557600000",
                "2024-02-30T00:00:00Z",
            ]
        ),
        max_size=6,
    )
)
def test_whole_columns_of_instants_are_read_as_single_ones_are(cells: list[str]) -> None:
    one_by_one = Parsed(dates.instant(UTC_ZONE, lambda: "mdy"))
    assert vectors.quickly(vectors.instants(naive_is_utc=True), one_by_one)(cells) == one_by_one(cells)


@given(
    some.lists(
        some.one_of(
            some.just(""), some.decimals(0, 10**19, places=2).map(str), some.text("0123456789.,-eE $", max_size=7)
        )
    )
)
def test_whole_columns_of_amounts_are_read_as_single_ones_are(cells: list[str]) -> None:
    one_by_one = Parsed(numbers.money("USD", lambda: ".", negative=False))
    assert vectors.quickly(vectors.amounts(2), one_by_one)(cells) == one_by_one(cells)
