"""Quotes: listed, shown, edited, copied, and continued in new versions.

Every change is one transaction. It starts from the quote as the last writer left it, and on an error writes nothing.
``seq`` is the number that the quote had when the caller looked at it: where it is given, a change made since is a Conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.process.pricing import opened, rules_of
from sales_operations.process.quoting import approval_requests as requests
from sales_operations.process.quoting import record, writing
from sales_operations.process.quoting.approval_people import name_of
from sales_operations.process.quoting.content import CLOSED, OPEN, Content, Line, content_of
from sales_operations.process.quoting.edit import Catalogue, day, edited
from sales_operations.process.quoting.offer import Policy, figures_of, has_book_price
from sales_operations.process.quoting.sources import product_line, sources
from sales_operations.process.quoting.view import shown
from sales_operations.settings import Settings
from sales_operations.store import opportunities, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

_COLUMNS = ("valid_until", "notes")
"""What an edit may change beside the content."""
_MOST_NOTES = 10_000


def show(workspace: Workspace, quote_id: str) -> dict[str, Any]:
    """A quote with its trace, its versions and the requests of its last round. Raises NotFound."""
    with workspace.reading() as connection:
        row = record.find(connection, quote_id)
        versions = [
            one for one in record.of_deal(connection, row["opportunity_id"]) if one["root_id"] == row["root_id"]
        ]
        asked = []
        for one in requests.round_of(connection, quote_id):
            names = {key: name_of(connection, one[key]) for key in ("approver_id", "decided_by")}
            asked.append(
                requests.shown_request(one | {"approver": names["approver_id"], "decided_by": names["decided_by"]})
            )
        return shown(row, trace=True) | {
            "versions": [
                {"quote_id": one["id"], "version": one["version"], "status": one["status"]}
                for one in sorted(versions, key=lambda one: int(one["version"]))
            ],
            "requests": asked,
        }


def listing(
    workspace: Workspace, opportunity_id: str | None = None, status: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest quotes, newest first; of one deal, or in one status, where given. Raises NotFound, InvalidInput."""
    known = (*OPEN, *CLOSED)
    if status is not None and status not in known:
        raise InvalidInput(f"a quote is never {status!r}; use one of {', '.join(known)}")
    table = tables.RECORDS["quotes"]
    with workspace.reading() as connection:
        statement = select(table).order_by(table.c.seq.desc()).limit(limit)
        if opportunity_id is not None:
            statement = statement.where(table.c.opportunity_id == opportunities.row(connection, opportunity_id)["id"])
        if status is not None:
            old = table.c.status.is_(None) if status == "draft" else table.c.status == status
            statement = statement.where((table.c.status == status) | old)
        return [shown(record.completed(row)) for row in connection.execute(statement)]


def edit(workspace: Workspace, quote_id: str, changes: Mapping[str, Any], *, seq: int | None = None) -> dict[str, Any]:
    """Change a draft, or a quote that is in approval or approved; keys as in ``edit.edited``, valid_until, notes.

    A quote in approval becomes a draft again and its requests are withdrawn. An approved one stays approved as long as
    nothing that was judged got worse and no other rule applies; else it becomes a draft, and ``approval`` in the result
    says why. Raises NotFound, InvalidInput, Conflict.
    """
    settings = workspace.settings
    with workspace.unit("quote edited") as unit:
        row = writing.taken(unit, quote_id, seq)
        if row["status"] not in ("draft", "in_approval", "approved"):
            raise Conflict(
                f"quote {quote_id} is {writing.said(row)} and cannot be edited; revise it to make a new version"
            )
        own = {key: changes[key] for key in _COLUMNS if key in changes}
        content = edited(
            content_of(row),
            {key: changes[key] for key in changes if key not in _COLUMNS},
            _catalogue(unit.connection, settings, content_of(row)),
        )
        today = record.today(unit, settings)
        columns = _own_columns(own, today)
        made = record.priced(unit.connection, settings, content, strict=True)
        columns |= made.columns()
        judgement = requests.judgement(unit.connection, settings, row, figures_of(row | columns), today)
        if row["status"] == "in_approval":
            requests.withdraw(unit, quote_id)
        if row["status"] == "in_approval" or judgement.needed:
            columns["status"] = "draft"
        after = unit.update("quotes", row, columns)
        unit.flush()
        return shown(after, trace=True) | {"approval": writing.told(judgement)}


def clone(workspace: Workspace, quote_id: str, opportunity_id: str | None = None) -> dict[str, Any]:
    """Copy a quote into a draft of its own, for the same deal or another one; each line once, at today's prices.

    A copy starts without approval, whatever its model had. Raises NotFound, InvalidInput.
    """
    settings = workspace.settings
    with workspace.unit("quote cloned") as unit:
        row = writing.taken(unit, quote_id, None)
        deal = opportunities.row(unit.connection, opportunity_id or row["opportunity_id"])
        made = record.repriced(unit.connection, settings, row, record.today(unit, settings))
        copy = record.new_row(unit, settings, deal["id"], made, copied_from=quote_id, notes=row["notes"])
        unit.create("quotes", copy)
        unit.flush()
        return shown(copy, trace=True)


def revise(workspace: Workspace, quote_id: str, *, seq: int | None = None) -> dict[str, Any]:
    """Make the next version of a quote: a draft with the same content, valid anew. An open version is superseded by it.

    What was approved of the version before still counts, as long as that was valid and nothing judged gets worse.
    Raises NotFound, Conflict where a later version exists.
    """
    settings = workspace.settings
    with workspace.unit("quote revised") as unit:
        row = writing.taken(unit, quote_id, seq)
        newest = _newest_version(unit, row["root_id"])
        if newest["version"] != row["version"]:
            raise Conflict(f"quote {quote_id} has a later version, {newest['id']}; revise that one")
        after = writing.supersede(unit, settings, row, record.repriced(unit.connection, settings, row))
        unit.flush()
        return shown(after, trace=True)


def _newest_version(unit: Unit, root_id: str) -> dict[str, Any]:
    table = tables.RECORDS["quotes"]
    is_version = (table.c.root_id == root_id) | (table.c.id == root_id)
    rows = unit.connection.execute(select(table).where(is_version))
    return max(map(record.completed, rows), key=lambda row: int(row["version"]))


def _own_columns(given: Mapping[str, Any], today: str) -> dict[str, Any]:
    """The columns for valid_until and notes. Raises InvalidInput."""
    columns = dict(given)
    if "valid_until" in columns:
        columns["valid_until"] = day(columns["valid_until"], "valid_until")
        if columns["valid_until"] is None or columns["valid_until"] < today:
            raise InvalidInput(f"valid_until {given['valid_until']!r} is over already; give a day from {today} on")
    notes = columns.get("notes")
    if notes is not None and (not isinstance(notes, str) or len(notes) > _MOST_NOTES or "\x00" in notes):
        raise InvalidInput(f"notes are text of at most {_MOST_NOTES:,} characters")
    return columns


def _catalogue(connection: Connection, settings: Settings, content: Content) -> Catalogue:
    pricing = settings.pricing
    rules = Policy(rules_of(settings), book=pricing.book, convert_from=pricing.convert_from)

    def line(given: str, number: int, quantity: str) -> Line | None:
        return product_line(connection, given, number, quantity, content.currency)

    def has_price(line: Line) -> bool:
        held = sources(connection, [line], rules.book, rules.convert_from)
        return has_book_price(replace(line, bundle=None), held, content, rules)

    def parts(code: str, quantity: Decimal) -> Sequence[tuple[str, Decimal]]:
        _, lines = opened(rules.rules, code, content.currency, quantity)
        return [(one.product, one.quantity) for one in lines]

    return Catalogue(line, has_price, parts)
