"""Equal numbers for what was known alike, and others for whatever differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.forecasting.asof import day_number, load_history
from sales_operations.forecasting.fingerprints import Fingerprints
from tests.forecasting.conftest import Company, State, after, simulate

DAY = "2026-05-10"
Edit = Callable[[State], State]


@pytest.fixture(scope="module")
def company() -> Company:
    return simulate(3, 80)


def of(company: Company, day: str) -> int:
    known = load_history(company.tables(), parse_as_of("2026-08-20"))
    return Fingerprints(known).of(day_number(date.fromisoformat(day)))


def edited(company: Company, edit: Edit) -> Company:
    """One deal that was open on the day, as it stood then, with another past."""
    deal = next(
        deal for deal, states in company.deals.items() if f"{states[0].at:%Y-%m}" == "2026-04" and not states[0].deleted
    )
    changed = company.copy()
    changed.deals[deal][0] = edit(changed.deals[deal][0])
    return changed


def test_what_comes_later_leaves_the_number_as_it_was(company: Company) -> None:
    later = after(company, parse_as_of(DAY).instant)
    assert of(company, DAY) == of(later, DAY)
    assert of(company, "2026-08-20") != of(later, "2026-08-20")
    assert of(company, DAY) != of(company, "2026-04-01")


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: replace(one, amount=(one.amount or 0) + 1),
        lambda one: replace(one, amount=None),
        lambda one: replace(one, close=None),
        lambda one: replace(one, rep="Zoe"),
        lambda one: replace(one, stage="negotiation"),
        lambda one: replace(one, deleted=True),
        lambda one: replace(one, at=datetime(2026, 3, 31, tzinfo=UTC)),
    ],
    ids=["amount", "no amount", "close date", "rep", "stage", "deleted", "day"],
)
def test_one_field_of_one_deal_in_the_past_changes_it(company: Company, edit: Edit) -> None:
    assert of(edited(company, edit), DAY) != of(company, DAY)


def test_so_does_a_deal_more_one_less_another_product_and_another_name(company: Company) -> None:
    numbers = [of(company, DAY)]
    deal = next(iter(company.deals))
    for product, states, name in (("Pro X", 1, deal), (None, 1, deal), ("Basic", 0, deal), ("Basic", 1, "renamed")):
        changed = company.copy()
        known = changed.deals.pop(deal)
        del changed.products[deal]
        if states:
            changed.add(name, *known, product=product)
        numbers.append(of(changed, DAY))
    assert len(set(numbers)) == len(numbers)
