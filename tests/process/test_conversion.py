"""A lead becomes an opportunity."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sales_operations.domain.clock import to_micros
from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus
from sales_operations.process import LeadStore, OpportunityStore
from sales_operations.process.conversion import Converter
from sales_operations.store import audit, history


def test_a_converted_lead_is_an_open_deal_in_the_first_stage(company: Any) -> None:
    deal = company.convert("lead_1")
    assert re.fullmatch(r"opp_[0-9a-f]{32}", deal.opportunity_id)
    assert (deal.lead_id, deal.account_name) == ("lead_1", "Company of lead_1")
    assert (deal.stage, deal.status, deal.probability) == (OpportunityStage.LEAD, OpportunityStatus.OPEN, 0.1)
    assert deal.created_at == deal.updated_at == "2026-11-24T12:00:00+00:00"
    assert deal.sales_rep == "Ada"
    assert deal.metadata["product"] == "Loom"


def test_where_nothing_is_known_the_amount_is_unknown_and_the_close_is_in_90_days(small: Any) -> None:
    deal = small.convert("lead_1")
    assert (deal.amount, deal.metadata["amount_unknown"], deal.close_date) == (0.0, True, "2027-02-22")
    estimate = {"method": "none", "basis": "nothing is known", "days_to_close": 90, "peers": 0}
    assert deal.metadata["attributes"]["estimate"] == estimate


def test_the_rep_is_told_of_the_new_deal(small: Any) -> None:
    deal = small.convert("lead_1")
    [note] = small.notes()
    assert (note["recipient"], note["subject"]) == ("Ada", "New opportunity")
    assert note["opportunity_id"] == deal.opportunity_id
    assert note["message"].startswith("Company of lead_1: amount unknown, expected to close on 2027-02-22.")
    assert re.fullmatch(r"note_[0-9a-f]{32}", note["id"])


def test_the_lead_says_what_became_of_it(small: Any) -> None:
    deal = small.convert("lead_1")
    lead = asyncio.run(LeadStore(small.workspace).get_lead("lead_1"))
    assert (lead.status, lead.opportunity_id) == ("converted", deal.opportunity_id)


def test_converting_twice_gives_the_same_deal_and_writes_nothing(company: Any) -> None:
    automator = company.automator()
    first = asyncio.run(automator.automate_lead_to_opportunity("lead_1"))
    before = company.stores.dump()
    company.stores.clock.advance(days=1)
    assert asyncio.run(automator.automate_lead_to_opportunity("lead_1")) == first
    assert company.convert("lead_1") == first
    assert company.stores.dump() == before


def test_a_lead_named_by_its_id_in_the_source_is_the_same_lead(company: Any) -> None:
    company.stores.execute("INSERT INTO external_ids VALUES ('leads', 'crm', '00Q1', 'lead_1')")
    assert company.convert("00Q1") == company.convert("lead_1")


def test_many_leads_are_converted_in_the_order_given_and_each_once(company: Any) -> None:
    company.leads("lead_2", "lead_3")
    told: list[int] = []
    deals = Converter(company.workspace).convert_many(["lead_3", "lead_1", "lead_3", "lead_2"], told.append)
    assert [deal.lead_id for deal in deals] == ["lead_3", "lead_1", "lead_3", "lead_2"]
    assert deals[0] == deals[2]
    assert told == [4]
    assert len(asyncio.run(OpportunityStore(company.workspace).list_opportunities())) == 3


def test_a_company_that_is_an_account_becomes_the_deals_account(small: Any) -> None:
    small.add("accounts", {"id": "acc_1", "name": "Company of lead_1"})
    deal = small.convert("lead_1")
    assert (deal.account_name, deal.metadata["account_id"]) == ("Company of lead_1", "acc_1")


def test_a_lead_without_a_company_is_converted_all_the_same(small: Any) -> None:
    small.add("leads", {"id": "lead_bare"})
    deal = small.convert("lead_bare")
    assert (deal.account_name, deal.status) == ("", OpportunityStatus.OPEN)
    assert small.notes()[0]["message"].startswith("Unknown account: ")


@pytest.mark.parametrize(
    ("lead", "error", "says"),
    [
        ({"id": "lead_other"}, NotFound, "no lead 'lead_x'.*import leads"),
        ({"id": "lead_x", "is_deleted": 1}, NotFound, "no lead 'lead_x'"),
        ({"id": "lead_x", "converted_at": 1}, InvalidInput, "lead_x was converted in its source.*import it"),
    ],
)
def test_a_lead_that_cannot_be_converted_is_refused_and_nothing_is_written(
    small: Any, lead: dict[str, Any], error: type[Exception], says: str
) -> None:
    small.add("leads", lead)
    before = small.stores.dump()
    with pytest.raises(error, match=says):
        Converter(small.workspace).convert_many(["lead_1", "lead_x"])
    assert small.stores.dump() == before


def test_a_lead_converted_in_its_source_gives_the_deal_that_was_imported(company: Any) -> None:
    stage = {"pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
    company.add("opportunities", {"id": "opp_there", "lead_id": "lead_x", "created_at": 1, "currency": "USD"} | stage)
    company.add("leads", {"id": "lead_x", "converted_at": 1})
    assert company.convert("lead_x").opportunity_id == "opp_there"
    company.add("leads", {"id": "lead_y", "converted_at": 1, "opportunity_id": "opp_there"})
    assert company.convert("lead_y").opportunity_id == "opp_there"


def test_conversion_switched_off_refuses_and_names_its_key(small: Any, configured: Any) -> None:
    before = small.stores.dump()
    key = r"sales_operations\.process_automation\.lead_to_opportunity\.enabled is false"
    with pytest.raises(Disabled, match=key):
        small.convert("lead_1", configured(lead_to_opportunity__enabled=False))
    assert small.stores.dump() == before


def test_without_auto_assign_the_deal_stays_with_the_leads_owner_or_nobody(small: Any, configured: Any) -> None:
    off = configured(lead_to_opportunity__auto_assign=False)
    small.reps("Bo")
    small.leads("lead_of_bo", owner_id="user_bo")
    assert small.convert("lead_1", off).sales_rep == "unassigned"
    assert small.convert("lead_of_bo", off).sales_rep == "Bo"


def test_without_auto_notify_nobody_is_told(small: Any, configured: Any) -> None:
    assert small.convert("lead_1", configured(lead_to_opportunity__auto_notify=False)).sales_rep == "Ada"
    assert small.notes() == []


def test_a_deal_starts_in_the_first_stage_of_the_default_pipeline(small: Any) -> None:
    stages = [
        {"name": "Inbound", "stage": "qualified", "probability": 0.15, "category": "best_case"},
        {"name": "Won", "stage": "closed_won"},
        {"name": "Lost", "stage": "closed_lost"},
    ]
    deal = small.convert("lead_1", {"pipelines": {"default": stages}})
    assert (deal.stage, deal.probability) == (OpportunityStage.QUALIFIED, 0.15)
    assert (deal.metadata["pipeline_stage"], deal.metadata["forecast_category"]) == ("Inbound", "best_case")


def test_amount_and_close_date_come_from_similar_won_deals(company: Any) -> None:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for days in (40, 50, 60):
        company.won(5_000_00, created, f"{created + timedelta(days=days):%Y-%m-%d}", product="Loom")
    deal = company.convert("lead_1")
    assert deal.amount == 5_000.0
    assert deal.close_date == "2027-01-13"
    assert deal.metadata["attributes"]["estimate"]["basis"] == "won deals of Loom"
    assert deal.metadata["attributes"]["estimate"]["peers"] == 3


def test_the_estimate_uses_the_companys_days(small: Any) -> None:
    small.stores.clock.now = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert small.convert("lead_1", {"company": {"timezone": "Europe/Berlin"}}).close_date == "2027-02-23"


def test_history_and_audit_hold_after_a_conversion(company: Any) -> None:
    deal = company.convert("lead_1")
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []
        [events] = history.of_deals(connection, [deal.opportunity_id]).values()
    assert [(event.basis, event.values["stage"]) for event in events] == [("live", "lead")]
    assert events[0].occurred_at == to_micros(company.stores.clock.now)
