"""Telling a rep."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.process import NotificationService
from tests.process.test_transition import OPEN


def tell(company: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
    asyncio.run(NotificationService(company.workspace).notify_sales_rep(*arguments, **named))
    return company.notes()[0]


def test_a_message_of_ones_own_arrives_as_it_is(company: Any) -> None:
    note = tell(company, "Ada", message="Call them back")
    assert (note["recipient"], note["subject"], note["message"]) == ("Ada", "Message", "Call them back")
    assert note["opportunity_id"] is None
    assert note["created_at"] == "2026-11-24T12:00:00+00:00"


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({}, "Example Ltd: $1,234.56, expected to close on 2027-01-31. It is yours (opp_1)."),
        ({"currency": "JPY", "close_date": None}, "Example Ltd: 123,456 JPY. It is yours (opp_1)."),
        ({"amount_minor": None}, "Example Ltd: amount unknown, expected to close on 2027-01-31. It is yours (opp_1)."),
        ({"account_text": None, "close_date": None}, "Unknown account: $1,234.56. It is yours (opp_1)."),
    ],
)
def test_of_a_deal_the_rep_reads_account_amount_and_date(small: Any, columns: dict[str, Any], says: str) -> None:
    small.add("opportunities", OPEN | columns)
    note = tell(small, "Ada", small.deal("opp_1"))
    assert (note["subject"], note["message"], note["opportunity_id"]) == ("Opportunity", says, "opp_1")


def test_a_message_about_a_deal_keeps_both(small: Any) -> None:
    small.add("opportunities", OPEN)
    note = tell(small, "Ada", small.deal("opp_1"), message="Look")
    assert (note["message"], note["opportunity_id"]) == ("Look", "opp_1")


@pytest.mark.parametrize(
    ("rep", "named", "says"),
    [("", {"message": "x"}, "sales_rep is empty"), ("Ada", {}, "give an opportunity, or a message")],
)
def test_nobody_or_nothing_to_tell_is_refused(small: Any, rep: str, named: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        tell(small, rep, **named)
    assert small.notes() == []
