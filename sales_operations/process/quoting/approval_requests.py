"""Requests for approval as records: asked in rounds, answered one by one, withdrawn when the quote changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from sales_operations.domain.clock import iso
from sales_operations.domain.errors import NotFound
from sales_operations.domain.money import exponent, to_major, written
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.notifications import notify
from sales_operations.process.pricing.books import choose_rate
from sales_operations.process.quoting.approval_people import Parties, approvers, name_of, principals
from sales_operations.process.quoting.approvals import Approved, Asked, Converted, Figures, Judgement, judge, progress
from sales_operations.process.quoting.sources import rates_of
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit

LIVE = ("waiting", "pending")
"""Statuses of a request that is not answered yet."""


def judgement(
    connection: Connection, settings: Settings, row: Mapping[str, Any], figures: Figures, today: str
) -> Judgement:
    """What a quote with these figures needs under the rules in force."""
    rules = settings.approvals.rules
    currency = settings.company.currency
    return judge(
        rules, figures, approved_before(row, today), currency, _converted(connection, date.fromisoformat(today))
    )


def approved_before(row: Mapping[str, Any], today: str) -> Approved | None:
    """What was approved of this quote, or of the version before it, as long as that was valid."""
    held = orjson.loads(row["judged"]) if row["judged"] else None
    if held is None or held["valid_until"] < today:
        return None
    return Approved(Figures(**held["figures"]), frozenset(held["rules"]))


def base_text(asked: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What the store keeps of a round that ended in agreement: what was judged is what its requests say."""
    held = orjson.loads(asked["judged"])
    return _dumped({"figures": held["figures"], "rules": held["rules"], "valid_until": row["valid_until"]})


def judged_text(figures: Figures, found: Judgement, row: Mapping[str, Any]) -> str:
    """What the store keeps of an approval: the figures, the rules passed, and until when it can be relied on."""
    rules = sorted(one.digest for one in (*found.needed, *found.covered))
    return _dumped({"figures": figures.stored(), "rules": rules, "valid_until": row["valid_until"]})


def ask(
    unit: Unit, settings: Settings, row: Mapping[str, Any], figures: Figures, found: Judgement, parties: Parties
) -> list[str]:
    """Open a round: a request for everybody whom the rules ask; those of first steps are told. Gives their ids.

    Raises InvalidInput where a step has nobody who may be asked.
    """
    table = tables.RECORDS["approvals"].c
    last = unit.connection.execute(select(func.max(table.round)).where(table.quote_id == row["id"])).scalar() or 0
    made: list[dict[str, Any]] = []
    for applying in found.needed:
        for step, asked in enumerate(applying.rule.steps, 1):
            for user in approvers(unit.connection, settings.approvals, applying.rule, asked, parties):
                made.append(
                    {
                        **dict.fromkeys(tables.COLUMNS["approvals"]),
                        "id": new_id("approval"),
                        "quote_id": row["id"],
                        "opportunity_id": row["opportunity_id"],
                        "round": last + 1,
                        "rule": applying.rule.name,
                        "step": step,
                        "need": asked.need,
                        "approver_id": user,
                        "status": "waiting",
                        "judged": _dumped(
                            {
                                "figures": figures.stored(),
                                "reasons": applying.reasons,
                                "worse": found.worse,
                                "rules": sorted(one.digest for one in (*found.needed, *found.covered)),
                            }
                        ),
                        "requested_by": parties.requested_by,
                        "created_at": unit.now,
                    }
                )
    first = progress([_asked(one) for one in made]).changes
    for one in made:
        one["status"] = first.get(one["id"], one["status"])
        unit.create("approvals", one)
        if one["status"] == "pending":
            _tell_approver(unit, one)
    return [one["id"] for one in made]


def round_of(connection: Connection, quote_id: str) -> list[dict[str, Any]]:
    """The requests of a quote's last round, in the order in which they are asked."""
    table = tables.RECORDS["approvals"]
    last = select(func.max(table.c.round)).where(table.c.quote_id == quote_id).scalar_subquery()
    statement = select(table).where(table.c.quote_id == quote_id, table.c.round == last)
    rows = connection.execute(statement.order_by(table.c.rule, table.c.step, table.c.approver_id))
    return [_row(found) for found in rows]


def request(connection: Connection, request_id: str) -> dict[str, Any]:
    """One request as stored. Raises NotFound."""
    table = tables.RECORDS["approvals"]
    found = connection.execute(select(table).where(table.c.id == request_id)).first()
    if found is None:
        raise NotFound(f"there is no request for approval {request_id!r}; 'sales-operations approve list' shows them")
    return _row(found)


def withdraw(unit: Unit, quote_id: str) -> int:
    """Take back what is not answered yet; gives how many requests that were."""
    live = [one for one in round_of(unit.connection, quote_id) if one["status"] in LIVE]
    for one in live:
        unit.update("approvals", one, {"status": "withdrawn"})
    return len(live)


def answer(unit: Unit, asked: Mapping[str, Any], agreed: bool, deciding: str, comment: str | None) -> str | None:
    """Write one answer and what follows from it within the round; ``approved`` or ``rejected`` where that ends it."""
    given = {"status": "approved" if agreed else "rejected", "decided_by": deciding, "decided_at": unit.now,
             "comment": comment}  # fmt: skip
    requests = round_of(unit.connection, asked["quote_id"])
    answered = [one | given if one["id"] == asked["id"] else one for one in requests]
    found = progress([_asked(one) for one in answered])
    for one in requests:
        if one["id"] == asked["id"]:
            unit.update("approvals", one, given)
        elif one["id"] in found.changes:
            after = unit.update("approvals", one, {"status": found.changes[one["id"]]})
            if after["status"] == "pending":
                _tell_approver(unit, after)
    return found.outcome


def waiting_for(
    connection: Connection, settings: Settings, user: str | None, today: date, quote_id: str | None = None
) -> list[dict[str, Any]]:
    """Requests that can be answered now, oldest first; of one user and those whom they stand in for, where given."""
    table, users = tables.RECORDS["approvals"], tables.RECORDS["users"].c
    statement = (
        select(table, func.coalesce(users.name, users.email, users.id).label("approver"))
        .select_from(table.outerjoin(tables.RECORDS["users"], users.id == table.c.approver_id))
        .where(table.c.status == "pending")
        .order_by(table.c.created_at, table.c.id)
    )
    if user is not None:
        statement = statement.where(
            table.c.approver_id.in_([user, *sorted(principals(connection, settings.approvals, user, today))])
        )
    if quote_id is not None:
        statement = statement.where(table.c.quote_id == quote_id)
    return [shown_request(row._asdict()) for row in connection.execute(statement)]


def shown_request(row: Mapping[str, Any]) -> dict[str, Any]:
    """A request as callers see it."""
    judged = orjson.loads(row["judged"])
    return {
        "request_id": row["id"],
        "quote_id": row["quote_id"],
        "opportunity_id": row["opportunity_id"],
        "round": row["round"],
        "rule": row["rule"],
        "step": row["step"],
        "need": row["need"],
        "approver": row.get("approver") or row["approver_id"],
        "status": row["status"],
        "reasons": judged["reasons"],
        "worse": judged["worse"],
        "figures": Figures(**judged["figures"]).shown(),
        "comment": row["comment"],
        "decided_by": row["decided_by"],
        "decided_at": None if row["decided_at"] is None else iso(row["decided_at"]),
        "created_at": iso(row["created_at"]),
    }


def _tell_approver(unit: Unit, row: Mapping[str, Any]) -> None:
    judged = orjson.loads(row["judged"])
    figures = Figures(**judged["figures"])
    net = written(to_major(figures.net_minor, figures.currency), figures.currency)
    worse = f" Since the last approval, {'; '.join(judged['worse'])}." if judged["worse"] else ""
    message = (
        f"Quote {row['quote_id']} over {net} net needs your approval by the rule {row['rule']!r}: "
        f"{', '.join(judged['reasons'])}.{worse} Answer with 'sales-operations approve yes {row['id']}' or 'approve no'."
    )
    values = {"quote_id": row["quote_id"], "request_id": row["id"], "rule": row["rule"], **figures.shown()}
    approver = name_of(unit.connection, row["approver_id"])
    notify(unit, approver, "Approval wanted", message, row["opportunity_id"], event="approval.requested", values=values)


def _asked(row: Mapping[str, Any]) -> Asked:
    return Asked(row["id"], row["rule"], row["step"], row["need"], row["status"])


def _row(found: Any) -> dict[str, Any]:
    return dict(zip(tables.COLUMNS["approvals"], found, strict=True))


def _converted(connection: Connection, on: date) -> Converted:
    def convert(minor: int, source: str, target: str) -> Fraction | None:
        amount = Fraction(minor, 10 ** exponent(source))
        if source == target:
            return amount
        try:
            return amount * choose_rate(rates_of(connection), source, target, on)[1]
        except NotFound:
            return None

    return convert


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()
