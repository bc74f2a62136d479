"""A deal moves from stage to stage, and what that sets off."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from sales_operations.domain.errors import NotFound
from sales_operations.domain.stages import DEFAULT_PROBABILITIES, OpportunityStage, OpportunityStatus
from sales_operations.process import OpportunityStore, SalesProcessAutomator
from sales_operations.store import audit, history
from tests.process.test_public_names import EXAMPLE

OWN = {
    "pipelines": {
        "default": [
            {"name": "Discovery", "stage": "lead", "probability": 0.05},
            {"name": "Scoping", "stage": "qualified", "probability": 0.2, "category": "commit"},
            {"name": "Demo", "stage": "qualified", "probability": 0.4},
            {"name": "Offer", "stage": "proposal"},
            {"name": "Signed", "stage": "closed_won"},
            {"name": "Gone", "stage": "closed_lost"},
        ]
    }
}


def test_the_briefs_four_moves_in_a_row_succeed_with_the_example_configuration(company: Any) -> None:
    automator = SalesProcessAutomator(company.stores.open(yaml.safe_load(EXAMPLE.read_text("utf-8"))))
    deal = asyncio.run(automator.automate_lead_to_opportunity("lead_1"))
    for stage in list(OpportunityStage)[1:5]:
        company.stores.clock.advance(hours=1)
        deal = asyncio.run(automator.automate_stage_transition(deal.opportunity_id, stage))
        assert (deal.stage, deal.probability) == (stage, DEFAULT_PROBABILITIES[stage])
    assert (deal.status, deal.close_date) == (OpportunityStatus.WON, "2026-11-24")
    subjects = [note["subject"] for note in company.notes()]
    assert subjects == ["Contract prepared", "Quote created", "New opportunity"]
    assert {note["recipient"] for note in company.notes()} == {"Ada"}
    rows = company.stores.execute("SELECT q.id, c.quote_id FROM quotes q JOIN contracts c USING (opportunity_id)")
    assert len(rows) == 1
    assert rows[0][0] == rows[0][1]
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == []
        assert history.verify(connection) == []


@pytest.mark.parametrize("stage", OpportunityStage)
@pytest.mark.parametrize("written", ["enum", "value", "VALUE"])
def test_a_stage_may_be_given_as_the_enum_or_its_value(small: Any, stage: OpportunityStage, written: str) -> None:
    small.add("opportunities", OPEN | {"pipeline_stage": "of a pipeline that is gone"})
    given = {"enum": stage, "value": stage.value, "VALUE": stage.value.upper()}[written]
    moved = asyncio.run(small.automator().automate_stage_transition("opp_1", given))
    assert (moved.stage, moved.status) == (stage, stage.status)
    assert moved.metadata["forecast_category"] == small.workspace.pipeline(None).find(stage).category


OPEN: dict[str, Any] = {
    "id": "opp_1",
    "account_text": "Example Ltd",
    "owner_id": "user_ada",
    "pipeline": "default",
    "pipeline_stage": "negotiation",
    "stage": "negotiation",
    "probability": 0.7,
    "amount_minor": 1_234_56,
    "currency": "USD",
    "close_date": "2027-01-31",
    "created_at": 0,
}


def test_a_lost_deal_has_a_reason_which_goes_when_it_is_reopened(small: Any) -> None:
    small.add("opportunities", OPEN)
    automator = small.automator()
    lost = asyncio.run(automator.automate_stage_transition("opp_1", "closed_lost"))
    assert (lost.status, lost.probability, lost.close_date) == (OpportunityStatus.LOST, 0.0, "2026-11-24")
    assert lost.metadata["loss_reason"] == "not_given"
    reopened = asyncio.run(automator.automate_stage_transition("opp_1", "qualified"))
    assert (reopened.status, reopened.probability) == (OpportunityStatus.OPEN, 0.3)
    assert "loss_reason" not in reopened.metadata


def test_a_deal_closes_on_the_companys_day(small: Any) -> None:
    small.add("opportunities", OPEN)
    small.stores.clock.now = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    berlin = small.automator({"company": {"timezone": "Europe/Berlin"}})
    assert asyncio.run(berlin.automate_stage_transition("opp_1", "closed_won")).close_date == "2026-11-25"


def test_a_move_to_where_the_deal_stands_writes_nothing(small: Any) -> None:
    small.add("opportunities", OPEN)
    asyncio.run(small.automator().automate_stage_transition("opp_1", "proposal"))
    before = small.stores.dump()
    small.stores.clock.advance(hours=1)
    asyncio.run(small.automator().automate_stage_transition("opp_1", "proposal"))
    assert small.stores.dump() == before


@pytest.mark.parametrize(
    ("deal", "stage", "says"),
    [
        ("opp_nowhere", "proposal", "no opportunity 'opp_nowhere'"),
        ("opp_gone", "proposal", "no opportunity 'opp_gone'"),
        ("opp_1", "sold", "stage 'sold' does not exist in pipeline 'default'; it has lead, qualified, proposal"),
    ],
)
def test_an_unknown_deal_or_stage_is_refused_and_nothing_is_written(
    small: Any, deal: str, stage: str, says: str
) -> None:
    small.add("opportunities", OPEN, OPEN | {"id": "opp_gone", "is_deleted": 1})
    before = small.stores.dump()
    with pytest.raises(NotFound, match=says):
        asyncio.run(small.automator().automate_stage_transition(deal, stage))
    assert small.stores.dump() == before


@pytest.mark.parametrize(
    ("given", "stage", "own", "probability"),
    [
        ("Scoping", "qualified", "Scoping", 0.2),
        ("demo", "qualified", "Demo", 0.4),
        ("qualified", "qualified", "Scoping", 0.2),
        (OpportunityStage.PROPOSAL, "proposal", "Offer", 0.5),
        ("SIGNED", "closed_won", "Signed", 1.0),
    ],
)
def test_own_stages_are_reached_by_their_names_and_show_in_the_metadata(
    small: Any, given: Any, stage: str, own: str, probability: float
) -> None:
    deal = small.convert("lead_1", OWN)
    assert (deal.metadata["pipeline_stage"], deal.probability) == ("Discovery", 0.05)
    moved = small.move(deal, given, OWN)
    assert (moved.stage.value, moved.metadata["pipeline_stage"]) == (stage, own)
    assert moved.probability == probability


def test_a_step_between_own_stages_of_one_canonical_stage_is_a_move(small: Any) -> None:
    deal = small.move(small.convert("lead_1", OWN), "Scoping", OWN)
    small.stores.clock.advance(hours=1)
    moved = small.move(deal, "Demo", OWN)
    assert moved.updated_at > deal.updated_at
    assert (moved.metadata["pipeline_stage"], moved.metadata["forecast_category"]) == ("Demo", "pipeline")


def test_a_deal_is_shown_as_it_was_on_any_date(small: Any) -> None:
    store = OpportunityStore(small.workspace)
    deal = small.convert("lead_1")
    for stage in ("qualified", "closed_lost"):
        small.stores.clock.advance(days=10)
        small.move(deal, stage)

    def at(as_of: str | None = None) -> Any:
        return asyncio.run(store.get_opportunity(deal.opportunity_id, as_of))

    assert at("2026-11-24") == deal
    assert (at("2026-12-10").stage.value, at("2026-12-10").status.value) == ("qualified", "open")
    assert at("2026-12-14T12:00:00Z") == at() != at("2026-12-14T11:59:59Z")
    with pytest.raises(NotFound, match=r"as of 2026-11-23"):
        at("2026-11-23")
