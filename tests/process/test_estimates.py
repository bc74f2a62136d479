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
    assert found.grounds == {"method": "none", "basis": "nothing is known", "peers": 0, "days_to_close": 90}


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
    assert estimate(small, "Anvil").grounds["basis"] == "won deals from web"
    assert estimate(small, "Anvil", "mail").grounds["basis"] == "all won deals"


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


def test_segment_and_size_of_the_customer_narrow_the_group(company: Any) -> None:
    company.add(
        "accounts",
        {"id": "acc_big", "name": "Big", "segment": "Enterprise", "employees": 3_000},
        {"id": "acc_small", "name": "Small", "segment": "Business", "employees": 30},
    )
    won(company, *[9_000_00] * 4, days=90, product="Loom", account_id="acc_big")
    won(company, *[1_000_00] * 4, days=30, product="Loom", account_id="acc_small")
    estimator = Estimator(company.workspace)
    big = estimator.estimate("Loom", None, TODAY, "Enterprise", 2_000)
    small_one = estimator.estimate("Loom", None, TODAY, "Business", 11)
    neither = estimator.estimate("Loom", None, TODAY, "Public", 7)
    assert big.grounds["basis"] == "won deals of Loom in segment Enterprise to companies of 1,001 to 5,000 people"
    assert (big.grounds["peers"], neither.grounds["peers"]) == (4, 8)
    assert small_one.amount_minor < neither.amount_minor < big.amount_minor
    assert small_one.close_date < neither.close_date < big.close_date
    assert estimator.estimate("Loom", None, TODAY, None, 30).grounds["basis"].endswith("of 11 to 50 people")


def test_the_size_of_a_leads_company_serves_where_the_deal_has_no_account(small: Any) -> None:
    small.add("leads", {"id": "lead_huge", "employees": 90_000})
    won(small, 1_000_00, lead_id="lead_huge")
    assert Estimator(small.workspace).estimate(None, None, TODAY, None, 6_000).grounds["basis"] == (
        "won deals to companies of over 5,000 people"
    )


def test_without_history_the_configured_amount_and_days_serve_and_the_list_price_goes_before(small: Any) -> None:
    configured = {"estimates": {"amount": 5000, "days": 30}}
    found = estimate(small, config=configured)
    assert (found.amount_minor, found.close_date) == (5_000_00, TODAY + timedelta(days=30))
    assert found.grounds == {"method": "configured", "basis": "estimates.amount", "peers": 0, "days_to_close": 30}
    small.add("products", {"id": "prod_1", "name": "Loom", "list_price_minor": 1_234_56, "currency": "USD"})
    assert estimate(small, config=configured).amount_minor == 1_234_56
    won(small, 700_00)
    assert estimate(small, config=configured).amount_minor == 700_00


def test_the_configured_number_of_peers_decides_how_far_a_small_group_is_trusted(small: Any) -> None:
    won(small, *[1_000_00] * 20, product="Anvil")
    won(small, *[10_000_00] * 2, product="Loom")
    trusting = estimate(small, config={"estimates": {"peers": 1}}).amount_minor
    assert estimate(small).amount_minor < trusting < 10_000_00


def test_the_interval_holds_the_days_too_and_one_deal_gives_none(small: Any) -> None:
    won(small, 1_000_00, days=30)
    assert "days_80_percent" not in estimate(small, None).grounds
    won(small, 1_000_00, days=90)
    assert estimate(small, None).grounds["days_80_percent"] == [22, 98]


def test_past_deals_are_read_again_after_a_minute_where_the_store_moved_on(small: Any) -> None:
    estimator = Estimator(small.workspace)
    won(small, 1_000_00)
    estimator.renew()
    assert estimator.estimate("Loom", "web", TODAY).amount_minor is None
    small.stores.clock.advance(seconds=60)
    estimator.renew()
    assert estimator.estimate("Loom", "web", TODAY).amount_minor == 1_000_00
