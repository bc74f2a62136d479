"""Moving a deal from stage to stage, with the actions that the configuration attaches to the step."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import NotFound
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage, PipelineStage
from sales_operations.effects.notifications import notify
from sales_operations.process.contracts import make_contract
from sales_operations.process.quoter import make_quote
from sales_operations.settings import Settings
from sales_operations.store import identity, opportunities, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

NO_REASON = "not_given"
"""Recorded as the loss reason of a deal that was lost without one."""


def move(workspace: Workspace, opportunity_id: str, new_stage: OpportunityStage | str) -> Opportunity:
    """Move a deal and run the actions of the step, in one transaction; a deal that stands there already stays as it is.

    Raises NotFound for an unknown deal or stage.
    """
    with workspace.unit("stage transition") as unit:
        unit.hold()  # a move names the stage to reach: it waits for other writers and starts from what they left
        found = identity.find(unit.connection, "opportunities", opportunity_id)
        before = unit.find("opportunities", found) if found else None
        if before is None or before["is_deleted"]:
            raise NotFound(f"there is no opportunity {opportunity_id!r}")
        stage = workspace.pipeline(before["pipeline"]).find(new_stage)
        if before["pipeline_stage"] != stage.name or before["stage"] != stage.canonical.value:
            after = unit.update("opportunities", before, _changes(unit, workspace.settings, before, stage))
            _act(unit, workspace.settings, after, stage.canonical)
    with workspace.reading() as connection:
        return opportunities.get(connection, opportunity_id)


def _changes(unit: Unit, settings: Settings, before: dict[str, Any], stage: PipelineStage) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "pipeline_stage": stage.name,
        "stage": stage.canonical.value,
        "probability": stage.probability,
        "forecast_category": stage.category,
    }
    if stage.canonical.is_closed:
        changes["close_date"] = day_of(unit.now, settings.company.timezone).isoformat()
    if stage.canonical is OpportunityStage.CLOSED_LOST:
        changes["loss_reason"] = before["loss_reason"] or NO_REASON
    elif before["loss_reason"]:
        changes["loss_reason"] = None  # the deal was reopened, or won after all
    return changes


def _act(unit: Unit, settings: Settings, deal: dict[str, Any], entered: OpportunityStage) -> None:
    process = settings.process_automation
    steps = process.stage_transitions
    if entered is OpportunityStage.PROPOSAL:
        step = steps.qualified_to_proposal
        if step.enabled and step.auto_quote and process.quoting.enabled and process.quoting.auto_generate:
            quote = make_quote(unit, settings, deal["id"], deal["amount_minor"] or 0, _currency(deal, settings))
            _tell(unit, deal, "Quote created", f"Quote {quote['quote_id']} was created for opportunity {deal['id']}.")
    elif entered is OpportunityStage.NEGOTIATION:
        negotiation = steps.proposal_to_negotiation
        contracts = process.contracts
        if negotiation.enabled and negotiation.auto_contract and contracts.enabled and contracts.auto_prepare:
            account = _name(unit, "accounts", deal["account_id"]) or deal["account_text"] or ""
            contract = make_contract(
                unit, settings, deal["id"], account, deal["amount_minor"] or 0, _currency(deal, settings)
            )
            prepared = f"Contract {contract['contract_id']} was prepared for opportunity {deal['id']}."
            _tell(unit, deal, "Contract prepared", prepared)


def _currency(deal: dict[str, Any], settings: Settings) -> str:
    return deal["currency"] or settings.company.currency


def _tell(unit: Unit, deal: dict[str, Any], subject: str, message: str) -> None:
    rep = _name(unit, "users", deal["owner_id"]) or deal["owner_text"]
    if rep:
        notify(unit, rep, subject, message, deal["id"])


def _name(unit: Unit, kind: str, identity: str | None) -> str | None:
    table = tables.RECORDS[kind].c
    return unit.connection.execute(select(table.name).where(table.id == identity)).scalar() if identity else None
