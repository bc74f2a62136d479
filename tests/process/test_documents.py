"""Quotes and contracts: what they hold, and that their amounts are exact."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sales_operations.process import ContractManager, Quoter
from tests.process.test_transition import OPEN

QUOTE = ("quote_id", "opportunity_id", "amount", "items", "discount", "total", "valid_until", "created_at")
CONTRACT = ("contract_id", "opportunity_id", "account_name", "amount", "terms", "created_at")


def quote_of(company: Any, config: Any = None) -> dict[str, Any]:
    return asyncio.run(Quoter(company.stores.open(config)).create_quote(company.deal("opp_1")))


def contract_of(company: Any, config: Any = None) -> dict[str, Any]:
    return asyncio.run(ContractManager(company.stores.open(config)).prepare_contract(company.deal("opp_1")))


def test_a_quote_has_the_briefs_keys(company: Any) -> None:
    company.add("opportunities", OPEN)
    quote = quote_of(company)
    assert quote.keys() >= set(QUOTE)
    assert re.fullmatch(r"quote_[0-9a-f]{32}", quote["quote_id"])
    assert (quote["opportunity_id"], quote["amount"], quote["total"]) == ("opp_1", 1_234.56, 1_234.56)
    [item] = quote["items"]
    assert (item["product"], item["amount"], item["total"]) == ("Opportunity opp_1", 1_234.56, 1_234.56)
    assert (quote["discount"], quote["currency"], quote["status"], quote["version"]) == (0.0, "USD", "draft", 1)
    assert (quote["valid_until"], quote["created_at"]) == ("2026-12-24", "2026-11-24T12:00:00+00:00")


def test_a_contract_has_the_briefs_keys_and_follows_the_newest_quote(company: Any) -> None:
    company.add("opportunities", OPEN)
    quote_of(company)
    quote = quote_of(company)
    contract = contract_of(company, {"company": {"name": "Seller Ltd"}})
    assert contract.keys() >= set(CONTRACT)
    assert re.fullmatch(r"contract_[0-9a-f]{32}", contract["contract_id"])
    assert (contract["opportunity_id"], contract["account_name"]) == ("opp_1", "Example Ltd")
    assert (contract["amount"], contract["created_at"]) == (1_234.56, "2026-11-24T12:00:00+00:00")
    assert "between Seller Ltd and Example Ltd, drawn up on 2026-11-24" in contract["terms"]
    assert f"quote {quote['quote_id']}" in contract["terms"]
    assert "1,234.56 USD" in contract["terms"]


def test_without_a_quote_the_contract_names_the_deal(small: Any) -> None:
    small.add("opportunities", OPEN | {"account_text": None})
    terms = contract_of(small)["terms"]
    assert "opportunity opp_1." in terms
    assert "between the seller and the customer" in terms


@pytest.mark.parametrize(
    ("currency", "minor", "major", "text"),
    [
        ("USD", 1, 0.01, "0.01 USD"),
        ("USD", 4_999_999_999_999_999, 49_999_999_999_999.99, "49,999,999,999,999.99 USD"),
        ("EUR", 1_999_99, 1_999.99, "1,999.99 EUR"),
        ("JPY", 1_234_567, 1_234_567.0, "1,234,567 JPY"),
        ("KWD", 1_234, 1.234, "1.234 KWD"),
    ],
)
def test_amounts_are_exact_to_the_smallest_unit_of_their_currency(
    small: Any, currency: str, minor: int, major: float, text: str
) -> None:
    small.add("opportunities", OPEN | {"amount_minor": minor, "currency": currency})
    assert quote_of(small)["total"] == major
    contract = contract_of(small)
    assert (contract["amount"], contract["currency"]) == (major, currency)
    assert f"Price: {text}, net of taxes" in contract["terms"]
    assert small.stores.execute("SELECT total_minor FROM quotes") == [(minor,)]
    assert small.stores.execute("SELECT amount_minor FROM contracts") == [(minor,)]


def test_dates_are_the_companys_days(small: Any) -> None:
    small.add("opportunities", OPEN)
    small.stores.clock.now = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    berlin = {"company": {"timezone": "Europe/Berlin"}}
    assert quote_of(small, berlin)["valid_until"] == "2026-12-25"
    assert "drawn up on 2026-11-25" in contract_of(small, berlin)["terms"]
