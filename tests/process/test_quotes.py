"""Quotes: made from a deal, priced, edited."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.process import Quoter
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import quotes
from sales_operations.process.quoting.quoter import create
from tests.process.quote_parts import entry, item, quoted, stocked, unchanged
from tests.process.test_transition import OPEN


def test_a_quote_lists_the_deals_items_and_the_discount_between_list_and_total(company: Any) -> None:
    stocked(company)
    quote = asyncio.run(Quoter(company.workspace).create_quote(company.deal("opp_1")))
    names = ("line", "product", "code", "quantity", "amount", "discount", "net", "total")
    assert [tuple(one[name] for name in names) for one in quote["items"]] == [
        (1, "Loom", "L1", 3.0, 360.0, 60.0, 300.0, 300.0),
        (2, "Setup", "S1", 1.0, 50.0, 0.0, 50.0, 50.0),
    ]
    assert (quote["amount"], quote["discount"], quote["net"], quote["total"]) == (410.0, 60.0, 350.0, 350.0)
    assert [step["text"] for step in quote["trace"] if step["line"] == 1] == [
        "list price: 3 × 120.00",
        "Agreed price: 60.00 off",
    ]


@pytest.mark.parametrize(
    ("columns", "listed", "total"),
    [
        ({"quantity": "3", "unit_price_minor": 33_33, "total_minor": 90_00}, 99.99, 90.0),
        ({"quantity": "3", "total_minor": 10_00}, 10.0, 10.0),
        ({"total_minor": 10_01}, 10.01, 10.01),
        ({"quantity": "2", "unit_price_minor": 10_00, "discount": "12.5"}, 20.0, 17.5),
        ({"quantity": "2", "unit_price_minor": 10_00, "total_minor": 25_00}, 25.0, 25.0),
        ({"quantity": "0.5", "unit_price_minor": 33, "total_minor": 15}, 0.16, 0.15),
        ({"product_id": "prod_loom", "quantity": "2"}, 200.0, 200.0),
        ({"product_id": "prod_loom", "quantity": "2", "discount": "10"}, 200.0, 180.0),
        ({"product_id": "prod_setup", "quantity": "2"}, 100.0, 100.0),
    ],
)
def test_an_items_price_is_its_own_or_else_the_price_books_of_the_day(
    small: Any, columns: Any, listed: float, total: float
) -> None:
    stocked(small)
    small.add("opportunities", OPEN | {"id": "opp_2"})
    small.add("items", item("item_9", **columns) | {"opportunity_id": "opp_2"})
    quote = create(small.workspace, "opp_2")
    assert (quote["amount"], quote["total"]) == (listed, total)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.decimals("0.001", "999", places=3), st.integers(1, 99_999), st.integers(0, 99_999_999) | st.none()
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_the_items_say_their_totals_are_kept_to_the_cent(small: Any, said: list[Any]) -> None:
    with small.workspace.unit("test") as unit:
        deal = f"opp_{unit.connection.exec_driver_sql('SELECT count(*) FROM opportunities').scalar()}x"
        unit.create("opportunities", OPEN | {"id": deal})
        for number, (quantity, price, total) in enumerate(said):
            columns = {"quantity": str(quantity), "unit_price_minor": price, "total_minor": total}
            unit.create("items", item(f"item_{deal}{number}", **columns) | {"opportunity_id": deal})
    quote = create(small.workspace, deal)
    for one, (_, _, total) in zip(quote["items"], said, strict=True):
        assert total is None or round(one["total"] * 100) == total
    cents = [round(one["total"] * 100) for one in quote["items"]]
    assert round(quote["total"] * 100) == sum(cents)
    assert round(quote["amount"] * 100) - round(quote["discount"] * 100) == sum(cents)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"product_text": "Odd"}, r"line 3 \(Odd\): it has no price, and no product whose price in USD could serve"),
        ({"product_id": "prod_rare"}, "'prod_rare' has no price in USD on 2026-11-24"),
        ({"product_text": "Odd", "total_minor": 5_00, "currency": None}, "it has a price without a currency"),
        ({"product_text": "Odd", "total_minor": 5_00, "currency": "EUR"}, "its price is in EUR, the quote is in USD"),
        ({"product_text": "Odd", "total_minor": -5_00}, "its price or quantity is below zero"),
    ],
)
def test_an_item_that_cannot_be_priced_is_a_clear_error_and_nothing_is_written(
    company: Any, columns: Any, says: str
) -> None:
    stocked(company)
    company.add("items", item("item_3") | columns)
    unchanged(company, (InvalidInput, NotFound), says, lambda: create(company.workspace, "opp_1"))


def test_a_price_in_the_book_without_a_currency_is_a_clear_error(company: Any) -> None:
    stocked(company)
    company.add("pricebooks", entry("price_bare", "prod_rare", 7_00) | {"currency": None})
    company.add("items", item("item_3", product_id="prod_rare"))
    unchanged(company, InvalidInput, "has no currency", lambda: create(company.workspace, "opp_1"))


def test_two_prices_of_one_day_are_a_clear_error(small: Any) -> None:
    stocked(small)
    small.add("pricebooks", entry("price_too", "prod_loom", 80_00, valid_from="2026-06-01"))
    small.add("items", item("item_3", product_id="prod_loom"))
    unchanged(small, InvalidInput, "2 prices in USD", lambda: create(small.workspace, "opp_1"))


def test_what_cannot_be_priced_does_not_hold_a_deal_up_but_keeps_its_quote_from_going_out(company: Any) -> None:
    stocked(company)
    company.add("items", item("item_3", product_id="prod_rare"), item("item_4", product_text="Odd"))
    company.move(company.deal("opp_1"), "proposal")
    [quote] = quotes.listing(company.workspace, "opp_1")
    assert (quote["total"], len(quote["items"])) == (350.0, 4)
    assert "no price" in quote["items"][2]["problem"]
    for step in (quote_decisions.submit, quote_decisions.send, quote_decisions.accept):
        unchanged(company, InvalidInput, "is not complete: line 3", partial(step, company.workspace, quote["quote_id"]))
    mended = quotes.edit(company.workspace, quote["quote_id"], {"lines": [{"line": 3, "price": 40}]})
    assert mended["total"] == 390.0
    quotes.edit(company.workspace, quote["quote_id"], {"lines": [{"line": 4, "remove": True}]})
    assert quote_decisions.send(company.workspace, quote["quote_id"])["status"] == "sent"


def test_quotes_that_are_switched_off_refuse(small: Any, configured: Any) -> None:
    stocked(small)
    workspace = small.stores.open(configured(quoting__enabled=False))
    unchanged(small, Disabled, "quoting.enabled", lambda: create(workspace, "opp_1"))


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"discounts": ["10%"]}, 315.0),
        ({"discounts": ["10%", "Loyalty: 15"]}, 300.0),
        ({"lines": [{"line": 2, "quantity": "2.5"}]}, 425.0),
        ({"lines": [{"line": 1, "quantity": 6}]}, 650.0),
        ({"lines": [{"line": 1, "price": None}]}, 410.0),
        ({"lines": [{"line": 1, "price": 110, "discounts": ["50%"]}]}, 215.0),
        ({"lines": [{"line": 1, "price": 130}]}, 440.0),
        ({"lines": [{"line": 1, "remove": True}]}, 50.0),
        ({"lines": [{"product": "L1", "quantity": 2}]}, 550.0),
        ({"lines": [{"product": "Loom", "price": 80}]}, 430.0),
        ({"lines": [{"product": "Setup", "discounts": ["Starter: 5.50"]}]}, 394.5),
        ({"lines": [{"product": "Travel", "price": "99.99", "quantity": 2}]}, 549.98),
        ({"payment_days": 60, "term_months": 24, "starts_on": "2027-01-01", "notes": "As agreed"}, 350.0),
    ],
)
def test_a_draft_can_be_edited(small: Any, changes: Any, total: float) -> None:
    quote = quotes.edit(small.workspace, quoted(small), changes)
    assert quote["total"] == total
    again = quotes.show(small.workspace, quote["quote_id"])
    assert {name: again[name] for name in quote if name != "approval"} == {
        name: value for name, value in quote.items() if name != "approval"
    }


def test_a_price_below_the_list_price_is_a_discount_however_it_is_written(small: Any) -> None:
    quote = quotes.edit(small.workspace, quoted(small), {"lines": [{"product": "Loom", "price": 40, "quantity": 2}]})
    assert (quote["items"][2]["amount"], quote["items"][2]["discount"]) == (200.0, 120.0)
    quote = quotes.edit(small.workspace, quote["quote_id"], {"lines": [{"line": 1, "price": 12}]})
    assert (quote["items"][0]["amount"], quote["items"][0]["discount"]) == (360.0, 324.0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": 1}, "a quote has no 'colour' to change"),
        ({"lines": [{"line": 1, "colour": 1}]}, "a line has no 'colour' to change"),
        ({"lines": [{"line": 9, "quantity": 1}]}, "the quote has no line 9; it has 1, 2"),
        ({"lines": [{"quantity": 1}]}, "names one of line"),
        ({"lines": {"line": 1}}, "lines is a list"),
        ({"lines": ["1"]}, "a line is given as keys and values"),
        ({"lines": [{"line": 1, "remove": True}, {"line": 2, "remove": True}]}, "would have no line left"),
        ({"lines": [{"line": 1, "quantity": 0}]}, "the quantity is 0; remove the line instead"),
        ({"lines": [{"line": 1, "quantity": "-1"}]}, "quantity '-1' is not a number from 0 on"),
        ({"lines": [{"line": 1, "quantity": "many"}]}, "quantity 'many' is not a number"),
        ({"lines": [{"line": 1, "price": float("nan")}]}, "price nan is not a number"),
        ({"lines": [{"product": "Travel"}]}, "there is no product 'Travel'; give the line a price"),
        ({"lines": [{"product": "Rare"}]}, "has no price in USD on 2026-11-24"),
        ({"lines": [{"bundle": "SUITE"}]}, "there is no bundle 'SUITE'"),
        ({"lines": [{"line": 1, "ends_on": "soon"}]}, "ends_on 'soon' is no date"),
        ({"discounts": ["a lot"]}, "the discount 'a lot' is not understood; write 10% or an amount"),
        ({"discounts": ["101%"]}, "is more than 100 %"),
        ({"discounts": ["0.001"]}, "has more decimals than USD has"),
        ({"discounts": ["9999"]}, "only 350.00 is left"),
        ({"discounts": "10%"}, "discounts is a list"),
        ({"payment_days": -1}, "payment_days -1 is not a whole number from 0 to 3650"),
        ({"term_months": True}, "term_months True is not a whole number"),
        ({"valid_until": "2026-11-23"}, "is over already; give a day from 2026-11-24 on"),
        ({"notes": "a\x00b"}, "notes are text"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_and_nothing_is_written(small: Any, changes: Any, says: str) -> None:
    quote_id = quoted(small)
    unchanged(small, (InvalidInput, NotFound), says, lambda: quotes.edit(small.workspace, quote_id, changes))
