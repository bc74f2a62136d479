"""A deal moves from stage to stage, and what that sets off."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.stages import DEFAULT_PROBABILITIES, OpportunityStage, OpportunityStatus
from sales_operations.process import OpportunityStore, SalesProcessAutomator
from sales_operations.process.stages.audit import closed_without_reason
from sales_operations.process.stages.transition import move, move_in, move_many
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


@pytest.mark.parametrize(("stage", "field"), [("closed_won", "win_reason"), ("closed_lost", "loss_reason")])
def test_a_close_keeps_its_reason_and_one_without_is_recorded_and_listed(small: Any, stage: str, field: str) -> None:
    small.add("opportunities", OPEN, OPEN | {"id": "opp_2"})
    assert move(small.workspace, "opp_1", stage, reason=" price ").metadata[field] == "price"
    assert move(small.workspace, "opp_2", stage).metadata[field] == "not_given"
    with small.workspace.reading() as connection:
        [listed] = closed_without_reason(connection)
    assert (listed["opportunity_id"], listed["close_date"]) == ("opp_2", "2026-11-24")
    # The reason may come later, without another move.
    assert move(small.workspace, "opp_2", stage, reason="timing").metadata[field] == "timing"
    with small.workspace.reading() as connection:
        assert closed_without_reason(connection) == []
    assert move(small.workspace, "opp_1", "proposal").metadata.get(field) is None


def test_a_close_by_a_plain_update_has_a_reason_too(small: Any) -> None:
    small.add("opportunities", OPEN)
    store = OpportunityStore(small.workspace)
    deal = asyncio.run(store.get_opportunity("opp_1"))
    deal.stage = OpportunityStage.CLOSED_LOST
    asyncio.run(store.update_opportunity(deal))
    assert deal.metadata["loss_reason"] == "not_given"


@pytest.mark.parametrize(("stage", "reason"), [("proposal", "why not"), ("closed_lost", "  ")])
def test_a_reason_that_explains_nothing_is_refused(small: Any, stage: str, reason: str) -> None:
    small.add("opportunities", OPEN)
    before = small.stores.dump()
    with pytest.raises(InvalidInput, match="reason"):
        move(small.workspace, "opp_1", stage, reason=reason)
    assert small.stores.dump() == before


@pytest.mark.parametrize(
    ("days_closed", "expected"), [(10, "2027-01-31"), (100, "2027-06-02")], ids=["still ahead", "passed"]
)
def test_a_reopened_deal_is_due_when_it_was_or_else_in_ninety_days(
    company: Any, days_closed: int, expected: str
) -> None:
    company.add("opportunities", OPEN)
    move(company.workspace, "opp_1", "closed_lost")
    company.stores.clock.advance(days=days_closed)
    reopened = move(company.workspace, "opp_1", "negotiation")
    assert (reopened.close_date, reopened.status.value, reopened.probability) == (expected, "open", 0.7)
    with company.workspace.reading() as connection:
        assert audit.verify(connection).findings == history.verify(connection) == []
    [(detail,)] = company.stores.execute(
        "SELECT a.detail FROM audit a JOIN events e ON e.seq = a.seq WHERE e.stage = 'negotiation' AND a.action = 'update'"
    )
    assert '"move":"reopened"' in detail


def test_a_deal_may_go_to_another_pipeline_at_any_stage(small: Any) -> None:
    small.add("opportunities", OPEN)
    workspace = small.stores.open({"pipelines": {"partner": OWN["pipelines"]["default"]}})
    moved = move(workspace, "opp_1", "Demo", pipeline="PARTNER")
    assert (moved.metadata["pipeline"], moved.metadata["pipeline_stage"], moved.probability) == ("partner", "Demo", 0.4)
    with pytest.raises(NotFound, match="pipeline 'channel' does not exist"):
        move(workspace, "opp_1", "Demo", pipeline="channel")
    again = move(workspace, "opp_1", "negotiation", pipeline="default")
    assert again.metadata["pipeline"] == "default"


def test_a_probability_set_by_hand_stays_until_the_deal_moves(small: Any) -> None:
    small.add("opportunities", OPEN)
    store = OpportunityStore(small.workspace)
    deal = asyncio.run(store.get_opportunity("opp_1"))
    deal.probability = 0.95
    asyncio.run(store.update_opportunity(deal))
    doubtful = {"pipelines": {"default": [{**one, "stage": one["name"], "probability": 0.2} if one["name"] == "negotiation"
                                          else {**one, "stage": one["name"]} for one in NAMED]}}  # fmt: skip
    workspace = small.stores.open(doubtful)
    assert move(workspace, "opp_1", "negotiation").probability == 0.95
    assert move(workspace, "opp_1", "proposal").probability == 0.5
    assert move(workspace, "opp_1", "negotiation").probability == 0.2


NAMED = [{"name": stage.value} for stage in OpportunityStage]


def test_many_deals_move_at_once_by_either_id_and_each_step_acts(company: Any) -> None:
    company.add("opportunities", *({**OPEN, "id": f"opp_{number}"} for number in range(600)))
    ids = [f"opp_{number}" for number in range(600)]
    moved = move_many(company.workspace, [*ids, "opp_0"], "proposal")
    assert (len(moved.rows), moved.blocked) == (600, {})
    assert company.stores.execute("SELECT count(*), count(DISTINCT opportunity_id) FROM quotes") == [(600, 600)]
    assert move_many(company.workspace, ids, "proposal").rows == []
    before = company.stores.dump()
    with pytest.raises(NotFound, match="opp_x"):
        move_many(company.workspace, ["opp_1", "opp_x"], "closed_lost")
    assert company.stores.dump() == before


def test_a_move_follows_what_the_same_unit_did_to_the_deal_before(small: Any) -> None:
    small.add("opportunities", OPEN)
    with small.workspace.unit("accepted") as unit:
        deal = unit.update("opportunities", unit.get("opportunities", "opp_1"), {"amount_minor": 900_00})
        deal = move_in(unit, small.workspace.settings, deal, "closed_won", reason="best offer")
        unit.update("opportunities", deal, {"next_step": "hand over"})
    won = small.deal("opp_1")
    assert (won.amount, won.status.value, won.metadata["next_step"]) == (900.0, "won", "hand over")
    with small.workspace.reading() as connection:
        assert audit.verify(connection).findings == history.verify(connection) == []


def test_a_deal_in_a_stage_that_only_its_source_knows_can_be_changed_where_it_stands(small: Any) -> None:
    small.add("opportunities", OPEN | {"pipeline": "of the source", "pipeline_stage": "Contract out"})
    store = OpportunityStore(small.workspace)
    deal = asyncio.run(store.get_opportunity("opp_1"))
    deal.amount = 1.0
    asyncio.run(store.update_opportunity(deal))
    assert (deal.metadata["pipeline"], deal.metadata["pipeline_stage"]) == ("of the source", "Contract out")
