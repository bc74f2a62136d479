"""What a new deal may be worth and when it may close."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sales_operations.process.estimates import Estimator

TODAY = date(2026, 11, 24)
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def won(company: Any, *amounts: int | None, days: int = 60, **columns: Any) -> None:
    for amount in amounts:
        company.won(amount, CREATED, f"{CREATED + timedelta(days=days):%Y-%m-%d}", **columns)


def estimate(company: Any, product: str | None = "Loom", source: str | None = "web", config: Any = None) -> Any:
    return Estimator(company.stores.open(config)).estimate(product, source, TODAY)


def test_an_empty_store_knows_nothing(company: Any) -> None:
    found = estimate(company)
    assert (found.amount_minor, found.close_date) == (None, TODAY + timedelta(days=90))
    assert found.grounds == {"basis": "nothing is known", "peers": 0, "days_to_close": 90}


def test_the_list_price_serves_where_no_deal_was_won(small: Any) -> None:
    small.add("products", {"id": "prod_1", "name": "Loom", "list_price_minor": 1_234_56, "currency": "USD"})
    found = estimate(small)
    assert (found.amount_minor, found.grounds["basis"]) == (1_234_56, "list price of Loom")
    assert estimate(small, "Anvil").amount_minor is None


def test_the_typical_amount_is_the_geometric_mean_to_three_digits(company: Any) -> None:
    won(company, 1_000_00, 4_000_00)
    found = estimate(company, None)
    assert (found.amount_minor, found.grounds["basis"]) == (2_000_00, "all won deals")
    assert found.close_date == TODAY + timedelta(days=60)


def test_a_narrower_group_pulls_the_estimate_towards_itself_the_more_deals_it_has(small: Any) -> None:
    won(small, *[1_000_00] * 20, days=30, product="Anvil")
    won(small, *[10_000_00] * 2, days=120, product="Loom")
    few = estimate(small)
    won(small, *[10_000_00] * 30, days=120, product="Loom")
    many = estimate(small)
    assert estimate(small, "Anvil").amount_minor < few.amount_minor < many.amount_minor < 10_000_00
    assert TODAY + timedelta(days=30) < few.close_date < many.close_date <= TODAY + timedelta(days=120)
    assert many.grounds["basis"] == "won deals of Loom"
    assert many.grounds["peers"] == 32


def test_product_and_source_together_are_the_narrowest_group(small: Any) -> None:
    won(small, 1_000_00, 2_000_00, product="Loom", lead_source="web")
    won(small, 8_000_00, product="Loom", lead_source="event")
    assert estimate(small).grounds["basis"] == "won deals of Loom from web"
    assert estimate(small, source="mail").grounds["basis"] == "won deals of Loom"
    assert estimate(small, source=None).grounds["basis"] == "won deals of Loom"
    assert estimate(small, "Anvil").grounds["basis"] == "all won deals"


def test_lost_open_and_deleted_deals_and_those_without_amount_say_nothing(small: Any) -> None:
    for columns in (
        {"stage": "closed_lost", "pipeline_stage": "closed_lost"},
        {"stage": "proposal", "pipeline_stage": "proposal"},
        {"is_deleted": 1},
    ):
        won(small, 5_000_00, **columns)
    won(small, 0, None)
    assert estimate(small).grounds["basis"] == "nothing is known"


def test_the_range_that_most_such_deals_fall_into_is_kept_with_the_estimate(small: Any) -> None:
    won(small, 1_000_00, 4_000_00)
    low, high = estimate(small, None).grounds["amount_80_percent"]
    assert low < 2_000 < high
    assert low * high == pytest.approx(2_000**2, rel=1e-4)


def test_an_estimate_is_in_the_companys_currency(small: Any) -> None:
    small.add(
        "rates", {"id": "rate_1", "base_currency": "JPY", "currency": "USD", "rate": "150", "valid_from": "2025-01-01"}
    )
    won(small, 1_000_00)
    assert estimate(small, None, config={"company": {"currency": "JPY"}}).amount_minor == 150_000
