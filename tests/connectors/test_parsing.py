from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sales_operations.connectors import dates, numbers
from sales_operations.connectors.parse import Parsed, boolean, full_salesforce_id, ids, renamed

BERLIN, NEW_YORK, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


INSTANTS = [
    ("2024-05-01T10:00:00.000+0000", "2024-05-01T10:00:00+00:00"),
    ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
    ("2024-05-01T10:00:00.123456+02:00", "2024-05-01T08:00:00.123456+00:00"),
    ("2024-05-01 10:00", "2024-05-01T10:00:00+02:00"),
    ("2024-05-01", "2024-05-01T00:00:00+02:00"),
    ("2024-05-01 10:00:00 UTC", "2024-05-01T10:00:00+00:00"),
    ("1714557600", "2024-05-01T10:00:00+00:00"),
    ("1714557600000", "2024-05-01T10:00:00+00:00"),
    ("17145576000000000", "2024-05-01T10:00:00+00:00"),
    ("5/1/2024, 10:00 PM", "2024-05-01T22:00:00+02:00"),
    ("5/1/2024 12:05 AM", "2024-05-01T00:05:00+02:00"),
    ("1.5.2024 10:00", "2024-05-01T10:00:00+02:00"),
    ("May 1, 2024 10:00 AM", "2024-05-01T10:00:00+02:00"),
    ("1-May-2024", "2024-05-01T00:00:00+02:00"),
    ("2024/05/01 10:00:00", "2024-05-01T10:00:00+02:00"),
]


@pytest.mark.parametrize(("text", "expected"), INSTANTS)
def test_instants_are_read_with_their_zone_or_in_the_one_that_is_said(text: str, expected: str) -> None:
    assert dates.instant(BERLIN, lambda: "mdy")(text) == micros(expected)


BAD_DATES = {
    "0000-00-00": "year outside of 1900 to 2199",
    "0001-01-01": "year outside",
    "9999-12-31": "year outside",
    "9999-12-31T23:59:59Z": "year outside",
    "1899-12-31": "year outside",
    "31/12/0000": "year outside",
    "2024-02-30": "is not a date",
    "2024-13-01": "is not a date",
    "13/13/2024": "is not a date in the order mdy",
    "5/1/24": "year of two digits",
    "45292": "no count of seconds",
    "tomorrow": "is not a date",
    "2024-W10-1": "is not a date",
    "٣/٣/2024": "is not a date",
    "NaN": "is not a date",
}


@pytest.mark.parametrize("text", BAD_DATES)
def test_what_is_no_date_of_this_age_is_refused(text: str) -> None:
    for parse in (dates.day(BERLIN, lambda: "mdy"), dates.instant(BERLIN, lambda: "mdy")):
        with pytest.raises(ValueError, match=BAD_DATES[text]):
            parse(text)


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2024-05-01", "dmy", "2024-05-01"),
        ("5/1/2024", "mdy", "2024-05-01"),
        ("5/1/2024", "dmy", "2024-01-05"),
        ("05-01-2024", "dmy", "2024-01-05"),
        ("1.5.2024", "mdy", "2024-05-01"),
        ("20240501", "mdy", "2024-05-01"),
        ("2024-05-01T02:00:00Z", "mdy", "2024-04-30"),
        ("2024-05-01T02:00:00", "mdy", "2024-05-01"),
    ],
)
def test_a_day_is_that_of_the_zone_and_of_the_order_that_is_said(text: str, order: dates.Order, expected: str) -> None:
    assert dates.day(NEW_YORK, lambda: order)(text) == expected


def test_a_column_shows_its_order_by_a_number_above_twelve() -> None:
    texts = ["13/1/2024", "1/13/2024", "1/2/2024", "2024-01-13", "1.13.2024", ""]
    assert [dates.evidence(text) for text in texts] == ["dmy", "mdy", "?", "", "", ""]


AMOUNTS = [
    ("1234", 123400),
    ("1234.5", 123450),
    ("1,234.56", 123456),
    ("1.234,56", 123456),
    ("1 234,50", 123450),
    ("1'234.50", 123450),
    ("12,34,567.00", 123456700),
    ("$1,234", 123400),
    ("USD 1,234.00", 123400),
    ("1,234.00 USD", 123400),
    ("US$ 5", 500),
    ("1e3", 100000),
    ("0.125", 12),
    ("0.135", 14),
    (".5", 50),
    ("1,234", 123400),
    ("1.234", 123),
    ("1,234,567", 123456700),
    ("1.234.567", 123456700),
    ("12,5", 1250),
]


@pytest.mark.parametrize(("text", "minor"), AMOUNTS)
def test_amounts_are_read_as_exports_write_them(text: str, minor: int) -> None:
    assert numbers.money("USD", lambda: ".", negative=False)(text) == minor


@pytest.mark.parametrize(
    ("text", "minor"), [("(1,200.50)", -120050), ("-5", -500), ("5-", -500), ("-$5", -500), ("$-5", -500)]
)
def test_negative_amounts_are_read_where_they_may_stand_and_refused_elsewhere(text: str, minor: int) -> None:
    assert numbers.money("USD", lambda: ".", negative=True)(text) == minor
    with pytest.raises(ValueError, match="is negative"):
        numbers.money("USD", lambda: ".", negative=False)(text)


BAD_AMOUNTS = {
    "NaN": "not a finite number",
    "Infinity": "not a finite number",
    "-inf": "not a finite number",
    "abc": "is not a number",
    "1,2,3": "separators do not stand between groups",
    "1.2.3,4": "separators",
    "--5": "is not a number",
    "5%": "is not a number",
    "1e400": "too large",
    "9" * 40: "more than 24 digits",
    "9" * 17: "larger than can be held exactly",
    "₀": "is not a number",
    "EUR 5": "an amount in EUR, but the currency of the row is USD",
    "£5": "an amount in GBP",
    ",": "is not a number",
}


@pytest.mark.parametrize("text", BAD_AMOUNTS)
def test_what_is_no_amount_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=BAD_AMOUNTS[text]):
        numbers.money("USD", lambda: ".", negative=True)(text)


def test_only_numbers_that_can_be_read_both_ways_ask_for_the_decimal_mark() -> None:
    comma = numbers.money("EUR", lambda: ",", negative=False)
    assert [comma(text) for text in ("1.234", "1,234", "12.5", "12,5", "1.234,5")] == [123400, 123, 1250, 1250, 123450]
    assert [numbers.evidence(text) for text in ("1,234", "1.2345", "0.123", "12,5", "x")] == ["?", ".", ".", ",", ""]


def test_currencies_have_their_own_decimal_places() -> None:
    read = {code: numbers.money(code, lambda: ".", negative=False) for code in ("JPY", "KWD", "USD")}
    assert (read["JPY"]("1200"), read["KWD"]("1.5"), read["USD"]("1.5")) == (1200, 1500, 150)
    assert numbers.currency_of("") == numbers.currency_of("$") == ""
    assert (numbers.currency_of("€"), numbers.currency("£"), numbers.currency("eur")) == ("EUR", "GBP", "EUR")


def test_shares_are_read_from_0_to_1_or_as_percent() -> None:
    share, percent = (numbers.fraction(lambda: ".", percent=said) for said in (False, True))
    assert (share("0.6"), share("60%"), percent("60"), percent("60 %")) == (0.6, 0.6, 0.6, 0.6)
    with pytest.raises(ValueError, match="unit: percent"):
        share("60")
    with pytest.raises(ValueError, match="not between 0 and 100"):
        percent("101")


def test_counts_are_whole_and_not_negative() -> None:
    read = numbers.integer(lambda: ".")
    assert (read("1200"), read("1,200"), read("12.0")) == (1200, 1200, 12)
    for text in ("1.5", "-1", "10-50", "1e30"):
        with pytest.raises(ValueError, match=r"whole number|is not a number|too large"):
            read(text)


@pytest.mark.parametrize(
    ("text", "value"), [("TRUE", True), ("yes", True), ("1", True), ("f", False), ("No", False), ("0", False)]
)
def test_yes_and_no_are_read_in_many_ways(text: str, value: bool) -> None:
    assert boolean(text) is value


def test_identifiers_are_refused_when_missing_too_long_or_with_control_characters() -> None:
    values, errors = ids()([" a ", "", "x" * 256, "b\x07c", "naïve 名"])
    assert values == ["a", None, None, None, "naïve 名"]
    assert errors[1] == "is missing"
    assert "255 characters" in errors[2]
    assert set(errors) == {1, 2, 3}


def test_identifiers_of_a_salesforce_report_are_those_of_its_api() -> None:
    assert full_salesforce_id("001D000000IRFma") == "001D000000IRFmaIAH"
    values, _ = ids("salesforce")(["001D000000IRFma", "001D000000IRFmaIAH", "Northwind Mills"])
    assert values == ["001D000000IRFmaIAH", "001D000000IRFmaIAH", "Northwind Mills"]
    assert ids("zoho")(["zcrm_4150868000000225400"])[0] == ["4150868000000225400"]


def test_a_value_table_replaces_texts_whatever_their_case() -> None:
    read = Parsed(renamed(str, {"GTXPro": "GTX Pro"}), missing=["Select"])
    assert read(["gtxpro", "GTXPro", "MG", " Select ", ""]) == (["GTX Pro", "GTX Pro", "MG", None, None], {})


def test_each_different_text_is_parsed_once() -> None:
    asked: list[str] = []

    def parse(text: str) -> str:
        asked.append(text)
        if text == "bad":
            raise ValueError("is bad")
        return text

    read = Parsed(parse)
    assert read(["a", "bad", "a"]) == (["a", None, "a"], {1: "is bad"})
    assert read(["bad", "a", ""]) == ([None, "a", None], {0: "is bad"})
    assert sorted(asked) == ["a", "bad"]
