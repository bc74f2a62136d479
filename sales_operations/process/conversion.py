"""From a lead to an opportunity: found, matched, estimated, assigned, written and announced in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

import orjson

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import Disabled, InvalidInput, NotFound
from sales_operations.domain.opportunity import Opportunity, new_id
from sales_operations.effects.notifications import notify
from sales_operations.process.assigning.assignment import Assigner, Assignment
from sales_operations.process.estimates import Estimate, Estimator
from sales_operations.process.matching.leads import Belonging, LeadMatcher
from sales_operations.process.notifier import announcement
from sales_operations.store import identity, lookup, merges, opportunities, tables
from sales_operations.store.collector import uncollected
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

BATCH = 1_000
"""Leads that are converted in one transaction."""
_SWITCH = "sales_operations.process_automation.lead_to_opportunity.enabled"
_NewDeal = type("_NewDeal", (), dict.fromkeys(tables.COLUMNS["opportunities"]))
"""A new deal's row as attributes; None is what the row leaves out."""


@dataclass(frozen=True)
class ConvertedLead:
    """What a lead became: ids of records, None for what it gave no cause for."""

    lead_id: str
    account_id: str | None
    contact_id: str | None
    opportunity_id: str | None


class Converter:
    """Converts leads of one workspace. Past deals are read when they are first needed, and again from time to time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._estimator: Estimator | None = None

    def convert(self, lead_id: str) -> Opportunity:
        """The opportunity of a lead: a new one, or the one that it was converted to before.

        Raises NotFound for an unknown lead, Disabled where conversion is off or a matching rule blocks it, InvalidInput
        where the lead was converted in its source and that deal is not here, or here without an opportunity.
        """
        return self.convert_many([lead_id])[0]

    def convert_many(
        self,
        lead_ids: list[str],
        progress: Callable[[int], None] = lambda _: None,
        blocked: dict[str, str] | None = None,
    ) -> list[Opportunity]:
        """The same for many leads, a transaction for every so many; ``progress`` is told how many are done.

        With ``blocked``, leads that a matching rule blocks are put there, with the reason, and left out of the result.
        """
        self._allowed()
        if self._estimator is None:
            self._estimator = Estimator(self._workspace)
        else:
            self._estimator.renew()
        deals: list[Opportunity] = []
        with uncollected():
            for start in range(0, len(lead_ids), BATCH):
                deals += self._convert_batch(lead_ids[start : start + BATCH], self._estimator, blocked)
                progress(min(start + BATCH, len(lead_ids)))
        return deals

    def convert_without_opportunity(self, lead_ids: list[str]) -> list[ConvertedLead]:
        """Make accounts and contacts of leads, or find them, and no opportunity; again gives the same.

        A lead that has an opportunity already gives its account and contact. Raises as ``convert`` does.
        """
        self._allowed()
        found: list[ConvertedLead] = []
        for start in range(0, len(lead_ids), BATCH):
            with self._workspace.unit("lead without opportunity") as unit:
                found += _Batch(unit, self._workspace, lead_ids[start : start + BATCH]).without_opportunity()
        return found

    def _allowed(self) -> None:
        if not self._workspace.settings.process_automation.lead_to_opportunity.enabled:
            raise Disabled(f"leads are not converted: {_SWITCH} is false")

    def _convert_batch(
        self, given: list[str], estimator: Estimator, blocked: dict[str, str] | None
    ) -> list[Opportunity]:
        with self._workspace.unit("lead to opportunity", shared=len(given) == 1) as unit:
            return _Batch(unit, self._workspace, given).deals(estimator, blocked)


class _Batch:
    """The leads of one transaction. Nobody converts the same leads or hands out deals meanwhile."""

    def __init__(self, unit: Unit, workspace: Workspace, given: list[str]) -> None:
        unit.hold()
        self._unit = unit
        self._settings = workspace.settings
        pipeline = workspace.settings.pipeline()
        self._start = {
            "pipeline": pipeline.name,
            "pipeline_stage": pipeline.first.name,
            "stage": pipeline.first.canonical.value,
            "probability": pipeline.first.probability,
            "forecast_category": pipeline.first.category,
            "currency": workspace.settings.company.currency,
            "created_at": unit.now,
        }
        self._given = given
        self._leads = {row["id"]: row for row in lookup.rows(unit.connection, "leads", "id", set(given))}
        self._ids = {text: self._record_id(text) for text in given}
        late = {one for one in self._ids.values() if one not in self._leads}
        self._leads |= {row["id"]: row for row in lookup.rows(unit.connection, "leads", "id", late)}
        gone = {one for one in self._ids.values() if one in self._leads and self._leads[one]["is_deleted"]}
        if gone:
            self._follow(merges.survivors(unit.connection, gone))
        for text, record_id in self._ids.items():
            lead = self._leads.get(record_id)
            if lead is None or lead["is_deleted"]:
                raise NotFound(f"there is no lead {text!r}; 'sales-operations import leads FILE' brings leads in")

    def _record_id(self, text: str) -> str:
        if text in self._leads:
            return text
        return identity.find(self._unit.connection, "leads", text) or text

    def _follow(self, survivors: dict[str, str]) -> None:
        """A lead that was merged means the one that it is part of."""
        self._ids = {text: survivors.get(one, one) for text, one in self._ids.items()}
        further = set(survivors.values()).difference(self._leads)
        self._leads |= {row["id"]: row for row in lookup.rows(self._unit.connection, "leads", "id", further)}

    def deals(self, estimator: Estimator, blocked: dict[str, str] | None) -> list[Opportunity]:
        """The deals of the leads, in the order given: those that are there, and new ones."""
        there = self._deals_there()
        fresh = [self._leads[one] for one in dict.fromkeys(self._ids.values()) if one not in there]
        made: dict[str, Opportunity] = {}
        if fresh:
            for lead in fresh:
                self._refuse_converted(lead)
            made = self._open(fresh, estimator, blocked)
        if there:
            known = opportunities.of_ids(self._unit.connection, sorted(set(there.values())))
            by_id = {deal.opportunity_id: deal for deal in known}
            made |= {lead_id: by_id[deal] for lead_id, deal in there.items()}
        return [made[self._ids[text]] for text in self._given if self._ids[text] in made]

    def _deals_there(self) -> dict[str, str]:
        """Lead id to the deal that it was converted to, or else to the first deal that names it."""
        names = ("lead_id", "id", "created_at")
        rows = lookup.rows(self._unit.connection, "opportunities", "lead_id", set(self._ids.values()), names)
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        found = {row["lead_id"]: row["id"] for row in rows}
        return found | {
            one: self._leads[one]["opportunity_id"] for one in self._ids.values() if self._leads[one]["opportunity_id"]
        }

    def _refuse_converted(self, lead: dict[str, Any]) -> None:
        if lead["converted_at"] is None:
            return
        if ended := list(self._ended([lead["id"]]).values()):
            raise InvalidInput(
                f"lead {lead['id']} was converted without an opportunity: account {ended[0]['account_id']}, contact "
                f"{ended[0]['contact_id']}; create an opportunity for these"
            )
        raise InvalidInput(
            f"lead {lead['id']} was converted in its source, but its opportunity is not here: import it, "
            "or import the lead without its conversion date"
        )

    def _open(
        self, leads: list[dict[str, Any]], estimator: Estimator, blocked: dict[str, str] | None
    ) -> dict[str, Opportunity]:
        """Make a deal of each lead, and write it with all that belongs to it."""
        unit, settings = self._unit, self._settings
        switches = settings.process_automation.lead_to_opportunity
        today = day_of(unit.now, settings.company.timezone)
        matcher = LeadMatcher(unit, settings, leads)
        assigner = Assigner(unit, settings) if switches.auto_assign else None
        opened: dict[str, tuple[dict[str, Any], str, str]] = {}
        for lead in leads:
            try:
                found = matcher.belonging(lead)
            except Disabled as error:
                if blocked is None:
                    raise
                blocked[lead["id"]] = str(error)
                continue
            account = found.account or {}
            employees = lead["employees"] if account.get("employees") is None else account["employees"]
            estimate = estimator.estimate(
                lead["product"], lead["lead_source"], today, account.get("segment"), employees
            )
            if assigner is not None:
                assignment = assigner.assign(lead, account=found.account)
            else:
                reason = {"rule": "owner of the lead", "reason": "auto_assign is off"}
                assignment = Assignment(lead["owner_id"], "", reason)
            matcher.complete(lead, found, assignment.user_id)
            row = self._row(lead, found, estimate, assignment)
            unit.create("opportunities", row)
            unit.update("leads", lead, {"converted_at": unit.now, "opportunity_id": row["id"], "status": "converted"})
            if switches.auto_notify and assignment.name:
                due = assigner.written(assignment.due_at) if assigner is not None else None
                self._tell(lead, row, assignment.name, due, found.alerts)
            opened[lead["id"]] = (row, account.get("name") or "", assignment.name)
        matcher.write()
        return self._as_callers_see(opened)

    def _as_callers_see(self, opened: dict[str, tuple[dict[str, Any], str, str]]) -> dict[str, Opportunity]:
        """Lead id to its new deal, from the rows in hand; only a rep who has no name is read."""
        unnamed = {
            row["owner_id"] for row, _, rep in opened.values() if row["owner_id"] and rep in ("", row["owner_id"])
        }
        names = self._owner_names(unnamed)
        found = {}
        for lead_id, (row, account, rep) in opened.items():
            owner = names[row["owner_id"]] if row["owner_id"] in unnamed else rep
            shown = _NewDeal()
            vars(shown).update(row, owner_name=owner, account_name=account)
            found[lead_id] = opportunities.to_opportunity(cast(Any, shown))
        return found

    def _owner_names(self, ids: set[str]) -> dict[str, str | None]:
        rows = lookup.rows(self._unit.connection, "users", "id", ids, ("id", "name", "email"))
        read = {row["id"]: row["name"] if row["name"] is not None else row["email"] for row in rows}
        return {one: read.get(one) for one in ids}

    def _tell(self, lead: dict[str, Any], row: dict[str, Any], rep: str, due: str | None, alerts: list[str]) -> None:
        message = announcement(
            row["id"], lead["company"] or "", row["amount_minor"], row["currency"], row["close_date"]
        )
        if due is not None:
            message += f" Answer by {due}."
        notify(self._unit, rep, "New opportunity", message, row["id"], event="opportunity.created")
        if alerts:
            told = f"Before you call: {'. '.join(alerts)}. 'sales-operations duplicates' shows more."
            notify(self._unit, rep, "Possible duplicate", told, row["id"], event="lead.duplicate")

    def _row(
        self, lead: dict[str, Any], found: Belonging, estimate: Estimate, assignment: Assignment
    ) -> dict[str, Any]:
        company, account = lead["company"], found.account
        grounds: dict[str, Any] = {"assignment": assignment.grounds, "estimate": estimate.grounds}
        if found.grounds:
            grounds["matching"] = found.grounds
        return {
            "id": new_id("opp"),
            "name": f"{company or 'Unknown company'} - {lead['product'] or 'new business'}",
            "account_id": account["id"] if account else None,
            "account_text": None if account else company,
            "contact_id": found.contact["id"] if found.contact else None,
            "lead_id": lead["id"],
            **self._start,
            "amount_minor": estimate.amount_minor,
            "close_date": estimate.close_date.isoformat(),
            "owner_id": assignment.user_id,
            "lead_source": lead["lead_source"],
            "product": lead["product"],
            "attributes": orjson.dumps(grounds, option=orjson.OPT_SORT_KEYS).decode(),
        }

    def without_opportunity(self) -> list[ConvertedLead]:
        """Account and contact of the leads, in the order given: those that are there, and new ones."""
        unit, there = self._unit, self._deals_there()
        found = self._ended(set(self._ids.values()))
        leads = [self._leads[one] for one in dict.fromkeys(self._ids.values()) if one not in there and one not in found]
        for lead in leads:
            self._refuse_converted(lead)
        matcher = LeadMatcher(unit, self._settings, leads) if leads else None
        for lead in leads:
            assert matcher is not None
            belongs = matcher.belonging(lead)
            matcher.complete(lead, belongs, lead["owner_id"])
            found[lead["id"]] = {
                "id": lead["id"],
                "account_id": belongs.account["id"] if belongs.account else None,
                "contact_id": belongs.contact["id"] if belongs.contact else None,
                "grounds": orjson.dumps(belongs.grounds, option=orjson.OPT_SORT_KEYS).decode(),
                "created_at": unit.now,
            }
            unit.create("lead_conversions", found[lead["id"]])
            unit.update("leads", lead, {"converted_at": unit.now, "status": "converted"})
        if matcher is not None:
            matcher.write()
        names = ("id", "account_id", "contact_id")
        for deal in lookup.rows(unit.connection, "opportunities", "id", set(there.values()), names):
            found |= {lead_id: {**deal, "deal": deal["id"]} for lead_id, one in there.items() if one == deal["id"]}
        return [
            ConvertedLead(one, found[one]["account_id"], found[one]["contact_id"], there.get(one))
            for one in map(self._ids.__getitem__, self._given)
        ]

    def _ended(self, lead_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Lead id to how it ended without an opportunity, it itself or a lead that was merged into it."""
        connection = self._unit.connection
        found = {row["id"]: row for row in lookup.rows(connection, "lead_conversions", "id", lead_ids)}
        for one in lead_ids:
            if one not in found and self._leads[one]["converted_at"] is not None:
                parts = merges.merged_into(connection, one)
                for row in lookup.rows(connection, "lead_conversions", "id", parts):
                    found[one] = row
        return found
