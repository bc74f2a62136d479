"""Calls, e-mails, meetings, tasks and notes: more of them where a customer is keen, fewer where a deal is stuck."""

from __future__ import annotations

import numpy as np

from sales_operations.demo.columns import Column, Rows, known, pick, said
from sales_operations.demo.customers import contact_id
from sales_operations.demo.deals import Deals
from sales_operations.demo.history import Handover
from sales_operations.demo.seasons import Seasons, instants
from sales_operations.demo.staff import Staff

_TYPES = ["email", "call", "meeting", "task", "note"]
_SHARES = (0.42, 0.29, 0.16, 0.08, 0.05)
_MINUTES = np.array((0, 18, 45, 0, 0))
_SUBJECTS = ("E-mail about", "Call about", "Meeting:", "Prepare material on", "Note on")
_PER_LEAD = 0.5


def activity_rows(
    rng: np.random.Generator,
    seasons: Seasons,
    staff: Staff,
    deals: Deals,
    handover: Handover,
    opportunities: Rows,
    leads: Rows,
) -> Rows:
    """Rows of activities by time: of deals between creation and end, of leads in their first three weeks."""
    span = np.fmin(deals.end, seasons.today) - deals.created
    keen = np.exp(0.30 * deals.interest - 0.35 * deals.stalled)
    deal = np.repeat(np.arange(len(deals)), rng.poisson((0.3 + 0.2 * span**0.58) * keen))
    # Keen customers keep talking until the end; with the others it happens early.
    shape = np.clip(1.25 - 0.45 * deals.interest + 0.8 * deals.stalled, 0.5, 3.0)
    at = deals.created[deal] + span[deal] * rng.random(len(deal)) ** shape[deal] * 0.995
    owner = np.where(at > handover.when[deal], handover.owner[deal], deals.rep[deal])

    born = np.array(leads["created_at"]) / 86_400e6
    lead = np.repeat(np.arange(len(born)), rng.poisson(_PER_LEAD, len(born)))
    lead_at = born[lead] + rng.exponential(4.0, len(lead)) % 21
    kept = lead_at < seasons.today - 0.01
    lead, lead_at = lead[kept], lead_at[kept]

    def both(of_deal: Column, of_lead: Column) -> Column:
        return said(of_deal, deal) + said(of_lead, lead)

    nothing: tuple[Column, Column] = ([None] * len(deals), [None] * len(born))
    contacts = [
        account and contact_id(n) for n, account in zip(deals.account.tolist(), opportunities["account"], strict=True)
    ]
    kind = pick(rng, _SHARES, len(deal) + len(lead))
    minutes = np.maximum(np.rint(_MINUTES[kind] * rng.gamma(4.0, 0.25, len(kind)) / 5) * 5, 5).astype(np.int64)
    topics = both(opportunities["product"], leads["product"])
    columns: Rows = {
        "activity_type": said(_TYPES, kind),
        "subject": [f"{_SUBJECTS[index]} {topic}" for index, topic in zip(kind.tolist(), topics, strict=True)],
        "occurred_at": instants(np.append(at, lead_at)),
        "status": np.where(rng.random(len(kind)) < 0.95, "completed", "cancelled").tolist(),
        "duration_minutes": known(minutes.tolist(), _MINUTES[kind] > 0),
        "owner": said(staff.ids, owner) + said(leads["owner"], lead),
        "opportunity": both(opportunities["id"], nothing[1]),
        "contact": both(contacts, nothing[1]),
        "lead": both(nothing[0], leads["id"]),
        "account": both(opportunities["account"], nothing[1]),
    }
    order = np.argsort(columns["occurred_at"], kind="stable").tolist()
    rows: Rows = {"id": [f"activity_{number:05d}" for number in range(1, len(order) + 1)]}
    rows.update({name: [column[place] for place in order] for name, column in columns.items()})
    return rows
