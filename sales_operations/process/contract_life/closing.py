"""What a signed or declined contract does to its deal."""

from __future__ import annotations

from typing import Any

from sales_operations.domain.errors import GateUnmet
from sales_operations.domain.stages import OpportunityStage
from sales_operations.process.contracting.records import tell_owner
from sales_operations.process.stages.transition import move_in
from sales_operations.settings import Settings
from sales_operations.store.unit import Unit


def close_deal(unit: Unit, settings: Settings, contract: dict[str, Any]) -> None:
    """Win the open deal of a signed contract, lose that of a declined one, where ``auto_close`` is on.

    An amendment closes nothing. Where a gate of the pipeline refuses the move, the deal stays, and its owner is told why.
    """
    switches = settings.process_automation.stage_transitions.negotiation_to_closed
    deal = unit.find("opportunities", contract["opportunity_id"])
    if not (switches.enabled and switches.auto_close) or contract["amends_id"] or deal is None:
        return
    if deal["status"] != "open" or deal["is_deleted"]:
        return
    won = contract["status"] == "signed"
    stage = OpportunityStage.CLOSED_WON if won else OpportunityStage.CLOSED_LOST
    reason = "contract signed" if won else contract["reason"]
    try:
        move_in(unit, settings, deal, stage, reason=reason)
    except GateUnmet as refused:
        told = f"Contract {contract['id']} would close the deal, but: {refused}"
        tell_owner(unit, contract, "not_closing", told, subject="Deal not closed")
