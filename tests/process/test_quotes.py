"""Quotes: made from a deal, edited, copied, revised, sent, accepted, rejected, expired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_operations.domain.errors import Conflict, Disabled, InvalidInput, NotFound
from sales_operations.process import Quoter
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import expiry as quote_expiry
from sales_operations.process.quoting import quotes
from sales_operations.process.quoting.quoter import create, make_quote
from sales_operations.store import audit, history, privacy
from tests.process.test_transition import OPEN


def item(identity: str, **columns: Any) -> dict[str, Any]:
    return {"id": identity, "opportunity_id": "opp_1", "currency": "USD", **columns}


def entry(identity: str, product: str, price: int | None, **columns: Any) -> dict[str, Any]:
    return {"id": identity, "product_id": product, "unit_price_minor": price, "currency": "USD", **columns}


def stocked(company: Any) -> None:
    """A deal with two items, and a catalogue of three products with prices for 2026."""
    company.add("opportunities", OPEN)
    company.add(
        "products",
        {"id": "prod_loom", "name": "Loom", "code": "L1", "attributes": '{"cost": "60"}'},
        {"id": "prod_setup", "name": "Setup", "code": "S1", "list_price_minor": 50_00, "currency": "USD"},
        {"id": "prod_rare", "name": "Rare", "code": "R1"},
    )
    company.add(
        "pricebooks",
        entry("price_old", "prod_loom", 90_00, valid_from="2025-01-01", valid_to="2025-12-31"),
        entry("price_now", "prod_loom", 100_00, valid_from="2026-01-01"),
        entry("price_eur", "prod_loom", 95_00, valid_from="2026-01-01") | {"currency": "EUR"},
    )
    company.add(
        "items",
        item("item_1", product_id="prod_loom", quantity="3", unit_price_minor=120_00, total_minor=300_00),
        item("item_2", product_id="prod_setup", quantity="1", unit_price_minor=50_00, total_minor=50_00),
    )


def status(company: Any, quote_id: str) -> str:
    [[found]] = company.stores.execute("SELECT status FROM quotes WHERE id = ?", quote_id)
    return str(found)


def sound(company: Any) -> None:
    """Chain, history and records agree."""
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


def unchanged(company: Any, error: type[Exception], says: str, call: Callable[[], Any]) -> None:
    before = company.stores.dump()
    with pytest.raises(error, match=says):
        call()
    assert company.stores.dump() == before


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


def quoted(company: Any) -> str:
    stocked(company)
    return str(create(company.workspace, "opp_1")["quote_id"])


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


def contents(company: Any, quote_id: str) -> list[dict[str, Any]]:
    [[text]] = company.stores.execute("SELECT items FROM quotes WHERE id = ?", quote_id)
    return list(orjson.loads(text))


def test_a_copy_has_each_line_once_and_is_a_draft_of_its_own(company: Any) -> None:
    first = quoted(company)
    quotes.edit(company.workspace, first, {"lines": [{"product": "Loom", "discounts": ["5%"]}], "discounts": ["1%"]})
    quote_decisions.send(company.workspace, first)
    company.stores.clock.advance(days=3)
    copy = quotes.clone(company.workspace, first)
    again = quotes.clone(company.workspace, copy["quote_id"])
    assert contents(company, first) == contents(company, copy["quote_id"]) == contents(company, again["quote_id"])
    assert (copy["status"], copy["version"], copy["copied_from"]) == ("draft", 1, first)
    assert copy["root_id"] == copy["quote_id"]
    assert copy["valid_until"] == "2026-12-27"
    assert status(company, first) == "sent"
    sound(company)


def test_a_copy_can_go_to_another_deal_and_takes_the_prices_of_its_own_day(small: Any) -> None:
    small.add("opportunities", OPEN | {"id": "opp_2"})
    first = quoted(small)
    quotes.edit(small.workspace, first, {"lines": [{"product": "Loom", "quantity": 1}, {"line": 1, "remove": True}]})
    with small.workspace.unit("test") as unit:
        unit.update("pricebooks", unit.get("pricebooks", "price_now"), {"valid_to": "2026-11-24"})
        unit.create("pricebooks", entry("price_next", "prod_loom", 130_00, valid_from="2026-11-25"))
    small.stores.clock.advance(days=1)
    copy = quotes.clone(small.workspace, first, "opp_2")
    assert (copy["opportunity_id"], copy["total"], copy["priced_on"]) == ("opp_2", 180.0, "2026-11-25")
    assert quotes.edit(small.workspace, first, {})["total"] == 150.0


def test_a_new_version_supersedes_the_open_one(company: Any) -> None:
    first = quoted(company)
    quote_decisions.send(company.workspace, first)
    second = quotes.revise(company.workspace, first)
    assert (second["version"], second["root_id"], second["status"]) == (2, first, "draft")
    assert status(company, first) == "superseded"
    assert contents(company, first) == contents(company, second["quote_id"])
    unchanged(company, Conflict, "has a later version", lambda: quotes.revise(company.workspace, first))
    unchanged(company, Conflict, "is superseded", lambda: quote_decisions.accept(company.workspace, first))
    shown = quotes.show(company.workspace, second["quote_id"])
    assert [(one["version"], one["status"]) for one in shown["versions"]] == [(1, "superseded"), (2, "draft")]
    sound(company)


def test_a_deal_that_enters_proposal_again_keeps_its_open_quote_unless_its_items_changed(company: Any) -> None:
    stocked(company)
    deal = company.deal("opp_1")
    for stage in ("proposal", "qualified", "proposal"):
        deal = company.move(deal, stage)
    [first] = quotes.listing(company.workspace, "opp_1")
    with company.workspace.unit("test") as unit:
        unit.update("items", unit.get("items", "item_2"), {"total_minor": 45_00})
    for stage in ("qualified", "proposal"):
        deal = company.move(deal, stage)
    second, old = quotes.listing(company.workspace, "opp_1")
    assert (old["quote_id"], old["status"]) == (first["quote_id"], "superseded")
    assert (second["version"], second["status"], second["total"]) == (2, "draft", 345.0)
    with company.workspace.unit("test") as unit:
        row = unit.get("opportunities", "opp_1")
        kept = make_quote(unit, company.workspace.settings, row, OPEN["amount_minor"], "USD")
    assert (kept["quote_id"], kept["is_new"]) == (second["quote_id"], False)


def test_accepting_writes_the_deal_and_supersedes_its_other_quotes_in_one_transaction(company: Any) -> None:
    first = quoted(company)
    other = quotes.clone(company.workspace, first)["quote_id"]
    quotes.edit(company.workspace, first, {"discounts": ["10%"]})
    quote_decisions.send(company.workspace, first)
    company.stores.clock.advance(days=7)
    done = quote_decisions.accept(company.workspace, first)
    assert (done["status"], done["decided_at"]) == ("accepted", "2026-12-01T12:00:00+00:00")
    assert status(company, other) == "superseded"
    deal = company.deal("opp_1")
    assert (deal.amount, deal.close_date) == (315.0, "2027-01-31")
    numbers = company.stores.execute("SELECT seq FROM audit WHERE cause = 'quote accepted'")
    assert len(numbers) == 4  # two quotes, the deal, the note to its owner
    before = company.stores.dump()
    assert quote_decisions.accept(company.workspace, first)["status"] == "accepted"
    assert company.stores.dump() == before
    sound(company)


def test_a_close_date_that_is_past_or_missing_becomes_the_day_of_acceptance(small: Any) -> None:
    quote_id = quoted(small)
    for given_date in ("2026-11-23", None):
        with small.workspace.unit("test") as unit:
            unit.update("opportunities", unit.get("opportunities", "opp_1"), {"close_date": given_date})
        quote_id = quotes.clone(small.workspace, quote_id)["quote_id"]
        quote_decisions.send(small.workspace, quote_id)
        quote_decisions.accept(small.workspace, quote_id)
        assert small.deal("opp_1").close_date == "2026-11-24"


def test_an_expired_quote_cannot_be_accepted_and_nothing_is_written(company: Any) -> None:
    quote_id = quoted(company)
    quote_decisions.send(company.workspace, quote_id)
    company.stores.clock.advance(days=30)
    before_expiry = company.stores.dump()
    company.stores.clock.advance(days=1)
    says = f"quote {quote_id} expired on 2026-12-24; it cannot be accepted: 'sales-operations quote revise"
    unchanged(company, InvalidInput, says, lambda: quote_decisions.accept(company.workspace, quote_id))
    assert company.stores.dump() == before_expiry
    assert quote_expiry.work(company.workspace) == 1
    unchanged(company, InvalidInput, says, lambda: quote_decisions.accept(company.workspace, quote_id))
    revised = quotes.revise(company.workspace, quote_id)
    quote_decisions.send(company.workspace, revised["quote_id"])
    assert quote_decisions.accept(company.workspace, revised["quote_id"])["status"] == "accepted"


def test_quotes_expire_after_their_last_day_and_owners_are_told_once(company: Any) -> None:
    quote_id = quoted(company)
    company.stores.clock.advance(days=30)
    assert quote_expiry.work(company.workspace) == 0
    company.stores.clock.advance(days=1)
    assert quote_expiry.work(company.workspace) == 1
    assert status(company, quote_id) == "expired"
    assert quote_expiry.work(company.workspace) == 0
    assert [note["subject"] for note in company.notes()] == ["Quote expired"]


@pytest.mark.parametrize("step", ["send", "accept", "reject", "submit", "withdraw", "edit"])
def test_a_decided_quote_stays_as_it_is(small: Any, step: str) -> None:
    quote_id = quoted(small)
    quote_decisions.reject(small.workspace, quote_id, "Too dear")
    assert quotes.show(small.workspace, quote_id)["reason"] == "Too dear"
    before = small.stores.dump()
    if step == "reject":
        quote_decisions.reject(small.workspace, quote_id)
    elif step == "edit":
        with pytest.raises(Conflict, match="is rejected and cannot be edited; revise it"):
            quotes.edit(small.workspace, quote_id, {"discounts": ["1%"]})
    else:
        with pytest.raises(Conflict, match="is rejected"):
            getattr(quote_decisions, step)(small.workspace, quote_id)
    assert small.stores.dump() == before


def test_a_sent_quote_is_not_edited_any_more(small: Any) -> None:
    quote_id = quoted(small)
    quote_decisions.send(small.workspace, quote_id)
    unchanged(small, Conflict, "is sent and cannot be edited", lambda: quotes.edit(small.workspace, quote_id, {}))


def test_the_quote_of_a_lost_deal_cannot_be_accepted(small: Any) -> None:
    quote_id = quoted(small)
    quote_decisions.send(small.workspace, quote_id)
    small.move(small.deal("opp_1"), "closed_lost")
    unchanged(small, Conflict, "is lost; reopen it", lambda: quote_decisions.accept(small.workspace, quote_id))


def test_a_change_that_starts_from_an_old_look_is_a_conflict(small: Any) -> None:
    quote_id = quoted(small)
    seq = quotes.show(small.workspace, quote_id)["seq"]
    changed = quotes.edit(small.workspace, quote_id, {"discounts": ["1%"]}, seq=seq)
    says = f"seq {seq}, now {changed['seq']}"
    for call in (quotes.revise, quote_decisions.submit, quote_decisions.send, quote_decisions.accept):
        unchanged(small, Conflict, says, partial(call, small.workspace, quote_id, seq=seq))


def test_what_is_not_there_is_not_found(small: Any) -> None:
    stocked(small)
    for call in (quotes.show, quotes.clone, quote_decisions.send):
        unchanged(small, NotFound, "there is no quote 'quote_x'", partial(call, small.workspace, "quote_x"))
    unchanged(small, NotFound, "no opportunity 'opp_x'", lambda: create(small.workspace, "opp_x"))
    unchanged(small, InvalidInput, "a quote is never 'lost'", lambda: quotes.listing(small.workspace, status="lost"))


def test_a_quote_of_the_first_release_can_be_shown_edited_and_sent(company: Any) -> None:
    company.add("opportunities", OPEN)
    items = [{"product": "Loom", "quantity": "3", "list_minor": 99_99, "total_minor": 90_00}]
    old = {
        "opportunity_id": "opp_1",
        "currency": "USD",
        "discount_minor": 9_99,
        "created_at": company.stores.clock.micros,
    }
    company.add(
        "quotes",
        old | {"id": "quote_1", "amount_minor": 99_99, "total_minor": 90_00, "items": orjson.dumps(items).decode(),
               "valid_until": "2026-12-24"},
        old | {"id": "quote_2", "amount_minor": 5_00, "total_minor": 5_00, "items": "[]", "valid_until": "2026-12-24",
               "discount_minor": 0},
    )  # fmt: skip
    shown = quotes.show(company.workspace, "quote_1")
    assert (shown["status"], shown["version"], shown["net"], shown["items"][0]["discount"]) == ("draft", 1, 90.0, 9.99)
    assert quotes.edit(company.workspace, "quote_1", {"discounts": ["10%"]})["total"] == 81.0
    assert quote_decisions.send(company.workspace, "quote_2")["total"] == 5.0
    assert quotes.revise(company.workspace, "quote_2")["version"] == 2
    sound(company)


def test_erasing_a_person_takes_their_name_out_of_quotes_and_leaves_the_chain(company: Any) -> None:
    quote_id = quoted(company)
    company.add("contacts", {"id": "con_1", "first_name": "Grace", "last_name": "Hopper"})
    quotes.edit(company.workspace, quote_id, {"notes": "As agreed with Grace Hopper"})
    quote_decisions.reject(company.workspace, quote_id, "Grace Hopper says no")
    with company.workspace.unit("erase") as unit:
        privacy.erase(unit, "contacts", "con_1")
    shown = quotes.show(company.workspace, quote_id)
    assert (shown["notes"], shown["reason"]) == ("As agreed with con_1", "con_1 says no")
    assert "Hopper" not in repr(company.stores.dump())
    sound(company)
