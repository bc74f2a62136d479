"""Moving a deal from stage to stage, with the actions that the configuration attaches to the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sales_operations.domain.errors import NotFound
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage
from sales_operations.effects.notifications import notify
from sales_operations.process.contracting.contracts import make_contract
from sales_operations.process.quoting.quoter import make_quote
from sales_operations.process.stages.moves import Moved, enter, enter_many
from sales_operations.settings import Settings
from sales_operations.store import identity, opportunities
from sales_operations.store.load import existing
from sales_operations.store.opportunities import Names
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 500
"""Deals that are moved in one transaction."""


def move(
    workspace: Workspace,
    opportunity_id: str,
    new_stage: OpportunityStage | str,
    *,
    reason: str | None = None,
    override: str | None = None,
    pipeline: str | None = None,
) -> Opportunity:
    """Move a deal and run the actions of the step, in one transaction; a deal that stands there already stays as it is.

    ``reason`` says why the deal is won or lost, ``override`` why it passes a gate that refuses it, ``pipeline`` names
    another pipeline to go to. Raises NotFound for an unknown deal, stage or pipeline, GateUnmet, InvalidInput.
    """
    with workspace.unit("stage transition", shared=True) as unit:
        unit.hold()  # a move names the stage to reach: it waits for other writers and starts from what they left
        found = opportunities.row(unit.connection, opportunity_id)
        names = Names(unit.connection)
        after = enter(unit, workspace.settings, found, new_stage, reason=reason, override=override, pipeline=pipeline)
        _follow(unit, workspace.settings, found, after, names)
        unit.flush()
        return opportunities.of_row(after, names)


def move_in(
    unit: Unit,
    settings: Settings,
    deal: dict[str, Any],
    stage: OpportunityStage | str,
    *,
    reason: str | None = None,
    override: str | None = None,
    pipeline: str | None = None,
) -> dict[str, Any]:
    """The same inside an open unit, for a deal's row that was read in it; gives the row as it will be written."""
    after = enter(unit, settings, deal, stage, reason=reason, override=override, pipeline=pipeline)
    _follow(unit, settings, deal, after, Names(unit.connection))
    return after


def move_many(
    workspace: Workspace,
    opportunity_ids: Sequence[str],
    new_stage: OpportunityStage | str,
    *,
    reason: str | None = None,
    override: str | None = None,
    pipeline: str | None = None,
    cause: str = "stage transition",
    actor: str | None = None,
) -> Moved:
    """Move many deals, a transaction for every few hundred; gates are asked set by set.

    A deal that a gate refuses stays where it is and is told of in ``blocked``; the others move. Raises NotFound for an
    unknown deal, stage or pipeline: nothing of its batch is moved then.
    """
    moved = Moved()
    for start in range(0, len(opportunity_ids), BATCH):
        given = list(dict.fromkeys(opportunity_ids[start : start + BATCH]))
        with workspace.unit(cause, actor) as unit:
            unit.hold()
            deals = _found(unit, given)
            part = enter_many(
                unit, workspace.settings, deals, new_stage, reason=reason, override=override, pipeline=pipeline
            )
            stood, names = {deal["id"]: deal for deal in deals}, Names(unit.connection)
            for row in part.rows:
                _follow(unit, workspace.settings, stood[row["id"]], row, names)
        moved.rows += part.rows
        moved.blocked |= part.blocked
    return moved


def _found(unit: Unit, given: Sequence[str]) -> list[dict[str, Any]]:
    own = existing(unit, "opportunities", given)
    other = {text: identity.find(unit.connection, "opportunities", text) for text in given if text not in own}
    own |= existing(unit, "opportunities", [found for found in other.values() if found])
    deals = {}
    for text in given:
        deal = own.get(other.get(text) or text)
        if deal is None or deal["is_deleted"]:
            raise NotFound(f"there is no opportunity {text!r}")
        deals[deal["id"]] = deal
    return list(deals.values())


def _follow(unit: Unit, settings: Settings, before: dict[str, Any], deal: dict[str, Any], names: Names) -> None:
    """What the configuration attaches to the step from one row of a deal to another; nothing where its stage is the same."""
    if (deal["pipeline_stage"], deal["stage"]) == (before["pipeline_stage"], before["stage"]):
        return
    process = settings.process_automation
    steps = process.stage_transitions
    entered = OpportunityStage(deal["stage"])
    if entered is OpportunityStage.PROPOSAL:
        step = steps.qualified_to_proposal
        if step.enabled and step.auto_quote and process.quoting.enabled and process.quoting.auto_generate:
            quote = make_quote(unit, settings, deal, deal["amount_minor"] or 0, _currency(deal, settings))
            if quote["is_new"]:
                created = f"Quote {quote['quote_id']} was created for opportunity {deal['id']}."
                _tell(unit, deal, names, "Quote created", created, "quote.created")
    elif entered is OpportunityStage.NEGOTIATION:
        negotiation = steps.proposal_to_negotiation
        contracts = process.contracts
        if negotiation.enabled and negotiation.auto_contract and contracts.enabled and contracts.auto_prepare:
            account = names.of("accounts", deal["account_id"]) or deal["account_text"] or ""
            contract = make_contract(
                unit, settings, deal["id"], account, deal["amount_minor"] or 0, _currency(deal, settings)
            )
            prepared = f"Contract {contract['contract_id']} was prepared for opportunity {deal['id']}."
            _tell(unit, deal, names, "Contract prepared", prepared, "contract.prepared")


def _currency(deal: dict[str, Any], settings: Settings) -> str:
    return deal["currency"] or settings.company.currency


def _tell(unit: Unit, deal: dict[str, Any], names: Names, subject: str, message: str, event: str) -> None:
    rep = names.of("users", deal["owner_id"]) or deal["owner_text"]
    if rep:
        notify(unit, rep, subject, message, deal["id"], event=event)
