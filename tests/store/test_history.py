"""The history as stored: read back as it was written, replayed, and checked against what is there now."""

from __future__ import annotations

import asyncio

import pytest

from sales_operations.process import SalesProcessAutomator
from sales_operations.store import history, tables


def verified(workspace) -> list[str]:
    with workspace.reading() as connection:
        return [one.what for one in history.verify(connection)]


def deal_of(stores, external: str) -> str:
    [(deal,)] = stores.execute(
        "SELECT record_id FROM external_ids WHERE kind = 'opportunities' AND external_id = ?", external
    )
    return deal


def test_the_present_state_of_every_deal_is_what_its_events_give(business):
    asyncio.run(SalesProcessAutomator(business).automate_lead_to_opportunity("l1"))
    with business.reading() as connection:
        told = list(history.replayed(connection, chunk=2))
        assert history.verify(connection) == []
    assert len(told) == 4
    for row, state in told:
        assert state is not None
        assert (state["stage"], state["amount_minor"], state["name"]) == (row.stage, row.amount_minor, row.name)


def test_events_are_read_back_in_the_order_of_their_numbers_with_what_they_said(business, stores, clock):
    deal = deal_of(stores, "d3")
    for stage in ("closed_won", "negotiation"):
        clock.advance(days=1)
        asyncio.run(SalesProcessAutomator(business).automate_stage_transition(deal, stage))
    with business.reading() as connection:
        events = history.of_deals(connection, [deal])[deal]
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    assert [event.values.get("stage") for event in events][-2:] == ["closed_won", "negotiation"]
    assert events[-1].previous["stage"] == "closed_won"
    assert events[-1].occurred_at == events[-1].recorded_at == clock.micros


def test_history_is_only_ever_added_to(business, stores, clock):
    before = stores.execute("SELECT * FROM events ORDER BY seq")
    clock.advance(days=1)
    asyncio.run(SalesProcessAutomator(business).automate_stage_transition(deal_of(stores, "d3"), "closed_lost"))
    after = stores.execute("SELECT * FROM events ORDER BY seq")
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("order", [("opportunities", "history"), ("history", "opportunities")])
def test_state_and_history_may_be_imported_in_either_order(stores, bring, files, order):
    workspace = stores.open()
    for kind in ("users", "accounts", *order):
        bring(workspace, kind, files[kind])
    with workspace.reading() as connection:
        [row] = connection.execute(tables.opportunities.select().where(tables.opportunities.c.name.like("For%"))).all()
    assert (row.stage, row.amount_minor, row.close_date) == ("proposal", 100_000, "2027-01-31")
    assert verified(workspace) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE opportunities SET stage = 'lead' WHERE name = 'Other deal'", "stage"),
        ("UPDATE opportunities SET owner_id = NULL WHERE name = 'Other deal'", "owner_id"),
        ("UPDATE events SET amount_minor = 1 WHERE amount_minor = 20000", "amount_minor"),
        ("DELETE FROM events WHERE opportunity_id IN (SELECT id FROM opportunities WHERE name = 'Other deal')", "no history"),
        ("DELETE FROM opportunities WHERE name = 'Other deal'", "which is no deal"),
    ],
)  # fmt: skip
def test_a_state_that_does_not_follow_from_the_history_is_found(business, stores, statement, told):
    assert verified(business) == []
    stores.execute(statement)
    [what] = verified(business)
    assert told in what
