"""Who gets a new deal: evenly, the same each time, and with the reasons kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sales_operations.process.conversion import Converter

REPS = ("Bo", "Cy", "Di", "Ed", "Flo", "Gus")
OPEN_DEAL = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "created_at": 0}


def hand_out(company: Any, leads: int) -> list[str]:
    """Convert so many new leads; the reps that they went to, in order."""
    ids = [f"lead_new{number:03}" for number in range(leads)]
    company.leads(*ids)
    return [deal.sales_rep for deal in Converter(company.workspace).convert_many(ids)]


def test_300_leads_are_spread_over_equal_reps_with_at_most_one_deal_between_them(company: Any) -> None:
    company.reps(*REPS)
    given = Counter(hand_out(company, 300))
    assert len(given) == len(REPS) + 1
    assert max(given.values()) - min(given.values()) <= 1


def test_the_same_store_gives_the_same_assignments(small: Any) -> None:
    small.reps(*REPS)
    order = hand_out(small, 21)
    assert order == sorted(("Ada", *REPS)) * 3


def test_deals_that_are_open_already_count(small: Any) -> None:
    small.reps("Bo")
    deals = [{"id": f"opp_{number}", "owner_id": "user_ada", **OPEN_DEAL} for number in range(3)]
    small.add("opportunities", *deals, {"id": "opp_x", "owner_id": "user_bo", "is_deleted": 1, **OPEN_DEAL})
    assert Counter(hand_out(small, 5)) == {"Bo": 4, "Ada": 1}


def test_capacity_is_the_share_that_a_rep_gets(small: Any) -> None:
    small.reps("Bo", capacity=3)
    assert Counter(hand_out(small, 40)) == {"Ada": 10, "Bo": 30}


@pytest.mark.parametrize(
    "columns", [{"is_active": 0}, {"is_deleted": 1}, {"capacity": 0}, {"id": "user_boss", "name": "Boss"}]
)
def test_who_is_away_gone_full_or_leads_others_gets_none(small: Any, columns: dict[str, Any]) -> None:
    small.add("users", {"id": "user_bo", "name": "Bo"} | columns)
    small.reps("Cy", manager_id="user_boss")
    assert set(hand_out(small, 6)) == {"Ada", "Cy"}


def test_where_roles_are_known_only_those_who_sell_get_deals(small: Any) -> None:
    small.reps("Bo", role="Account Executive")
    small.reps("Cy", role="Finance")
    assert set(hand_out(small, 4)) == {"Bo"}


def test_a_leads_own_rep_keeps_it_as_long_as_that_rep_is_active(small: Any) -> None:
    small.reps("Bo")
    small.reps("Away", is_active=0)
    small.leads("lead_of_bo", "lead_of_bo2", owner_id="user_bo")
    small.leads("lead_of_away", owner_id="user_away")
    assert small.convert("lead_of_bo").metadata["attributes"]["assignment"] == {"rule": "owner of the lead"}
    assert small.convert("lead_of_bo2").sales_rep == "Bo"
    assert small.convert("lead_of_away").sales_rep == "Ada"


def test_the_deal_says_why_its_rep_got_it(small: Any) -> None:
    small.reps("Bo", capacity=2)
    small.add("opportunities", {"id": "opp_1", "owner_id": "user_ada", **OPEN_DEAL})
    deal = small.convert("lead_1")
    assert deal.metadata["attributes"]["assignment"] == {
        "rule": "least loaded",
        "candidates": 2,
        "closest": [
            {"sales_rep": "Bo", "open_deals": 0, "capacity": 2},
            {"sales_rep": "Ada", "open_deals": 1, "capacity": 1},
        ],
    }


def test_a_store_without_active_users_leaves_the_deal_to_nobody_and_says_so(small: Any) -> None:
    small.stores.execute("UPDATE users SET is_active = 0")
    deal = small.convert("lead_1")
    assert deal.sales_rep == "unassigned"
    assert deal.metadata["attributes"]["assignment"]["reason"] == "the store has no active users"
    assert small.notes() == []


def test_a_rep_without_a_name_is_known_by_the_e_mail(small: Any) -> None:
    small.add("users", {"id": "user_bo", "email": "aa@example.com"})
    assert set(hand_out(small, 2)) == {"Ada", "aa@example.com"}
