"""The life of a contract up to its signature: revised, submitted, approved, rejected, declined; and its early end."""

from __future__ import annotations

from datetime import date
from typing import Any

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import Conflict, InvalidInput, NotAllowed
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.notifications import notify
from sales_operations.process.contract_life.closing import close_deal
from sales_operations.process.contracting import contracts
from sales_operations.process.contracting.records import approvers, get, parts, plain, signatures, step, tell_owner
from sales_operations.process.contracting.terms import last_day, prorated
from sales_operations.process.quoting.approval_people import known_user, user_id
from sales_operations.store import opportunities, tables
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

_UNDECIDED = {"submitted_by": None, "decided_at": None, "decided_by": None}


def draft(
    workspace: Workspace,
    opportunity_id: str,
    *,
    template: str | None = None,
    starts_on: date | None = None,
    term_months: int | None = None,
) -> dict[str, Any]:
    """Draft a contract for a deal, given by record id or external id. Raises NotFound, InvalidInput."""
    with workspace.unit("draft contract") as unit:
        unit.hold()
        deal = opportunities.get(unit.connection, opportunity_id)
        row = unit.get("opportunities", deal.opportunity_id)
        return contracts.make_contract(
            unit,
            workspace.settings,
            row["id"],
            deal.account_name,
            row["amount_minor"] or 0,
            row["currency"] or workspace.settings.company.currency,
            template=template,
            starts_on=starts_on,
            term_months=term_months,
        )


def revise(
    workspace: Workspace,
    contract_id: str,
    terms: str | None = None,
    *,
    starts_on: date | None = None,
    term_months: int | None = None,
    notice_days: int | None = None,
    note: str | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Give a contract a new text, or other terms; the former text is kept, and what was agreed to it counts no more.

    Without ``terms``, the text is made from the template again, by the new terms. It is a draft then, whatever approval or
    signature it waited for. ``version``: the one that the change was made from. Raises Conflict where that is no longer
    the present one, InvalidInput for a text that is empty, for what changes nothing, and after the signature.
    """
    text = None if terms is None else terms.strip()
    if text is not None and (not text or "\x00" in text):
        raise InvalidInput("the text of a contract is empty, or holds a character that cannot be stored (NUL)")
    given = {"starts_on": starts_on and starts_on.isoformat(), "term_months": term_months, "notice_days": notice_days}
    changes = {name: value for name, value in given.items() if value is not None}
    with workspace.unit("revise contract") as unit:
        row = get(unit, contract_id)
        if version is not None and version != row["version"]:
            raise Conflict(
                f"contract {contract_id} is at version {row['version']}, not {version}; look at what changed, and repeat"
            )
        if changes or text is None:
            changes = _other_terms(unit, workspace, row, changes)
        if text is not None:
            changes["terms"] = text
        if all(row[name] == value for name, value in changes.items()):
            raise InvalidInput(f"contract {contract_id} has this text and these terms already; nothing is changed")
        _void_signatures(unit, row)
        after = step(unit, row, "revise", version=row["version"] + 1, **changes, **_UNDECIDED)
        former = {"id": new_id("version"), "contract_id": row["id"], "number": row["version"], "terms": row["terms"]}
        unit.create("contract_versions", former | {"note": note, "created_at": unit.now})
        return contracts.shown(after)


def _other_terms(unit: Unit, workspace: Workspace, row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The columns of a contract that other terms change, its text from the template among them."""
    if row["amends_id"] or not row["template"]:
        raise InvalidInput(
            f"contract {row['id']} follows the terms of another one, or of no template; give it a new text"
        )
    changed = row | changes
    if changed["starts_on"]:
        first = date.fromisoformat(changed["starts_on"])
        changed["ends_on"] = last_day(first, changed["term_months"]).isoformat()
    days = contracts.payment_days(unit, workspace.settings, row["quote_id"])
    changed |= contracts.rendered_columns(unit, workspace.settings, changed, {"payment_days": days})
    kept = (*changes, "ends_on", "terms", "duties")
    return {name: changed[name] for name in kept}


def submit(workspace: Workspace, contract_id: str, *, by: str | None = None) -> dict[str, Any]:
    """Hand a draft in for approval; where nobody has to approve contracts, it is ready to be sent.

    Raises InvalidInput for an unknown user, or where nobody can approve; NotFound.
    """
    with workspace.unit("submit contract") as unit:
        row = get(unit, contract_id)
        who = user_id(unit.connection, by) if by else known_user(unit.connection, unit.actor) or unit.actor
        asked = approvers(unit.connection, workspace.settings)
        after = step(unit, row, "submit" if asked else "release", submitted_by=who)
        for asked_id, name in asked.items():
            if asked_id != who:
                told = _told(row, "waits for approval")
                notify(unit, name, "Contract to approve", told, row["opportunity_id"], event="contract.submitted")
        return contracts.shown(after)


def approve(
    workspace: Workspace, contract_id: str, *, by: str | None = None, reject: str | None = None
) -> dict[str, Any]:
    """Approve a contract that was handed in, or reject it with a reason: then it is a draft again.

    ``by`` (the system's user where nobody is named) is one of those whom ``contracting.approvers`` names, and not who
    handed it in. Raises NotAllowed for anybody else, InvalidInput for an unknown user, NotFound.
    """
    with workspace.unit("reject contract" if reject is not None else "approve contract") as unit:
        row = get(unit, contract_id)
        by = by or unit.actor
        who = user_id(unit.connection, by)
        allowed = approvers(unit.connection, workspace.settings)
        if who not in allowed:
            raise NotAllowed(f"{by} may not approve contracts; sales_operations.contracting.approvers names who may")
        if who == row["submitted_by"]:
            raise NotAllowed(f"{by} handed contract {contract_id} in, and cannot approve it; somebody else has to")
        if reject is None:
            after = step(unit, row, "approve", decided_at=unit.now, decided_by=who, reason=None)
            tell_owner(unit, row, "approved", _told(row, "was approved"))
        else:
            after = step(unit, row, "reject", decided_at=unit.now, decided_by=who, reason=_said(reject))
            tell_owner(unit, row, "rejected", _told(row, f"was not approved: {reject.strip()}"))
        return contracts.shown(after)


def decline(workspace: Workspace, contract_id: str, reason: str) -> dict[str, Any]:
    """Record that the customer does not sign. With ``auto_close`` on, the deal is lost. A declined contract can be revised."""
    with workspace.unit("decline contract") as unit:
        return contracts.shown(decline_in(unit, workspace, get(unit, contract_id), reason))


def decline_in(unit: Unit, workspace: Workspace, row: dict[str, Any], reason: str) -> dict[str, Any]:
    """The same inside an open unit, for a contract's row that was read in it."""
    _void_signatures(unit, row)
    after = step(unit, row, "decline", decided_at=unit.now, reason=_said(reason))
    tell_owner(unit, row, "declined", _told(row, f"was declined: {reason.strip()}"))
    close_deal(unit, workspace.settings, after)
    return after


def terminate(workspace: Workspace, contract_id: str, reason: str, *, on: date | None = None) -> dict[str, Any]:
    """End a signed contract before its time, on a day (today where none is given); its amendments end with it."""
    with workspace.unit("terminate contract") as unit:
        row = get(unit, contract_id)
        day = on or day_of(unit.now, workspace.settings.company.timezone)
        if row["starts_on"] and day.isoformat() < row["starts_on"]:
            day = date.fromisoformat(row["starts_on"])
        if row["ends_on"] and day.isoformat() > row["ends_on"]:
            raise InvalidInput(f"contract {contract_id} ends on {row['ends_on']}, before {day}")
        after = step(unit, row, "terminate", ends_on=day.isoformat(), decided_at=unit.now, reason=_said(reason))
        for amendment in amendments(unit, row["id"], ("signed", "active")):
            step(unit, amendment, "terminate", ends_on=day.isoformat(), decided_at=unit.now, reason=f"with {row['id']}")
        tell_owner(unit, row, "terminated", _told(row, f"ends on {day}: {reason.strip()}"))
        return contracts.shown(after)


def amend(
    workspace: Workspace, contract_id: str, full_minor: int, subject: str, *, starts_on: date | None = None
) -> dict[str, Any]:
    """Draft an amendment of a running contract. It ends with the contract, and costs the part of a full term it runs for.

    ``full_minor`` is its price for a full term of the contract, in minor units; ``starts_on`` is today where none is given.
    Raises InvalidInput for a contract that does not run, or a day outside of its term.
    """
    settings = workspace.settings
    with workspace.unit("amend contract") as unit:
        row = get(unit, contract_id)
        if row["status"] not in ("signed", "active") or row["amends_id"]:
            what = "amends another one" if row["amends_id"] else f"is {row['status'].replace('_', ' ')}"
            raise InvalidInput(f"contract {contract_id} {what}; only a signed or active contract is amended")
        first = starts_on or day_of(unit.now, settings.company.timezone)
        starts = date.fromisoformat(row["starts_on"]) if row["starts_on"] else first
        ends = date.fromisoformat(row["ends_on"]) if row["ends_on"] else last_day(starts, row["term_months"])
        if not starts <= first <= ends:
            raise InvalidInput(
                f"contract {contract_id} runs from {starts} to {ends}; an amendment starts within that time"
            )
        amended = {
            **{name: row[name] for name in ("opportunity_id", "quote_id", "account_name", "currency", "term_months")},
            **{name: row[name] for name in ("notice_days", "renewal", "uplift_percent")},
            "id": new_id("contract"),
            "amends_id": row["id"],
            "full_minor": full_minor,
            "amount_minor": prorated(full_minor, (starts, last_day(starts, row["term_months"])), first, ends),
            "starts_on": first.isoformat(),
            "ends_on": ends.isoformat(),
            "created_at": unit.now,
        }
        return contracts.create(unit, settings, amended, {"amends": row["id"], "subject": _said(subject)}, "amendment")


def amendments(unit: Unit, contract_id: str, states: tuple[str, ...]) -> list[dict[str, Any]]:
    """The amendments of a contract that are in one of these states."""
    table = tables.RECORDS["contracts"]
    found = unit.connection.execute(table.select().where(table.c.amends_id == contract_id, table.c.status.in_(states)))
    return [plain(row) for row in found]


def _void_signatures(unit: Unit, row: dict[str, Any]) -> None:
    for one in parts(unit.connection, signatures, row["id"]):
        if one["status"] in ("pending", "signed"):
            unit.update("contract_signatures", one, {"status": "void"})


def _said(text: str) -> str:
    if not text.strip():
        raise InvalidInput("the reason is empty; say in a few words why, or what changes")
    return text.strip()


def _told(row: dict[str, Any], what: str) -> str:
    return f"Contract {row['id']} ({row['account_name'] or 'unknown account'}) {what}."
