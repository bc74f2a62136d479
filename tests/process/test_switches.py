"""Each switch of the process, flipped, and what it does to the actions of a step."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.domain.errors import Disabled, NotFound
from sales_operations.process import ContractManager, OpportunityStore, Quoter
from sales_operations.process.stages.advance import work
from sales_operations.process.stages.transition import move
from tests.process.test_transition import OPEN

CASES = [
    ({}, 1, 1),
    ({"stage_transitions__qualified_to_proposal__enabled": False}, 0, 1),
    ({"stage_transitions__qualified_to_proposal__auto_quote": False}, 0, 1),
    ({"quoting__enabled": False}, 0, 1),
    ({"quoting__auto_generate": False}, 0, 1),
    ({"stage_transitions__proposal_to_negotiation__enabled": False}, 1, 0),
    ({"stage_transitions__proposal_to_negotiation__auto_contract": False}, 1, 0),
    ({"contracts__enabled": False}, 1, 0),
    ({"contracts__auto_prepare": False}, 1, 0),
]


@pytest.mark.parametrize(("keys", "quotes", "contracts"), CASES)
def test_a_switch_decides_whether_a_document_is_made_and_told_of_never_whether_the_deal_moves(
    small: Any, configured: Any, keys: dict[str, Any], quotes: int, contracts: int
) -> None:
    small.add("opportunities", OPEN | {"pipeline_stage": "lead", "stage": "lead"})
    automator = small.automator(configured(**keys))
    for stage in ("qualified", "proposal", "negotiation", "closed_won"):
        deal = asyncio.run(automator.automate_stage_transition("opp_1", stage))
        assert deal.stage.value == stage
    assert (deal.status.value, deal.probability) == ("won", 1.0)
    assert small.stores.execute("SELECT count(*) FROM quotes") == [(quotes,)]
    assert small.stores.execute("SELECT count(*) FROM contracts") == [(contracts,)]
    assert len(small.notes()) == quotes + contracts


@pytest.mark.parametrize("step", ["lead_to_qualified", "negotiation_to_closed"])
def test_a_step_that_is_off_keeps_nobody_from_moving_a_deal(small: Any, configured: Any, step: str) -> None:
    small.add("opportunities", OPEN)
    automator = small.automator(configured(**{f"stage_transitions__{step}__enabled": False}))
    assert asyncio.run(automator.automate_stage_transition("opp_1", "qualified")).stage.value == "qualified"
    won = asyncio.run(automator.automate_stage_transition("opp_1", "closed_won"))
    assert (won.status.value, won.probability) == ("won", 1.0)


READY = OPEN | {"pipeline_stage": "lead", "stage": "lead", "probability": 0.1, "contact_id": "con_1"}
ON = "stage_transitions__lead_to_qualified__auto_transition"
CALL = {"id": "act_1", "opportunity_id": "opp_1", "activity_type": "call", "occurred_at": 1}


def test_auto_transition_moves_a_deal_on_once_it_is_worth_something_has_a_contact_and_was_worked_on(
    company: Any, configured: Any
) -> None:
    lacking = [READY | {"amount_minor": None}, READY | {"contact_id": None}, READY, READY | {"is_deleted": 1}]
    company.add("opportunities", READY, *({**one, "id": f"opp_{place}"} for place, one in enumerate(lacking, 2)))
    calls = [{**CALL, "id": f"act_{place}", "opportunity_id": f"opp_{place}"} for place in (1, 2, 3, 5)]
    company.add("activities", *calls)
    workspace = company.stores.open(configured(**{ON: True}))
    assert work(workspace) == 1
    moved = company.deal("opp_1")
    assert (moved.stage.value, moved.probability) == ("qualified", 0.3)
    assert {company.deal(f"opp_{number}").stage.value for number in (2, 3, 4)} == {"lead"}
    [(actor, cause)] = company.stores.execute("SELECT actor, cause FROM events WHERE stage = 'qualified'")
    assert (actor, cause) == ("sales-operations", "auto transition")
    assert work(workspace) == 0


@pytest.mark.parametrize(
    "keys", [{}, {ON: False}, {ON: True, "stage_transitions__lead_to_qualified__enabled": False}], ids=str
)
def test_without_the_switch_or_with_the_step_off_no_deal_moves_by_itself(
    small: Any, configured: Any, keys: dict[str, Any]
) -> None:
    small.add("opportunities", READY)
    small.add("activities", CALL)
    before = small.stores.dump()
    assert work(small.stores.open(configured(**keys))) == 0
    assert small.stores.dump() == before


def test_a_deal_that_a_person_took_back_is_not_moved_on_again(small: Any, configured: Any) -> None:
    small.add("opportunities", READY)
    small.add("activities", CALL)
    workspace = small.stores.open(configured(**{ON: True}))
    assert work(workspace) == 1
    move(workspace, "opp_1", "lead")
    assert work(workspace) == 0


def test_a_change_of_a_deal_moves_it_on_without_waiting_for_the_worker(small: Any, configured: Any) -> None:
    small.add("opportunities", READY | {"amount_minor": None})
    small.add("activities", CALL)
    store = OpportunityStore(small.stores.open(configured(**{ON: True})))
    deal = asyncio.run(store.get_opportunity("opp_1"))
    deal.amount = 500.0
    asyncio.run(store.update_opportunity(deal))
    assert (deal.stage.value, deal.probability) == ("qualified", 0.3)
    assert deal == asyncio.run(store.get_opportunity("opp_1"))


def test_the_criteria_of_the_stage_replace_the_general_ones_and_its_gates_bind(small: Any, configured: Any) -> None:
    pipeline = [
        {"name": "New", "stage": "lead", "exit": {"fields": ["product"]}},
        {"name": "Later", "stage": "lead", "exit": {"fields": ["next_step"]}},
        {"name": "Good", "stage": "qualified"},
        {"name": "Won", "stage": "closed_won"},
        {"name": "Lost", "stage": "closed_lost"},
    ]
    new = READY | {"pipeline_stage": "New", "product": "Loom", "amount_minor": None}
    small.add("opportunities", new, new | {"id": "opp_2", "next_step": "call", "product": None})
    small.add("opportunities", new | {"id": "opp_3", "next_step": "call"})
    config = configured(**{ON: True})
    config["sales_operations"]["pipelines"] = {"default": pipeline}
    assert work(small.stores.open(config)) == 1
    stages = {f"opp_{number}": small.deal(f"opp_{number}").metadata["pipeline_stage"] for number in (1, 2, 3)}
    assert stages == {"opp_1": "New", "opp_2": "New", "opp_3": "Good"}


@pytest.mark.parametrize(("switch", "assigned", "told"), [("auto_assign", False, 0), ("auto_notify", True, 0)])
def test_a_converted_lead_is_assigned_and_its_rep_told_unless_switched_off(
    small: Any, configured: Any, switch: str, assigned: bool, told: int
) -> None:
    small.leads("lead_2")
    assert small.convert("lead_1").sales_rep == "Ada"
    assert len(small.notes()) == 1
    other = small.convert("lead_2", configured(**{f"lead_to_opportunity__{switch}": False}))
    assert (other.sales_rep != "unassigned") == assigned
    assert len(small.notes()) == 1 + told


def test_a_conversion_that_is_off_refuses_and_names_its_key(small: Any, configured: Any) -> None:
    before = small.stores.dump()
    with pytest.raises(Disabled, match=r"process_automation\.lead_to_opportunity\.enabled is false"):
        small.convert("lead_1", configured(lead_to_opportunity__enabled=False))
    assert small.stores.dump() == before


@pytest.mark.parametrize(("days", "until"), [(None, "2026-12-24"), (5, "2026-11-29")])
def test_valid_days_say_how_long_a_quote_holds(small: Any, configured: Any, days: int | None, until: str) -> None:
    small.add("opportunities", OPEN)
    config = configured(quoting__valid_days=days) if days else {}
    asyncio.run(small.automator(config).automate_stage_transition("opp_1", "proposal"))
    assert small.stores.execute("SELECT valid_until FROM quotes") == [(until,)]


@pytest.mark.parametrize("section", ["quoting", "contracts"])
def test_documents_that_are_off_are_refused_on_request_too(small: Any, configured: Any, section: str) -> None:
    small.add("opportunities", OPEN)
    workspace = small.stores.open(configured(**{f"{section}__enabled": False}))
    before = small.stores.dump()
    deal = small.deal("opp_1")
    asked = Quoter(workspace).create_quote if section == "quoting" else ContractManager(workspace).prepare_contract
    with pytest.raises(Disabled, match=rf"process_automation\.{section}\.enabled is false"):
        asyncio.run(asked(deal))
    assert small.stores.dump() == before


@pytest.mark.parametrize("section", ["quoting", "contracts"])
def test_what_is_not_made_by_itself_can_still_be_asked_for(small: Any, configured: Any, section: str) -> None:
    small.add("opportunities", OPEN)
    switch = {"quoting": "auto_generate", "contracts": "auto_prepare"}[section]
    workspace = small.stores.open(configured(**{f"{section}__{switch}": False}))
    asked = Quoter(workspace).create_quote if section == "quoting" else ContractManager(workspace).prepare_contract
    assert asyncio.run(asked(small.deal("opp_1")))["amount"] == 1_234.56


def test_a_template_that_does_not_exist_stops_the_step_and_names_its_key(small: Any, configured: Any) -> None:
    small.add("opportunities", OPEN | {"pipeline_stage": "lead", "stage": "lead"})
    before = small.stores.dump()
    automator = small.automator(configured(contracts__template="ornate"))
    with pytest.raises(NotFound, match=r"'ornate' \(sales_operations\.process_automation\.contracts\.template\)"):
        asyncio.run(automator.automate_stage_transition("opp_1", "negotiation"))
    assert small.stores.dump() == before
