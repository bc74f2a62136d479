"""Doing what a rule says, within one transaction: all of its actions, or none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import NotFound
from sales_operations.domain.money import to_major, to_minor
from sales_operations.effects.notifications import notify
from sales_operations.process import sequences, tasks
from sales_operations.process.assigning.assignment import Assigner
from sales_operations.process.contracting.contracts import make_contract
from sales_operations.process.quoting.quoter import make_quote
from sales_operations.process.rules.actions import Action, DaysAhead, event_of
from sales_operations.process.rules.facts import DAY
from sales_operations.process.rules.firings import Firing
from sales_operations.process.rules.read_actions import BY_RULES, DEAL_WORDS, LEAD_WORDS
from sales_operations.process.rules.ruleset import RuleSet
from sales_operations.process.rules.vocabulary import DEAL_FIELDS, LEAD_FIELDS, column_of, known_value
from sales_operations.process.stages.transition import move_in
from sales_operations.render.text import rendered
from sales_operations.settings import Settings
from sales_operations.store import identity, tables
from sales_operations.store.unit import Unit


class Performer:
    """Carries out the actions of one firing on its record, each on what the one before it left."""

    def __init__(self, unit: Unit, settings: Settings, rules: RuleSet, version: str, firing: Firing) -> None:
        self._unit = unit
        self._settings = settings
        self._rules = rules
        self._version = version
        self._firing = firing
        self._kind = "opportunities" if firing.opportunity_id else "leads"
        self._id = str(firing.opportunity_id or firing.lead_id)

    def do(self, action: Action) -> dict[str, Any]:
        """Carry out one action and say what came of it. Raises what the action's own door raises where it is refused."""
        row = self._unit.get(self._kind, self._id)
        told: dict[str, Any] = getattr(self, f"_{action.kind}")(action.values, row)
        self._unit.flush()  # the next action finds the record as this one left it
        return {"action": action.kind, **told}

    def _move(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        after = move_in(self._unit, self._settings, row, values["to"], reason=values["reason"])
        return {"from": row["pipeline_stage"], "to": after["pipeline_stage"]}

    def _assign(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        if values["to"] == BY_RULES:
            return self._assign_by_rules(row)
        user = self._person(values["to"], row)
        self._unit.update(self._kind, row, {"owner_id": user, "owner_text": None})
        return {"from": row["owner_id"], "to": user}

    def _assign_by_rules(self, row: dict[str, Any]) -> dict[str, Any]:
        """Whoever the assignment chooses for the lead, or for the lead that the deal came from, as if nobody had it."""
        is_lead = self._kind == "leads"
        lead = row if is_lead else self._found("leads", row["lead_id"])
        account = None if is_lead else self._found("accounts", row["account_id"]) or None
        asked = {**lead, "owner_id": None}
        if not is_lead:
            asked.pop("id", None)  # the assignment of the lead itself stays as it was kept
        made = Assigner(self._unit, self._settings).assign(asked, account=account, in_hand=is_lead)
        if made.user_id is None:
            raise NotFound(f"nobody can take {self._id}: bring a rep back, or add people to the rules of assignment")
        self._unit.update(self._kind, row, {"owner_id": made.user_id, "owner_text": None})
        return {"from": row["owner_id"], "to": made.user_id, "assignment": made.grounds}

    def _found(self, kind: str, record_id: str | None) -> dict[str, Any]:
        return (self._unit.find(kind, record_id) if record_id else None) or {}

    def _task(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        due = self._today() + timedelta(days=values["due_in_days"])
        made = tasks.add(
            self._unit,
            self._text(values["title"], row),
            due.isoformat(),
            owner_id=self._person(values["to"], row, needed=False),
            opportunity_id=self._firing.opportunity_id,
            lead_id=self._firing.lead_id,
            firing_id=self._firing.id,
        )
        return {"task_id": made["id"], "owner": made["owner_id"], "due_date": made["due_date"]}

    def _notify(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        user = self._person(values["to"], row, needed=False)
        recipient = _name(self._unit.connection, user) or (row["owner_text"] if values["to"] == "owner" else None)
        if not recipient:
            return {"notification_id": None, "reason": f"there is no {values['to']} to tell"}
        title, message = self._text(values["subject"], row), self._text(values["message"], row)
        return self._told(recipient, title, message, event_of("notify", self._firing.rule))

    def _webhook(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        message = self._text(values["message"], row)
        return self._told("webhook", f"Rule {self._firing.rule}", message, event_of("webhook", self._firing.rule))

    def _told(self, recipient: str, title: str, message: str, event: str) -> dict[str, Any]:
        values = {"rule": self._firing.rule, "found": self._firing.grounds}
        deal = self._firing.opportunity_id
        note = notify(self._unit, recipient, title, message, deal, event=event, values=values)
        return {"notification_id": note, "event": event}

    def _set(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        changes = {
            column_of(DEAL_FIELDS[name]): self._stored(name, value, row) for name, value in values["fields"].items()
        }
        if "amount_minor" in changes and row["currency"] is None:
            changes["currency"] = self._settings.company.currency
        self._unit.update("opportunities", row, changes)
        return {"fields": changes}

    def _quote(self, _values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        made = make_quote(self._unit, self._settings, row, row["amount_minor"] or 0, self._currency(row))
        return {"quote_id": made["quote_id"]}

    def _contract(self, _values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        account = _account(self._unit.connection, row) or ""
        amount = row["amount_minor"] or 0
        made = make_contract(self._unit, self._settings, row["id"], account, amount, self._currency(row))
        return {"contract_id": made["contract_id"]}

    def _sequence(self, values: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        found = self._rules.sequence(values["name"])
        assert found is not None, values
        run = sequences.start(
            self._unit,
            found.name,
            found.steps[0].wait_days,
            opportunity_id=row["id"],
            version_id=self._version,
            firing_id=self._firing.id,
        )
        told = {} if run else {"reason": "the sequence is under way for this deal already"}
        return {"sequence": found.name, "run_id": run, **told}

    def _stored(self, name: str, value: Any, row: dict[str, Any]) -> Any:
        if isinstance(value, DaysAhead):
            return (self._today() + timedelta(days=value.days)).isoformat()
        if isinstance(value, Decimal):
            return to_minor(value, self._currency(row)) if name == "amount" else float(value)
        return value

    def _person(self, to: str, row: dict[str, Any], *, needed: bool = True) -> str | None:
        """The user whom a rule means. Raises NotFound for nobody, where somebody is needed."""
        connection, owner = self._unit.connection, row["owner_id"]
        if to == "owner":
            found = owner
        elif to == "manager":
            users = tables.RECORDS["users"].c
            found = connection.execute(select(users.manager_id).where(users.id == owner)).scalar() if owner else None
        else:
            found = identity.resolve(connection, "users", "", [to]).get(to)
            if found is None:
                raise NotFound(f"there is no user {to!r}; name one by record id, e-mail or name")
        if found is None and needed:
            raise NotFound(f"{self._id} has no {to} that is known here")
        return str(found) if found is not None else None

    def _text(self, template: str, row: dict[str, Any]) -> str:
        if self._kind == "leads":
            values = {name: known_value(LEAD_FIELDS[name], row) for name in LEAD_WORDS if name != "id"}
            subject = "lead"
        else:
            values = {name: known_value(DEAL_FIELDS[name], row) for name in DEAL_WORDS if name in DEAL_FIELDS}
            amount, currency = row["amount_minor"], self._currency(row)
            values |= {
                "amount": None if amount is None else to_major(amount, currency),
                "account": _account(self._unit.connection, row),
                "days_in_stage": _days_in_stage(self._unit, row),
            }
            subject = "deal"
        values |= {"id": row["id"], "owner": _name(self._unit.connection, row["owner_id"]) or row["owner_text"]}
        return rendered(template, {subject: values}, f"rule {self._firing.rule}")

    def _today(self) -> date:
        return day_of(self._unit.now, self._settings.company.timezone)

    def _currency(self, row: dict[str, Any]) -> str:
        return row["currency"] or self._settings.company.currency


def _name(connection: Connection, user: str | None) -> str | None:
    users = tables.RECORDS["users"].c
    name = select(func.coalesce(users.name, users.email)).where(users.id == user)
    return connection.execute(name).scalar() if user else None


def _account(connection: Connection, row: dict[str, Any]) -> str | None:
    accounts = tables.RECORDS["accounts"].c
    name = select(accounts.name).where(accounts.id == row["account_id"])
    found = connection.execute(name).scalar() if row["account_id"] else None
    return str(found) if found else row["account_text"] or None


def _days_in_stage(unit: Unit, row: dict[str, Any]) -> int:
    events = tables.events.c
    entered = select(func.max(events.occurred_at)).where(
        events.opportunity_id == row["id"], events.pipeline_stage == row["pipeline_stage"]
    )
    since = unit.connection.execute(entered).scalar() or row["created_at"]
    return int((unit.now - since) // DAY)
