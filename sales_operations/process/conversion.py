"""From a lead to an opportunity: found, estimated, assigned, written and announced in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.effects.notifications import notify
from sales_operations.process.assignment import Assigner, Assignment
from sales_operations.process.estimates import Estimate, Estimator
from sales_operations.process.notifier import announcement
from sales_operations.store import identity, opportunities
from sales_operations.store.load import existing
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 500
"""Leads that are converted in one transaction."""


class Converter:
    """Converts leads of one workspace. Past deals are read once, when they are first needed; loads in every transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._estimator: Estimator | None = None

    def convert(self, lead_id: str) -> Opportunity:
        """The opportunity of a lead: a new one, or the one that it was converted to before.

        Raises NotFound for an unknown lead, Disabled where conversion is off, InvalidInput where the lead was converted
        in its source and that deal is not here.
        """
        return self.convert_many([lead_id])[0]

    def convert_many(self, lead_ids: list[str], progress: Callable[[int], None] = lambda _: None) -> list[Opportunity]:
        """The same for many leads, a transaction for every few hundred; ``progress`` is told how many are done."""
        if not self._workspace.settings.process_automation.lead_to_opportunity.enabled:
            raise Disabled(
                "leads are not converted: sales_operations.process_automation.lead_to_opportunity.enabled is false"
            )
        if self._estimator is None:
            self._estimator = Estimator(self._workspace)
        deals: list[str] = []
        for start in range(0, len(lead_ids), BATCH):
            chosen = lead_ids[start : start + BATCH]
            deals += self._convert_batch(chosen)
            progress(len(deals))
        with self._workspace.reading() as connection:
            return opportunities.of_ids(connection, deals)

    def _convert_batch(self, given: list[str]) -> list[str]:
        with self._workspace.unit("lead to opportunity") as unit:
            unit.hold()  # nobody converts the same leads or hands out deals meanwhile, so loads and answers are true
            ids = _record_ids(unit, given)
            leads = existing(unit, "leads", ids.values())
            deals = opportunities.ids_of_leads(unit.connection, leads)
            assigner: Assigner | None = None
            companies = {lead["company"] for lead in leads.values() if lead["company"]}
            accounts = identity.resolve(unit.connection, "accounts", "", companies)
            for text in given:
                lead = leads.get(ids[text])
                if lead is None or lead["is_deleted"]:
                    raise NotFound(f"there is no lead {text!r}; 'sales-operations import leads FILE' brings leads in")
                if lead["opportunity_id"]:
                    deals[lead["id"]] = lead["opportunity_id"]
                elif lead["id"] not in deals:
                    assigner = assigner or Assigner(unit.connection)
                    deals[lead["id"]] = self._open(unit, lead, accounts.get(lead["company"]), assigner)
            return [deals[ids[text]] for text in given]

    def _open(self, unit: Unit, lead: dict[str, Any], account: str | None, assigner: Assigner) -> str:
        if lead["converted_at"] is not None:
            raise InvalidInput(
                f"lead {lead['id']} was converted in its source, but its opportunity is not here: import it, "
                "or import the lead without its conversion date"
            )
        settings = self._workspace.settings
        switches = settings.process_automation.lead_to_opportunity
        today = day_of(unit.now, settings.company.timezone)
        assert self._estimator is not None
        estimate = self._estimator.estimate(lead["product"], lead["lead_source"], today)
        assignment = (
            assigner.assign(lead["owner_id"])
            if switches.auto_assign
            else Assignment(lead["owner_id"], "", {"rule": "owner of the lead", "reason": "auto_assign is off"})
        )
        row = self._row(unit, lead, account, estimate, assignment)
        unit.create("opportunities", row)
        unit.update("leads", lead, {"converted_at": unit.now, "opportunity_id": row["id"], "status": "converted"})
        if switches.auto_notify and assignment.name:
            message = announcement(
                row["id"], lead["company"] or "", estimate.amount_minor, row["currency"], row["close_date"]
            )
            notify(unit, assignment.name, "New opportunity", message, row["id"])
        return str(row["id"])

    def _row(
        self, unit: Unit, lead: dict[str, Any], account: str | None, estimate: Estimate, assignment: Assignment
    ) -> dict[str, Any]:
        pipeline = self._workspace.settings.pipeline()
        company = lead["company"]
        grounds = {"assignment": assignment.grounds, "estimate": estimate.grounds}
        return {
            "id": new_id("opp"),
            "name": f"{company or 'Unknown company'} - {lead['product'] or 'new business'}",
            "account_id": account,
            "account_text": None if account else company,
            "lead_id": lead["id"],
            "pipeline": pipeline.name,
            "pipeline_stage": pipeline.first.name,
            "stage": pipeline.first.canonical.value,
            "probability": pipeline.first.probability,
            "forecast_category": pipeline.first.category,
            "amount_minor": estimate.amount_minor,
            "currency": self._workspace.settings.company.currency,
            "close_date": estimate.close_date.isoformat(),
            "owner_id": assignment.user_id,
            "lead_source": lead["lead_source"],
            "product": lead["product"],
            "created_at": unit.now,
            "attributes": orjson.dumps(grounds, option=orjson.OPT_SORT_KEYS).decode(),
        }


def _record_ids(unit: Unit, given: list[str]) -> dict[str, str]:
    """What a person wrote to record id: most are record ids, the rest ids of a source."""
    own = existing(unit, "leads", given)
    return {text: text if text in own else identity.find(unit.connection, "leads", text) or text for text in given}
