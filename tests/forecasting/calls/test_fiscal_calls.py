"""Calls and quotas of fiscal quarters, also where the fiscal year was another one when a call was made."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sales_operations.domain.errors import InvalidInput
from tests.forecasting.calls.conftest import FILES

pytestmark = pytest.mark.parametrize("stores", ["sqlite"], indirect=True)
QUOTAS = """id,user,team,period,period_start,amount,currency
q1,u4,,quarter,2026-10-01,1000,USD
q2,u4,,FY2027-Q4,2026-11-01,300,USD
q3,u6,,quarter,2026-11-01,700,USD
"""


def starting(month):
    return {"company": {"fiscal_year_start": month}}


@pytest.fixture
def opened(open_shop):
    def make(month):
        shop = open_shop(starting(month))
        for kind in ("teams", "users", "teams", "opportunities"):
            shop.bring(kind, FILES[kind])
        shop.bring("quotas", QUOTAS)
        return shop

    return make


def test_the_board_is_of_the_fiscal_quarter_with_its_quotas_and_deals(opened):
    found = opened(2).board()
    assert (found["period"], found["period_start"], found["period_end"]) == ("FY2027-Q4", "2026-11-01", "2027-01-31")
    assert {name: found["of"][name]["quota"] for name in ("Ada Alder", "Cy Cedar")} == {
        "Ada Alder": 300.0,
        "Cy Cedar": 700.0,
    }
    # Won in October is before the quarter; due in January is in it.
    assert (found["of"]["Ada Alder"]["closed"], found["of"]["Cy Cedar"]["deals"]["commit"]) == (0.0, 1_400.0)


def test_a_fiscal_quarter_that_is_a_calendar_one_is_called_by_either_label(opened):
    shop = opened(7)
    made = [shop.call("commit", 750, rep="Ada Alder", period=label) for label in ("FY2027-Q2", "2026-Q4", "quarter")]
    assert {one["period"] for one in made} == {"FY2027-Q2"}
    assert shop.board("2026-Q4")["of"]["Ada Alder"]["quota"] == 1_000.0
    assert shop.board("FY2027")["period_end"] == "2027-06-30"


def test_a_quarter_that_is_none_of_the_company_s_is_refused_with_those_that_are(opened):
    with pytest.raises(InvalidInput, match=r"2026-Q4 is none of the company's.*month 2.*use FY2027-Q3 or FY2027-Q4"):
        opened(2).call("commit", 750, rep="Ada Alder", period="2026-Q4")


def test_a_call_is_judged_by_the_days_that_it_was_made_for_whatever_the_fiscal_year_is_later(opened, open_shop, clock):
    shop = opened(2)
    made = shop.call("commit", 75, rep="Ada Alder", by="Max Moor")
    assert made["period"] == "FY2027-Q4"
    shop.bring(
        "opportunities",
        "id,name,stage,amount,currency,close_date,owner,created_at\n"
        "d20,Of autumn,closed_won,60,USD,2026-11-20,u4,2026-11-02\n",
    )
    clock.now = datetime(2027, 2, 1, 12, tzinfo=UTC)
    [judged] = open_shop(starting(1)).accuracy()["people"]
    assert (judged["periods"], judged["wape"]) == (1, pytest.approx(15 / 60))
