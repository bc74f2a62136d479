"""Quotes by the configured prices: tiers, bundles, terms, taxes, conversion, margins; and the document."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest

from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.process.quoting import decisions as quote_decisions
from sales_operations.process.quoting import quotes
from sales_operations.process.quoting.document import document
from sales_operations.process.quoting.quoter import create
from tests.process.quote_parts import entry, item, stocked, unchanged
from tests.process.test_transition import OPEN

TIERS = {
    "default_term_months": 12,
    "tier_mode": "slab",
    "tiers": [{"up_to": 10, "percent_off": 0}, {"percent_off": 20}],
}


def priced(**pricing: Any) -> dict[str, Any]:
    return {"sales_operations": {"pricing": pricing}}


def taxed(**more: Any) -> dict[str, Any]:
    classes = {"standard": {"rates": [{"name": "VAT", "percent": 19}]}}
    return priced(taxes={"DE": classes}, **more)


def empty_draft(company: Any, config: Any) -> tuple[Any, str]:
    """A workspace with the configuration, and a quote of one free line of 1.00."""
    stocked(company)
    company.add("opportunities", OPEN | {"id": "opp_2", "amount_minor": 1_00, "account_id": "acc_1"})
    company.add("accounts", {"id": "acc_1", "name": "Nordwind", "country": "de"})
    workspace = company.stores.open(config)
    return workspace, str(create(workspace, "opp_2")["quote_id"])


def with_line(workspace: Any, quote_id: str, **line: Any) -> dict[str, Any]:
    return quotes.edit(workspace, quote_id, {"lines": [line, {"line": 1, "remove": True}]})


def test_a_price_from_the_book_has_the_tiers_and_the_term_of_its_product(small: Any) -> None:
    workspace, quote_id = empty_draft(small, priced(products={"L1": TIERS}))
    quote = with_line(workspace, quote_id, product="Loom", quantity=15)
    assert (quote["amount"], quote["discount"], quote["net"]) == (1500.0, 100.0, 1400.0)
    longer = quotes.edit(workspace, quote_id, {"term_months": 18})
    assert (longer["amount"], longer["net"]) == (2250.0, 2100.0)
    own = quotes.edit(workspace, quote_id, {"lines": [{"line": 2, "term_months": 6}]})
    assert own["net"] == 700.0
    dated = quotes.edit(
        workspace, quote_id,
        {"lines": [{"line": 2, "term_months": None, "starts_on": "2027-01-01", "ends_on": "2027-03-31"}]},
    )  # fmt: skip
    assert dated["net"] == 350.0


def test_what_tiers_and_bundles_take_off_is_no_discount_that_needs_approval(small: Any) -> None:
    rules = [{"name": "A", "when": {"discount_percent_above": 5}, "steps": [{"approvers": ["manager"]}]}]
    config = priced(products={"L1": TIERS})
    config["sales_operations"]["approvals"] = {"rules": rules}
    workspace, quote_id = empty_draft(small, config)
    with_line(workspace, quote_id, product="Loom", quantity=100)
    quotes.edit(workspace, quote_id, {"discounts": ["5%"]})
    assert quote_decisions.submit(workspace, quote_id)["status"] == "approved"
    quotes.edit(workspace, quote_id, {"discounts": ["5.01%"]})
    with pytest.raises(Conflict, match="without approval"):
        quote_decisions.send(workspace, quote_id)


def test_a_bundle_is_shared_out_to_its_parts_and_goes_when_they_go(small: Any) -> None:
    suite = {"price": {"USD": 240}, "parts": [{"product": "L1", "quantity": 2}, {"product": "S1"}]}
    workspace, quote_id = empty_draft(small, priced(bundles={"SUITE": suite}))
    quote = with_line(workspace, quote_id, bundle="SUITE", quantity=3)
    parts = [(one["product"], one["quantity"], one["amount"], one["net"]) for one in quote["items"]]
    assert parts == [("Loom", 6.0, 600.0, 576.0), ("Setup", 3.0, 150.0, 144.0)]
    assert (quote["amount"], quote["net"]) == (750.0, 720.0)
    quotes.edit(workspace, quote_id, {"lines": [{"product": "Travel", "price": 5}]})
    gone = quotes.edit(workspace, quote_id, {"lines": [{"line": 2, "remove": True}, {"line": 3, "remove": True}]})
    assert gone["net"] == 5.0


def test_taxes_are_those_of_the_customers_country(small: Any) -> None:
    workspace, quote_id = empty_draft(small, taxed())
    quote = with_line(workspace, quote_id, product="Loom", quantity=3)
    assert (quote["net"], quote["tax"], quote["total"]) == (300.0, 57.0, 357.0)
    assert quote["taxes"] == [{"name": "VAT", "percent": 19.0, "base": 300.0, "tax": 57.0}]
    quote_decisions.send(workspace, quote_id)
    quote_decisions.accept(workspace, quote_id)
    assert small.deal("opp_2").amount == 300.0  # deals are counted net of taxes


def test_prices_that_contain_their_tax_stay_what_the_customer_pays(small: Any) -> None:
    classes = {"standard": {"rates": [{"name": "VAT", "percent": 19}], "inclusive": True}}
    workspace, quote_id = empty_draft(small, priced(taxes={"DE": classes}))
    quote = quotes.edit(workspace, quote_id, {"lines": [{"product": "Travel", "price": 119}], "discounts": ["50%"]})
    assert (quote["amount"], quote["discount"], quote["total"]) == (120.0, 60.0, 60.0)
    assert round(quote["net"] + quote["tax"], 2) == 60.0


def test_a_country_without_taxes_is_a_clear_error_on_request_and_no_obstacle_to_a_move(company: Any) -> None:
    stocked(company)
    workspace = company.stores.open(taxed())
    says = "the customer's country is not known; add pricing.country"
    unchanged(company, NotFound, says, lambda: create(workspace, "opp_1"))
    company.move(company.deal("opp_1"), "proposal", taxed())
    [quote] = quotes.listing(workspace, "opp_1")
    assert says in quote["problems"][0]
    quote_id = quote["quote_id"]
    unchanged(company, InvalidInput, "is not complete", lambda: quote_decisions.send(workspace, quote_id))
    mended = quotes.edit(workspace, quote_id, {"country": "DE"})
    assert (mended["problems"], mended["net"], mended["total"]) == ([], 350.0, 416.5)
    assert quote_decisions.send(workspace, quote_id)["status"] == "sent"


def test_a_book_price_is_converted_only_where_that_is_asked_for(small: Any) -> None:
    workspace, quote_id = empty_draft(small, {})
    small.add("pricebooks", entry("price_gbp", "prod_rare", 80_00) | {"currency": "GBP"})
    small.add(
        "rates",
        {"id": "rate_1", "base_currency": "USD", "currency": "GBP", "rate": "1.25", "valid_from": "2026-01-01"},
    )
    with pytest.raises(NotFound, match="there are prices in GBP"):
        with_line(workspace, quote_id, product="Rare")
    converting = small.stores.open(priced(convert_from="GBP"))
    quote = with_line(converting, quote_id, product="Rare")
    assert quote["net"] == 100.0
    assert any("1 GBP = 1.25 USD" in step["text"] for step in quote["trace"])


def test_one_price_book_may_be_named_where_several_have_a_price(small: Any) -> None:
    stocked(small)
    small.add("pricebooks", entry("price_p", "prod_loom", 70_00, pricebook="Partner", valid_from="2026-01-01"))
    small.add("items", item("item_3", product_id="prod_loom"))
    with pytest.raises(InvalidInput, match="2 prices in USD"):
        create(small.workspace, "opp_1")
    assert create(small.stores.open(priced(book="Partner")), "opp_1")["total"] == 420.0


def test_the_margin_is_judged_by_the_costs_that_products_carry(small: Any) -> None:
    rules = [{"name": "A", "when": {"margin_percent_below": 30}, "steps": [{"approvers": ["manager"]}]}]
    workspace, quote_id = empty_draft(small, {"sales_operations": {"approvals": {"rules": rules}}})
    with_line(workspace, quote_id, product="Loom", quantity=2)
    assert quote_decisions.submit(workspace, quote_id)["status"] == "approved"
    edited = quotes.edit(workspace, quote_id, {"discounts": ["20%"]})
    assert edited["approval"]["needed"] == [{"rule": "A", "reasons": ["margin 25 %, to be at least 30 %"]}]
    unknown = quotes.edit(workspace, quote_id, {"lines": [{"product": "Rare", "price": 9}], "discounts": []})
    assert unknown["approval"]["needed"][0]["reasons"] == ["margin unknown, to be at least 30 %"]


def text_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    made = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in made]
    finally:
        made.close()


@pytest.mark.parametrize("count", [1, 60])
def test_the_document_shows_every_line_and_the_right_totals(small: Any, count: int) -> None:
    workspace, quote_id = empty_draft(small, taxed() | {})
    names = [f"Position {number:02d} of a very long list of things to be sold" for number in range(count)]
    lines = [{"product": name, "price": 10 + number} for number, name in enumerate(names)]
    quote = quotes.edit(
        workspace, quote_id,
        {"lines": [*lines, {"line": 1, "remove": True}], "discounts": ["10%"], "notes": "Thank you — 谢谢"},
    )  # fmt: skip
    pages = text_of(document(workspace, quote_id, trace=count == 1))
    whole = "\n".join(pages)
    for name in names:
        assert name in " ".join(whole.split())
    for value in (quote["amount"], quote["net"], quote["tax"], quote["total"]):
        assert f"{value:,.2f}" in whole
    for text in ("Nordwind", "Ada", quote_id, "2026-12-24", "VAT 19 %", "DRAFT", "Payment within 30 days"):
        assert text in whole
    assert (len(pages) > 1) == (count > 1)
    assert ("Discount: 10 % of 10.00" in whole) == (count == 1)
    quote_decisions.send(workspace, quote_id)
    assert "DRAFT" not in "".join(text_of(document(workspace, quote_id)))
