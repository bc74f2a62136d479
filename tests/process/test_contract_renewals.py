"""Renewals: opened ahead of the end, once, at the price that was agreed on or asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.contract_life import life, renewals
from sales_operations.process.contracting.contracts import make_contract
from tests.process.contract_parts import contracted, shown, signed_by_all
from tests.process.test_transition import OPEN


def running(company: Any, config: Any = None, **deal: Any) -> str:
    """The id of an active contract of the deal ``opp_1``, from 2026-11-24 to 2027-11-23."""
    workspace = company.stores.open(config)
    company.add("opportunities", OPEN | {"owner_id": "user_ada"} | deal)
    contract = str(life.draft(workspace, "opp_1")["contract_id"])
    signed_by_all(workspace, contract)
    renewals.activate(workspace, contract)
    return contract


def renewal(company: Any, contract: str) -> dict[str, Any]:
    """The opportunity that renews a contract, as stored."""
    identity = shown(company, contract)["renewal_opportunity_id"]
    with company.workspace.unit("look") as unit:
        return dict(unit.get("opportunities", identity))


def priced(price: str, **more: Any) -> dict[str, Any]:
    return {"contracting": {"renewal": {"price": price, **more}}}


def test_a_renewal_is_opened_ninety_days_ahead_and_once(company: Any) -> None:
    contract = running(company)
    company.stores.clock.now = company.stores.clock.now.replace(year=2027, month=8, day=24)
    assert renewals.work(company.workspace) == 0
    company.stores.clock.advance(days=1)
    assert renewals.work(company.workspace) == 1
    assert renewals.work(company.workspace) == 0
    deal = renewal(company, contract)
    assert (deal["amount_minor"], deal["currency"], deal["close_date"]) == (1_234_56, "USD", "2027-11-23")
    assert (deal["stage"], deal["status"], deal["opportunity_type"]) == ("lead", "open", "Renewal")
    assert (deal["owner_id"], deal["account_text"]) == ("user_ada", "Example Ltd")
    (note,) = [note for note in company.notes() if note["subject"] == "Renewal opened"]
    assert note["recipient"] == "Ada"
    assert deal["id"] in note["message"]


@pytest.mark.parametrize(("config", "days"), [({"contracting": {"renewal": {"open_days": 10}}}, 354), ({}, 274)])
def test_how_many_days_ahead_is_configured(small: Any, config: Any, days: int) -> None:
    running(small, config)
    workspace = small.stores.open(config)
    small.stores.clock.advance(days=days - 1)
    assert renewals.work(workspace) == 0
    small.stores.clock.advance(days=1)
    assert renewals.work(workspace) == 1


def test_without_a_renewal_price_none_is_opened_by_itself(small: Any) -> None:
    contract = running(small, priced("none"))
    small.stores.clock.advance(days=360)
    assert renewals.work(small.workspace) == 0
    assert renewals.renew(small.workspace, contract)["price"] == "same"


def test_a_contract_keeps_the_renewal_price_that_held_when_it_was_drafted(small: Any) -> None:
    contract = running(small, priced("uplift", uplift_percent=2.5))
    assert "raised by 2.5 percent" in shown(small, contract)["terms"]
    small.stores.clock.advance(days=300)
    renewals.work(small.stores.open(priced("none")))
    assert renewal(small, contract)["amount_minor"] == 1_265_42


def item(identity: str, **columns: Any) -> dict[str, Any]:
    return {"id": identity, "opportunity_id": "opp_1", "currency": "USD", **columns}


def looms(company: Any) -> None:
    """Two items that add up to the deal's amount, and today's list price of one of them."""
    company.add("products", {"id": "prod_1", "name": "Loom"}, {"id": "prod_2", "name": "Shuttle"})
    company.add(
        "items",
        item("item_1", product_id="prod_1", quantity="3", unit_price_minor=300_00, discount="0", total_minor=900_00),
        item("item_2", product_id="prod_2", quantity="1", total_minor=334_56),
        item("item_3", product_id="prod_1", quantity="9", total_minor=1_00, is_deleted=1),
    )
    company.add(
        "pricebooks",
        {
            "id": "price_1",
            "product_id": "prod_1",
            "unit_price_minor": 310_00,
            "currency": "USD",
            "valid_to": "2027-06-30",
        },
        {
            "id": "price_2",
            "product_id": "prod_1",
            "unit_price_minor": 350_00,
            "currency": "USD",
            "valid_from": "2027-07-01",
        },
    )


@pytest.mark.parametrize(
    ("price", "percent", "lines", "total"),
    [
        ("same", None, [(300_00, 900_00), (None, 334_56)], 1_234_56),
        ("uplift", 3.0, [(309_00, 927_00), (None, 344_60)], 1_271_60),
        ("uplift", -10, [(270_00, 810_00), (None, 301_10)], 1_111_10),
        ("list", None, [(350_00, 1_050_00), (None, 334_56)], 1_384_56),
    ],
)
def test_the_items_are_renewed_at_the_price_that_is_asked_for(
    company: Any, price: str, percent: Any, lines: Any, total: int
) -> None:
    looms(company)
    contract = running(company)
    company.stores.clock.advance(days=300)
    made = renewals.renew(company.workspace, contract, price=price, uplift_percent=percent)
    found = company.stores.execute(
        "SELECT unit_price_minor, total_minor FROM items WHERE opportunity_id = ? ORDER BY product_id",
        made["opportunity_id"],
    )
    assert found == lines, made
    assert renewal(company, contract)["amount_minor"] == total == sum(line[1] for line in lines)
    assert made["amount"] == total / 100
    assert ["Shuttle" in note or "prod_2" in note for note in made["notes"]] == ([True] if price == "list" else [])


def test_what_amendments_added_is_renewed_for_a_full_term(small: Any) -> None:
    contract = running(small)
    extra = life.amend(small.workspace, contract, 365_00, "more looms", starts_on=date(2027, 5, 24))["contract_id"]
    signed_by_all(small.workspace, extra)
    small.stores.clock.advance(days=200)
    renewals.activate(small.workspace, extra)
    assert renewals.renew(small.workspace, contract, uplift_percent=10)["amount"] == 1_358.02 + 401.5


def test_the_contract_of_the_renewal_follows_on_the_old_one_which_is_renewed_then(company: Any) -> None:
    contract = running(company)
    company.stores.clock.advance(days=300)
    renewals.work(company.workspace)
    deal = renewal(company, contract)["id"]
    with company.workspace.unit("test") as unit:
        made = make_contract(unit, company.workspace.settings, deal, "Example Ltd", 1_300_00, "USD")
    assert (made["renews_id"], made["starts_on"], made["ends_on"]) == (contract, "2027-11-24", "2028-11-23")
    signed_by_all(company.workspace, made["contract_id"])
    company.stores.clock.advance(days=65)
    assert renewals.work(company.workspace) == 1
    assert [shown(company, one)["status"] for one in (contract, made["contract_id"])] == ["renewed", "active"]


def test_what_cannot_be_renewed_is_an_error(small: Any) -> None:
    contract = running(small)
    renewals.renew(small.workspace, contract)
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match="is being renewed by opp_"):
        renewals.renew(small.workspace, contract)
    with pytest.raises(InvalidInput, match="use one of same, list, uplift"):
        renewals.renew(small.workspace, contract, price="free")
    assert small.stores.dump() == before


def test_a_renewal_of_a_deal_in_another_currency_keeps_its_contracts_price(small: Any) -> None:
    small.add("items", item("item_1", product_text="Loom", total_minor=1_234_56) | {"currency": "EUR"})
    contract = running(small)
    assert renewals.renew(small.workspace, contract, uplift_percent=Decimal("10"))["amount"] == 1_358.02
    assert small.stores.execute("SELECT count(*) FROM items") == [(1,)]


def test_a_draft_is_not_renewed(small: Any) -> None:
    with pytest.raises(InvalidInput, match="is draft"):
        renewals.renew(small.workspace, contracted(small))
