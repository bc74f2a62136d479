from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sales_operations.connectors.batch import Batch
from sales_operations.connectors.context import ReadOptions
from sales_operations.domain.errors import InvalidInput, SourceError

ReadFile = Callable[..., list[Batch]]


def column(batches: list[Batch], name: str) -> list[Any]:
    return [value for batch in batches for value in batch.columns.get(name, [])]


@pytest.mark.parametrize(
    ("dates", "day"), [(("13/2/2024", "1/2/2024"), "2024-02-01"), (("2/13/2024", "1/2/2024"), "2024-01-02")]
)
def test_the_whole_column_decides_between_month_first_and_day_first(
    dates: tuple[str, str], day: str, read_file: ReadFile
) -> None:
    text = "id,stage,close_date\n" + f"d1,lead,{dates[1]}\n" + f"d2,lead,{dates[0]}\n"
    assert column(read_file(text, size=1), "close_date")[0] == day


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (("1/2/2024", "3/4/2024"), "could be month/day or day/month throughout"),
        (("13/2/2024", "2/13/2024"), "holds dates in both orders"),
    ],
)
def test_a_column_that_leaves_the_order_open_is_an_error_that_names_the_option(
    dates: tuple[str, str], said: str, read_file: ReadFile
) -> None:
    text = "id,stage,close_date\n" + "".join(f"d{n},lead,{one}\n" for n, one in enumerate(dates))
    with pytest.raises(SourceError, match=f"'close_date' {said} .*--date-order mdy or --date-order dmy"):
        read_file(text)


def test_the_order_can_be_said_by_the_caller_or_the_mapping(read_file: ReadFile) -> None:
    text = "id,stage,close_date\nd1,lead,1/2/2024\n"
    assert column(read_file(text, options=ReadOptions(date_order="dmy")), "close_date") == ["2024-02-01"]
    mapping = "source: x\nextends: sales_operations\ndate_order: mdy\n"
    assert column(read_file(text, mapping=mapping), "close_date") == ["2024-01-02"]


def test_the_whole_column_decides_between_decimal_point_and_comma(read_file: ReadFile) -> None:
    def amounts(*texts: str, **keywords: Any) -> list[Any]:
        rows = "".join(f'd{n},lead,"{text}"\n' for n, text in enumerate(texts))
        return column(read_file(f"id,stage,amount\n{rows}", size=1, **keywords), "amount")

    assert amounts("1.234", "12,50") == [123400, 1250]
    assert amounts("1,234", "12.50") == [123400, 1250]
    assert amounts("1,234") == [123400]
    assert amounts("1.234", options=ReadOptions(decimal=",")) == [123400]
    with pytest.raises(SourceError, match=r"decimal points .* and decimal commas"):
        amounts("1,234", "12,50", "12.50")


def test_times_without_a_zone_are_those_of_the_company_unless_another_is_said(read_file: ReadFile) -> None:
    text = "id,stage,created_at\nd1,lead,2024-05-01 10:00\nd2,lead,2024-05-01T10:00:00Z\n"
    berlin = read_file(text, company={"timezone": "Europe/Berlin"})
    assert column(berlin, "created_at") == [1714550400000000, 1714557600000000]
    assert column(read_file(text, options=ReadOptions(zone="America/New_York")), "created_at")[0] == 1714572000000000
    with pytest.raises(InvalidInput, match="'Mars' is not a time zone"):
        read_file(text, options=ReadOptions(zone="Mars"))


def test_amounts_are_in_the_currency_of_the_row_of_their_sign_or_of_the_company(read_file: ReadFile) -> None:
    by_column = read_file("id,stage,amount,currency\na,lead,5,JPY\nb,lead,5,EUR\nc,lead,5,\n")
    assert (column(by_column, "amount"), column(by_column, "currency")) == ([5, 500, 500], ["JPY", "EUR", "USD"])
    by_sign = read_file(
        'id,stage,amount\na,lead,€5\nb,lead,"USD 1,200.00"\nc,lead,$5\nd,lead,5\n', company={"currency": "CAD"}
    )
    assert column(by_sign, "currency") == ["EUR", "USD", "CAD", "CAD"]
    assert column(by_sign, "amount") == [500, 120000, 500, 500]
    (batch,) = read_file("id,stage,amount,currency\na,lead,€5,USD\n")
    assert batch.rejects[0].reason == "is an amount in EUR, but the currency of the row is USD"


def test_sums_tell_what_stands_in_the_file_rejected_rows_included(read_file: ReadFile) -> None:
    (batch,) = read_file(
        "id,stage,amount,currency\na,lead,5,USD\n,lead,7,USD\nc,lead,1,EUR\nd,lead,,EUR\ne,lead,x,EUR\n"
    )
    assert batch.sums == {"amount": {"USD": 1200, "EUR": 100}}


@pytest.mark.parametrize("said", [{"date_order": "ymd"}, {"decimal": "'"}])
def test_a_convention_that_does_not_exist_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="is none of"):
        ReadOptions(**said)
