"""Deals: between the stored row and the ``Opportunity`` that callers see."""

from __future__ import annotations

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import orjson
from sqlalchemy import Connection, Row, Select, func, select

from sales_operations.domain import clock, money
from sales_operations.domain.errors import Conflict, InvalidInput, NotFound
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus, Pipeline
from sales_operations.store import identity, lookup, tables
from sales_operations.store.engine import one_of
from sales_operations.store.unit import Unit

UNASSIGNED = "unassigned"
"""What stands for the rep of a deal that has none."""
_PLAIN = ("pipeline", "pipeline_stage", "currency", "forecast_category", "opportunity_type", "lead_source", "product",
          "next_step", "loss_reason", "win_reason", "name", "account_id", "contact_id", "owner_id")  # fmt: skip
"""Columns that stand in ``metadata`` under their own names, where known."""
_UNPAIRED = re.compile("[\ud800-\udfff]")
_OURS = frozenset((*_PLAIN, "amount_unknown", "attributes", "version"))


def _select() -> Select[Any]:
    deals, users, accounts = tables.opportunities, tables.RECORDS["users"], tables.RECORDS["accounts"]
    return select(
        *deals.c,
        func.coalesce(users.c.name, users.c.email).label("owner_name"),
        accounts.c.name.label("account_name"),
    ).select_from(
        deals.outerjoin(users, users.c.id == deals.c.owner_id).outerjoin(accounts, accounts.c.id == deals.c.account_id)
    )


def to_opportunity(row: Row[Any]) -> Opportunity:
    """A stored row, with the names of its owner and account, as callers see it."""
    metadata: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN if getattr(row, name) is not None}
    if row.amount_minor is None:
        metadata["amount_unknown"] = True
    if row.attributes:
        metadata["attributes"] = orjson.loads(row.attributes)
    metadata["version"] = row.seq
    return Opportunity(
        opportunity_id=row.id,
        lead_id=row.lead_id or row.lead_text or "",
        account_name=row.account_name or row.account_text or "",
        amount=0.0 if row.amount_minor is None else money.to_major(row.amount_minor, row.currency),
        stage=OpportunityStage(row.stage),
        status=OpportunityStatus(row.status),
        probability=row.probability,
        close_date=row.close_date or "",
        sales_rep=row.owner_name or row.owner_text or UNASSIGNED,
        created_at=clock.iso(row.created_at),
        updated_at=clock.iso(row.updated_at),
        metadata=metadata,
    )


def row(connection: Connection, given: str) -> dict[str, Any]:
    """The deal of this record id or external id as stored. Raises NotFound; a deleted deal counts as gone."""
    found = lookup.rows(connection, "opportunities", "id", [given])
    if not found and (known := identity.find(connection, "opportunities", given)):
        found = lookup.rows(connection, "opportunities", "id", [known])
    if not found or found[0]["is_deleted"]:
        raise NotFound(f"there is no opportunity {given!r}")
    return found[0]


class Names:
    """What users and accounts are called, each read once from one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, kind: str, record_id: str | None) -> str | None:
        """The name of a user (the e-mail where there is none) or of an account; None where nobody knows."""
        if not record_id:
            return None
        if (kind, record_id) not in self._known:
            columns = ("name", "email") if kind == "users" else ("name",)
            found = lookup.rows(self._connection, kind, "id", [record_id], columns)
            values = found[0].values() if found else ()
            self._known[kind, record_id] = next((value for value in values if value is not None), None)
        return self._known[kind, record_id]


def of_row(stored: dict[str, Any], names: Names) -> Opportunity:
    """A deal's row as callers see it."""
    owner, account = names.of("users", stored["owner_id"]), names.of("accounts", stored["account_id"])
    return to_opportunity(cast(Any, SimpleNamespace(**stored, owner_name=owner, account_name=account)))


def get(connection: Connection, given: str) -> Opportunity:
    """The deal of this record id or external id. Raises NotFound; a deleted deal counts as gone."""
    found = identity.find(connection, "opportunities", given)
    row = connection.execute(_select().where(tables.opportunities.c.id == found)).first() if found else None
    if row is None or row.is_deleted:
        raise NotFound(f"there is no opportunity {given!r}")
    return to_opportunity(row)


def of_ids(connection: Connection, ids: list[str]) -> list[Opportunity]:
    """The deals of these record ids, in this order."""
    statement = _select().where(one_of(connection, tables.opportunities.c.id, ids))
    found = {row.id: to_opportunity(row) for row in connection.execute(statement)}
    return [found[identity] for identity in ids]


def listing(connection: Connection, stage: OpportunityStage | None = None) -> list[Opportunity]:
    """All deals that are not deleted, oldest first; of one canonical stage where given."""
    deals = tables.opportunities.c
    statement = _select().where(func.coalesce(deals.is_deleted, 0) == 0).order_by(deals.created_at, deals.id)
    if stage is not None:
        statement = statement.where(deals.stage == stage.value)
    return [to_opportunity(row) for row in connection.execute(statement)]


def _owner(unit: Unit, sales_rep: str) -> dict[str, str | None]:
    """Columns for a rep given by name, e-mail or id; text is kept where nobody of that name is known."""
    if not sales_rep or sales_rep == UNASSIGNED:
        return {"owner_id": None, "owner_text": None}
    found = identity.resolve(unit.connection, "users", "", [sales_rep]).get(sales_rep)
    return {"owner_id": found, "owner_text": None if found else sales_rep}


def _place(opportunity: Opportunity, pipeline: Pipeline, before: dict[str, Any] | None) -> dict[str, Any]:
    """Pipeline and stage. A deal that stays where it is keeps a stage that only its source knows."""
    metadata = opportunity.metadata
    stands = {**{name: metadata.get(name) for name in ("pipeline", "pipeline_stage")}, "stage": opportunity.stage.value}
    if before and all(before[name] == value for name, value in stands.items()):
        return stands
    own = pipeline.find(metadata.get("pipeline_stage") or opportunity.stage)
    if own.canonical is not opportunity.stage:
        own = pipeline.find(opportunity.stage)
    return {"pipeline": pipeline.name, "pipeline_stage": own.name, "stage": own.canonical.value}


def _columns(
    opportunity: Opportunity, pipeline: Pipeline, currency: str, before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The columns that a caller's object sets. Raises InvalidInput for values that make no deal."""
    metadata = opportunity.metadata
    place = _place(opportunity, pipeline, before)
    if not 0 <= opportunity.probability <= 1:
        raise InvalidInput(
            f"{opportunity.opportunity_id}: probability {opportunity.probability} is not between 0 and 1"
        )
    if opportunity.amount < 0:
        raise InvalidInput(f"{opportunity.opportunity_id}: amount {opportunity.amount} is negative")
    code = metadata.get("currency") or currency
    unknown = metadata.get("amount_unknown") and not opportunity.amount
    named = {name: metadata.get(name) for name in ("name", "forecast_category", "opportunity_type", "lead_source",
                                                   "product", "next_step", "loss_reason", "win_reason", "contact_id")}  # fmt: skip
    return {
        **named,
        **place,
        "probability": float(opportunity.probability),
        "amount_minor": None if unknown else money.to_minor(opportunity.amount, code),
        "currency": code,
        "close_date": _checked_day(opportunity.close_date) or None,
    }


def _check_texts(opportunity: Opportunity) -> None:
    """Raise InvalidInput for a text that no store can hold."""
    for name, value in {**vars(opportunity), **opportunity.metadata}.items():
        if isinstance(value, str) and ("\x00" in value or (not value.isascii() and _UNPAIRED.search(value))):
            raise InvalidInput(
                f"{opportunity.opportunity_id!r}: {name} holds a character that cannot be stored (NUL or half a pair)"
            )


def _checked_day(text: str) -> str:
    """A close date as ``YYYY-MM-DD``; a full instant is cut to its day. Raises InvalidInput."""
    if not text:
        return ""
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        raise InvalidInput(f"close_date {text!r} is no date; write YYYY-MM-DD") from None


def create(unit: Unit, opportunity: Opportunity, pipeline: Pipeline, currency: str) -> None:
    """Add a deal. Raises Conflict where its id exists already, InvalidInput for values that make no deal."""
    _check_texts(opportunity)
    if unit.find("opportunities", opportunity.opportunity_id):
        raise Conflict(f"opportunity {opportunity.opportunity_id} exists already; use update_opportunity")
    account_id = opportunity.metadata.get("account_id")
    if account_id is None and opportunity.account_name:
        found = identity.resolve(unit.connection, "accounts", "", [opportunity.account_name])
        account_id = found.get(opportunity.account_name)
    row = {
        "id": opportunity.opportunity_id,
        **_columns(opportunity, pipeline, currency),
        **_owner(unit, opportunity.sales_rep),
        "lead_id": opportunity.lead_id or None,
        "account_id": account_id,
        "account_text": None if account_id else opportunity.account_name or None,
        "created_at": unit.now,
        "attributes": _attributes(opportunity),
    }
    unit.create("opportunities", row)


def update(
    unit: Unit, opportunity: Opportunity, pipeline: Pipeline, currency: str, override: str | None = None
) -> None:
    """Write a deal that was read before. Raises Conflict where somebody else wrote it since, or it carries no version.

    Where the deal moves, it passes the gates of its pipeline, or raises GateUnmet; ``override`` says why it may all the same.
    """
    _check_texts(opportunity)
    before = unit.get("opportunities", opportunity.opportunity_id)
    version = opportunity.metadata.get("version")
    if version is None:
        raise Conflict(
            f"{opportunity.opportunity_id} carries no metadata['version']; read it with get_opportunity first"
        )
    if version != before["seq"]:
        raise Conflict(
            f"{opportunity.opportunity_id} was changed by somebody else since it was read "
            f"(version {version}, now {before['seq']}); read it again and repeat the change"
        )
    changes = {**_columns(opportunity, pipeline, currency, before), "attributes": _attributes(opportunity)}
    shown = to_opportunity(unit.connection.execute(_select().where(tables.opportunities.c.id == before["id"])).one())
    if opportunity.sales_rep != shown.sales_rep:
        changes |= _owner(unit, opportunity.sales_rep)
    if opportunity.account_name != shown.account_name:
        changes |= {"account_id": None, "account_text": opportunity.account_name or None}
    unit.update("opportunities", before, changes, override=override)


def _attributes(opportunity: Opportunity) -> str | None:
    own = {name: value for name, value in opportunity.metadata.items() if name not in _OURS}
    held = {**(opportunity.metadata.get("attributes") or {}), **own}
    try:
        text = orjson.dumps(held, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:
        raise InvalidInput(f"{opportunity.opportunity_id}: metadata cannot be written as JSON: {error}") from None
    if "\\u0000" in text:
        raise InvalidInput(f"{opportunity.opportunity_id}: metadata holds a character that cannot be stored (NUL)")
    return text if held else None
