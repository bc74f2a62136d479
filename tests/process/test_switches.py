"""Each switch of the process, flipped, and what it does to the actions of a step."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sales_operations.domain.errors import Disabled, NotFound
from sales_operations.process import ContractManager, Quoter
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
