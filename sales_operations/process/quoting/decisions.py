"""What is decided about a quote: it is submitted, approved, sent, and then accepted or rejected.

Every function is one transaction. It starts from the quote as the last writer left it, and on an error writes nothing.
``seq`` is the number that the quote had when the caller looked at it: where it is given, a change made since is a Conflict.
``by`` is the user who acts, by e-mail, id or name; without it, the user of the operating system.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sales_operations.domain.clock import day_of, to_micros
from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.process.quoting import approval_requests as requests
from sales_operations.process.quoting import record, writing
from sales_operations.process.quoting.approval_people import check_may_decide, known_user, name_of, user_id
from sales_operations.process.quoting.content import OPEN
from sales_operations.process.quoting.view import shown
from sales_operations.store import opportunities
from sales_operations.workspace import Workspace


def submit(workspace: Workspace, quote_id: str, *, by: str | None = None, seq: int | None = None) -> dict[str, Any]:
    """Ask for the approval that a draft needs; where it needs none, it is approved at once.

    Raises NotFound, Conflict for a quote that is no draft, InvalidInput for an expired one, one with lines that have no
    price, and where a rule names nobody who may be asked.
    """
    settings = workspace.settings
    with workspace.unit("quote submitted") as unit:
        row = writing.taken(unit, quote_id, seq)
        today = record.today(unit, settings)
        record.require_open(row, today, "submitted")
        if row["status"] != "draft":
            raise Conflict(f"quote {quote_id} is {writing.said(row)}; only a draft can be submitted")
        judgement, figures = writing.judged(unit, settings, row, today)
        asked: list[str] = []
        parties = writing.parties(unit, row, known_user(unit.connection, by or unit.actor))
        if judgement.needed:
            asked = requests.ask(unit, settings, row, figures, judgement, parties)
            after = unit.update("quotes", row, {"status": "in_approval", "submitted_by": parties.requested_by})
        else:
            after = unit.update("quotes", row, writing.approved(row, figures, judgement, today))
        unit.flush()
        return shown(after) | {"approval": writing.told(judgement), "requests": asked}


def decide(
    workspace: Workspace, request_id: str, agreed: bool, *, by: str | None = None, comment: str | None = None
) -> dict[str, Any]:
    """Answer a request for approval. The last agreement makes the quote approved, one rejection a draft again.

    Raises NotFound, NotAllowed for somebody who is not asked, Conflict for a request that is withdrawn or answered.
    """
    settings = workspace.settings
    with workspace.unit("quote approved" if agreed else "quote approval refused") as unit:
        unit.hold()
        asked = requests.request(unit.connection, request_id)
        row = record.find(unit.connection, asked["quote_id"])
        today = record.today(unit, settings)
        if by is None and known_user(unit.connection, unit.actor) is None:
            raise InvalidInput(f"{unit.actor!r} is no user of this store; say who answers: by, or --as USER")
        deciding = user_id(unit.connection, by or unit.actor)
        parties = writing.parties(unit, row, asked["requested_by"])
        check_may_decide(
            unit.connection, settings.approvals, asked["approver_id"], deciding, parties, date.fromisoformat(today)
        )
        if asked["status"] != "pending" or row["status"] != "in_approval":
            raise Conflict(
                f"request {request_id} is {asked['status']} and the quote {row['id']} is {writing.said(row)}; "
                "it cannot be answered: look at 'sales-operations approve list'"
            )
        record.require_open(row, today, "approved")
        outcome = requests.answer(unit, asked, agreed, deciding, comment)
        after = row
        if outcome is not None:
            columns: dict[str, Any] = {"status": "draft"}
            if outcome == "approved":
                columns = {"status": "approved", "judged": requests.base_text(asked, row)}
            after = unit.update("quotes", row, columns)
            said = "is approved" if outcome == "approved" else f"was not approved: {comment or 'no reason was given'}"
            writing.tell_owner(
                unit,
                row,
                "approved" if outcome == "approved" else "not_approved",
                f"Quote {row['id']} {said} ({name_of(unit.connection, deciding)}).",
            )
        unit.flush()
        answered = requests.request(unit.connection, request_id)
        return {**requests.shown_request(answered), "outcome": outcome, "quote_status": after["status"]}


def withdraw(workspace: Workspace, quote_id: str, *, seq: int | None = None) -> dict[str, Any]:
    """Take a quote back from approval; it is a draft again. Raises NotFound, Conflict."""
    with workspace.unit("quote withdrawn") as unit:
        row = writing.taken(unit, quote_id, seq)
        if row["status"] != "in_approval":
            raise Conflict(f"quote {quote_id} is {writing.said(row)}, not in approval; there is nothing to withdraw")
        requests.withdraw(unit, quote_id)
        after = unit.update("quotes", row, {"status": "draft"})
        unit.flush()
        return shown(after)


def send(workspace: Workspace, quote_id: str, *, seq: int | None = None) -> dict[str, Any]:
    """Note that a quote went to the customer; from here on it is not edited any more. Doing it twice writes nothing.

    Raises NotFound, InvalidInput for an expired one, Conflict for one that needs approval or is decided.
    """
    settings = workspace.settings
    with workspace.unit("quote sent") as unit:
        row = writing.taken(unit, quote_id, seq)
        if row["status"] == "sent":
            return shown(row)
        columns = writing.cleared(unit, settings, row, "sent")
        after = unit.update("quotes", row, columns | {"status": "sent", "sent_at": unit.now})
        unit.flush()
        return shown(after)


def accept(workspace: Workspace, quote_id: str, *, seq: int | None = None) -> dict[str, Any]:
    """The customer's yes: the deal gets the net amount, currency and, where its own is missing or past, today as close
    date; the deal's other quotes are superseded. All in one transaction; doing it twice writes nothing.

    Raises NotFound, InvalidInput for an expired one, Conflict for one that needs approval, is decided, or whose deal is
    lost.
    """
    settings = workspace.settings
    with workspace.unit("quote accepted") as unit:
        row = writing.taken(unit, quote_id, seq)
        if row["status"] == "accepted":
            return shown(row)
        columns = {} if row["status"] == "sent" else writing.cleared(unit, settings, row, "accepted")
        today = record.today(unit, settings)
        record.require_open(row, today, "accepted")
        deal = opportunities.row(unit.connection, row["opportunity_id"])
        if deal["status"] == "lost":
            raise Conflict(f"opportunity {deal['id']} is lost; reopen it before its quote {quote_id} is accepted")
        for other in record.of_deal(unit.connection, deal["id"]):
            if other["id"] != quote_id and other["status"] in (*OPEN, "accepted"):
                writing.close(unit, other, "superseded")
        after = unit.update("quotes", row, columns | {"status": "accepted", "decided_at": unit.now})
        changes: dict[str, Any] = {"amount_minor": row["net_minor"], "currency": row["currency"]}
        if deal["status"] == "open" and (deal["close_date"] or "") < today:
            changes["close_date"] = today
        unit.update("opportunities", deal, changes)
        writing.tell_owner(unit, row, "accepted", f"Quote {quote_id} was accepted.")
        unit.flush()
        return shown(after)


def reject(workspace: Workspace, quote_id: str, reason: str | None = None, *, seq: int | None = None) -> dict[str, Any]:
    """The customer's no, or the seller's; requests for approval are withdrawn. Raises NotFound, Conflict."""
    with workspace.unit("quote rejected") as unit:
        row = writing.taken(unit, quote_id, seq)
        if row["status"] == "rejected":
            return shown(row)
        if row["status"] not in OPEN:
            raise Conflict(f"quote {quote_id} is {writing.said(row)} and cannot be rejected any more")
        after = writing.close(unit, row, "rejected", reason=reason, decided_at=unit.now)
        unit.flush()
        return shown(after)


def waiting(workspace: Workspace, by: str | None = None, quote_id: str | None = None) -> list[dict[str, Any]]:
    """The requests that can be answered now, oldest first; those that one user can answer, or of one quote, where given.

    Raises InvalidInput for an unknown user.
    """
    with workspace.reading() as connection:
        user = user_id(connection, by) if by is not None else None
        today = day_of(to_micros(workspace.clock()), workspace.settings.company.timezone)
        return requests.waiting_for(connection, workspace.settings, user, today, quote_id)
